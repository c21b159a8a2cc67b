import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SimulatedClock } from '../../src/base/clock.ts'
import { encodeEvent } from '../../src/protocol/codec.ts'
import type { DurableNotice, LiveBatch, LiveFrame } from '../../src/protocol/thread-messages.ts'
import { BatchPlayer } from '../../src/replay/batch-player.ts'
import { splitByTime } from '../../src/replay/part.ts'
import { Pictures } from '../../src/replay/pictures.ts'
import { Selection } from '../../src/replay/selection.ts'
import type { Batch, LogReader } from '../../src/store/event-log.ts'
import { openMemoryLog } from '../../src/store/memory-log.ts'
import { PortSender } from '../../src/streams/port.ts'
import { turns } from '../actors/fake-endpoint.ts'
import { contribution, declarations, frame, metric, pixelsOf, step } from '../store/records.ts'
import { fakePortPair } from '../streams/fake-ports.ts'

/** A batch of one small event at each of the times. */
function batchAt(times: readonly number[]): Batch {
  const records = Buffer.concat(times.map((time, i) => encodeEvent(metric(i, i % 40), time)))
  const [firstTime = 0, lastTime = 0] = [times[0], times.at(-1)]
  return { firstSeq: 11, count: times.length, epoch: 2, firstTime, lastTime, records }
}

describe('a batch that is split by time', () => {
  const cases = fc.tuple(
    fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 1, maxLength: 60 }),
    fc.integer({ min: 0, max: 50 }),
  )

  test('is its parts one after the other, numbered without a gap', () => {
    fc.assert(
      fc.property(cases, ([times, span]) => {
        const batch = batchAt(times)
        const parts = [...splitByTime(batch, time => time, span)]
        expect(Buffer.compare(Buffer.concat(parts.map(part => part.records)), batch.records)).toBe(
          0,
        )
        expect(parts.reduce((sum, part) => sum + part.count, 0)).toBe(batch.count)
        let seq = batch.firstSeq
        for (const part of parts) {
          expect(part.firstSeq).toBe(seq)
          expect(part.count).toBeGreaterThan(0)
          seq += part.count
        }
      }),
    )
  })

  test('has parts that fall due with their first record and span no more than was allowed', () => {
    fc.assert(
      fc.property(cases, ([unsorted, span]) => {
        const times = unsorted.sort((a, b) => a - b)
        const parts = [...splitByTime(batchAt(times), time => time, span)]
        let at = 0
        for (const { due, count } of parts) {
          const own = times.slice(at, at + count)
          expect(due).toBe(own[0])
          expect(own.at(-1)! - due).toBeLessThanOrEqual(span)
          at += count
          if (at < times.length) expect(times[at]! - due).toBeGreaterThan(span)
        }
      }),
    )
  })

  test('is one part when all of it is due at once', () => {
    const batch = batchAt([1, 50, 9_999])
    const parts = [...splitByTime(batch, () => 7, 0)]
    expect(parts).toMatchObject([{ due: 7, firstSeq: 11, count: 3 }])
  })
})

/** A player of a log with these events, and what came out of it. */
async function play(
  act: (player: BatchPlayer, batch: Batch, reader: LogReader) => void,
  watched = true,
) {
  const log = await openMemoryLog()
  const events = [...declarations, step(1, 0), frame(1, 0), frame(1, 1), metric(5)]
  await log.writer.append(contribution(events, 1)).durable
  const [live, frames, durable] = [
    outlet<LiveBatch>(),
    outlet<LiveFrame>(),
    outlet<DurableNotice>(),
  ]
  const pictures = new Pictures(log.reader(), '/nonexistent')
  const player = new BatchPlayer(log.reader(), pictures, {
    ...(watched ? { viewers: { live: live.sender, frames: frames.sender } } : {}),
    durable: durable.sender,
  })
  const [batch] = [...log.reader().batches({ fromSeq: 1 })]
  act(player, batch!, log.reader())
  return {
    ...{ live: await live.taken(), frames: await frames.taken(), durable: await durable.taken() },
    batch: batch!,
  }
}

function outlet<T>() {
  const sender = new PortSender<T>(
    { name: 'player.x', policy: { kind: 'drop-oldest' }, countMax: 100, bytesMax: 1e6 },
    { clock: new SimulatedClock(), sizeOf: () => 1 },
  )
  const [near, far] = fakePortPair()
  sender.attach(near)
  return {
    sender,
    async taken(): Promise<T[]> {
      const items: T[] = []
      far.on('message', message => items.push(...(message as { items: T[] }).items))
      await turns(2)
      while (far.deliver()) {}
      return items
    },
  }
}

describe('a player of batches (invariant 6)', () => {
  test('shows what the recorder showed, under its own mode, and lets the followers read as far', async () => {
    const shown = await play((player, batch) => player.show(2, batch, 'replay'))
    const { records } = shown.batch
    expect(shown.live).toEqual([
      {
        ...{ epoch: 2, firstSeq: 1, count: 6, records: new Uint8Array(records), mode: 'replay' },
        layouts: declarations.map(({ type: _, ...layout }) => layout),
      },
    ])
    expect(shown.durable).toEqual([{ epoch: 2, seq: 6 }])
  })

  test('says what was declared whenever whoever takes it starts over', async () => {
    const { live } = await play((player, batch) => {
      const later = { ...batch, firstSeq: 7 }
      player.recall([{ ...batch, epoch: 1, mode: 'live' }])
      player.show(1, later, 'live')
      player.show(2, { ...later, firstSeq: 13 }, 'live')
      player.show(2, { ...later, firstSeq: 19 }, 'replay')
      player.show(2, batch, 'replay')
      player.show(2, later, 'replay')
    })
    const told = live.map(({ layouts }) => layouts?.length)
    const all = declarations.length
    // What is recalled brings its own.
    expect(told).toEqual([undefined, undefined, all, all, all, undefined])
  })

  test('recalls what followers have read already, without frames', async () => {
    const { live, frames, durable } = await play((player, batch) => {
      player.recall([{ ...batch, epoch: 1, mode: 'live' }])
    })
    expect([live.length, frames, durable]).toEqual([1, [], []])
  })

  test('shows the newest frame of each camera with its pixels', async () => {
    const { frames } = await play((player, batch) => player.show(1, batch, 'live'))
    expect(frames).toEqual([
      {
        ...{ agent: 'agent-0', camera: 'main', episode: 1, step: 1, index: 1, width: 8, height: 4 },
        ...{ format: 'rgb8', time: 1_004, mode: 'live', pixels: pixelsOf(1) },
      },
    ])
  })

  test('moves no follower when it shows a selection, and shows nothing when nobody watches', async () => {
    const select = (episodes: readonly number[]) =>
      play((player, batch, reader) => {
        player.showSelected(1, batch, 'checkpoint', new Selection(reader, episodes))
      })
    const shown = await select([1])
    expect(shown.live.map(({ count }) => count)).toEqual([6])
    expect(shown.durable).toEqual([])
    // What is of no episode stays.
    expect((await select([2])).live.reduce((sum, { count }) => sum + count, 0)).toBe(3)
    const unwatched = await play((player, batch) => player.show(1, batch, 'replay'), false)
    expect([unwatched.live, unwatched.frames]).toEqual([[], []])
    expect(unwatched.durable).toEqual([{ epoch: 1, seq: 6 }])
  })
})
