// Salvaging: which of the batches in a damaged file are the log, and what becomes of all the rest.
// That every damage is met is tested by thousands of them in tests/durability/damage.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { seqKey } from '../../src/store/keys.ts'
import { LmdbStorage } from '../../src/store/lmdb-storage.ts'
import { MemoryDisk } from '../../src/store/memory-storage.ts'
import { dataFile, logDirectory, openLog, openLogReader } from '../../src/store/open-log.ts'
import { PageFile } from '../../src/store/page-file.ts'
import { recoverLog } from '../../src/store/recover.ts'
import { fillStorage, salvageLog } from '../../src/store/salvage.ts'
import { planSalvage } from '../../src/store/salvage-plan.ts'
import type { Findings, FoundBatch, FoundValue } from '../../src/store/scan.ts'
import { verifyLog } from '../../src/store/verify.ts'
import { Wreck } from '../../src/store/wreck.ts'
import { EndingStorage, ended, superseded } from './ending-storage.ts'
import {
  contribution,
  declarations,
  episodeBegan,
  episodeEnded,
  frame,
  metric,
  pixelsOf,
  step,
} from './records.ts'
import { withRunDirectory } from './run-directory.ts'

/** Events from `first` to `last`, a batch each; their values begin with `value`. */
async function appendMetrics(dir: string, first: number, last: number, value = 0): Promise<void> {
  const { writer } = await openLog(dir, { durability: 'sync' })
  for (let seq = first; seq <= last; seq++) {
    await writer.append(contribution([metric(value + seq)], seq, `life-${writer.epoch}`)).durable
  }
  await writer.close()
}

async function changed(dir: string, change: (storage: LmdbStorage) => Promise<unknown>) {
  const storage = new LmdbStorage(logDirectory(dir))
  await change(storage)
  await storage.close()
}

const flipBatch = (dir: string, seq: number): Promise<void> =>
  changed(dir, async storage => {
    const value = storage.get('events', seqKey(seq))!
    value[60]! ^= 1
    await storage.commit(storage.epoch(), [{ table: 'events', key: seqKey(seq), value }])
  })

function valuesIn(dir: string): number[] {
  const reader = openLogReader(dir)
  const events = [...reader.events({ fromSeq: 1 })].map(({ event }) => event)
  void reader.close()
  return events.flatMap(event => (event.type === 'metrics_sampled' ? event.globalStep : []))
}

const upTo = (last: number, value = 0): number[] =>
  Array.from({ length: last }, (_, index) => value + index + 1)

describe('salvage', () => {
  test(
    'P6 G9 takes over what is whole before the damage, and tells what is not',
    withRunDirectory(async dir => {
      await appendMetrics(dir, 1, 20)
      await flipBatch(dir, 12)
      const before = readFileSync(dataFile(dir))
      const into = join(dir, 'new')
      expect(await salvageLog(dir, into)).toMatchObject({
        lastSeq: 11,
        skipped: [
          { fromSeq: 12, toSeq: 12, whole: false },
          { fromSeq: 13, toSeq: 20, whole: true },
        ],
      })
      expect(valuesIn(into)).toEqual(upTo(11))
      expect(await verifyLog(into)).toMatchObject({ ok: true, lastSeq: 12 })
      expect(readFileSync(dataFile(dir))).toEqual(before)
      const { writer, report } = await openLog(into)
      expect(report).toMatchObject({ lastSeq: 12, cleanClose: true, epoch: 3 })
      await writer.close()
    }),
  )

  test(
    'P6 what was cut in an earlier life stays cut, also when nothing was written since',
    withRunDirectory(async dir => {
      await appendMetrics(dir, 1, 20)
      await flipBatch(dir, 12)
      await recoverLog(dir, { cutAtDamage: true })
      expect(await salvageLog(dir, join(dir, 'new'))).toMatchObject({ lastSeq: 11, skipped: [] })
      await appendMetrics(dir, 12, 20, 500)
      expect(await salvageLog(dir, join(dir, 'newer'))).toMatchObject({ lastSeq: 20, skipped: [] })
      expect(valuesIn(join(dir, 'newer'))).toEqual([...upTo(11), ...upTo(20, 500).slice(11)])
    }),
  )

  test(
    'P6 a whole batch of an earlier life in the place of a later one is damage for every reader',
    withRunDirectory(async dir => {
      await appendMetrics(dir, 1, 20)
      let earlier: Uint8Array | undefined
      await changed(dir, async storage => {
        earlier = storage.get('events', seqKey(12))!
      })
      await flipBatch(dir, 12)
      await recoverLog(dir, { cutAtDamage: true })
      await appendMetrics(dir, 12, 20, 500)
      await changed(dir, storage =>
        storage.commit(storage.epoch(), [
          { table: 'events', key: seqKey(12), ...(earlier && { value: earlier }) },
        ]),
      )
      const reader = openLogReader(dir)
      const damaged = expect.objectContaining({ code: 'LOG_CORRUPT' })
      expect([...reader.events({ fromSeq: 1, toSeq: 11 })]).toHaveLength(11)
      expect(() => [...reader.events({ fromSeq: 12, toSeq: 12 })]).toThrow(damaged)
      expect(() => [...reader.events({ fromSeq: 1, toSeq: 12, reverse: true })]).toThrow(damaged)
      expect([...reader.events({ fromSeq: 13 })]).toHaveLength(8)
      await reader.close()
      expect(await verifyLog(dir)).toMatchObject({ ok: false, lastGoodSeq: 11 })
      expect(await salvageLog(dir, join(dir, 'new'))).toMatchObject({ lastSeq: 11 })
    }),
  )

  test(
    'P6 pixels that are damaged are given up, told, and no fault of the new log',
    withRunDirectory(async dir => {
      const { writer } = await openLog(dir, { durability: 'sync' })
      await writer.append(contribution([...declarations, episodeBegan(1)], 1)).durable
      for (let i = 0; i < 4; i++) {
        await writer.append(contribution([frame(1, i), step(1, i)], i + 2)).durable
      }
      await writer.close()
      const bytes = readFileSync(dataFile(dir))
      const pixels = pixelsOf(1)
      // Leaves that were given up hold them too, and a salvage would find them there.
      for (let at = bytes.indexOf(pixels); at >= 0; at = bytes.indexOf(pixels)) bytes[at]! ^= 1
      writeFileSync(dataFile(dir), bytes)
      const into = join(dir, 'new')
      expect(await salvageLog(dir, into)).toMatchObject({ lastSeq: 11, frames: 3, framesLost: 1 })
      expect(await verifyLog(into)).toMatchObject({ ok: true, frames: 3, prunedFrames: 1 })
      const reader = openLogReader(into)
      expect([4, 6, 8].map(seq => reader.frame(seq))).toEqual([pixelsOf(0), undefined, pixelsOf(2)])
      expect([...reader.events({ fromSeq: 12 })][0]?.event).toMatchObject({
        type: 'salvaged',
        lostFrames: [{ fromSeq: 6, toSeq: 6 }],
      })
      await reader.close()
    }),
  )

  test(
    'rows of episodes whose end is behind the damage are not taken over; positions end with it',
    withRunDirectory(async dir => {
      const { writer } = await openLog(dir, { durability: 'sync' })
      const row = (episode: number) => ({ episode, bytes: new Uint8Array([episode]) })
      const events = [episodeBegan(1), episodeEnded(1), episodeBegan(2), episodeEnded(2)]
      for (const [i, event] of events.entries()) {
        const rows = event.type === 'episode_ended' ? [row(event.episode)] : []
        await writer.append({ ...contribution([event], i + 1, 'aggregator'), rows }).durable
      }
      await writer.close()
      await flipBatch(dir, 4)
      const into = join(dir, 'new')
      await salvageLog(dir, into)
      const reader = openLogReader(into)
      expect(reader.episodeRows({ limit: 9 })).toEqual([row(1)])
      expect(reader.position('aggregator')).toBe(3)
      await reader.close()
    }),
  )

  test(
    'P6 G9 a salvage of which any transaction fails, the last one too, fails',
    withRunDirectory(async dir => {
      await appendMetrics(dir, 1, 3)
      const file = PageFile.open(dataFile(dir))!
      const fill = (storage: EndingStorage): ReturnType<typeof fillStorage> =>
        fillStorage(storage, new Wreck(file), systemClock)
      const whole = new EndingStorage(new MemoryDisk(), Number.POSITIVE_INFINITY, ended)
      expect(await fill(whole)).toMatchObject({ lastSeq: 3 })
      for (let endsAt = 1; endsAt <= whole.commits; endsAt++) {
        const failing = new EndingStorage(new MemoryDisk(), endsAt, ended)
        await expect(fill(failing), `transaction ${endsAt}`).rejects.toThrow('the process ended')
      }
      const late = new EndingStorage(new MemoryDisk(), 1, superseded)
      await expect(fill(late)).rejects.toMatchObject({ code: 'LOG_LOCKED' })
      file.close()
    }),
  )

  test(
    'a log without an event, and a file that is none, are refused, and nothing is made',
    withRunDirectory(async dir => {
      const { writer } = await openLog(dir)
      await writer.close()
      const code = 'LOG_CORRUPT'
      await expect(salvageLog(dir, join(dir, 'new'))).rejects.toMatchObject({ code })
      const text = join(dir, 'text')
      mkdirSync(logDirectory(text), { recursive: true })
      writeFileSync(dataFile(text), 'RCB1'.repeat(5000))
      await expect(salvageLog(text, join(dir, 'new'))).rejects.toMatchObject({ code })
      await expect(salvageLog(join(dir, 'new'), dir)).rejects.toThrow()
      await expect(openLog(join(dir, 'new'))).resolves.toMatchObject({ report: { created: true } })
    }),
  )
})

const batch = (firstSeq: number, crc: number, previousCrc: number, epoch = 1): FoundBatch => ({
  ...{ firstSeq, lastSeq: firstSeq + 9, epoch, crc, previousCrc },
  ...{ offset: crc * 100, bytes: 10, transaction: crc },
})

function findings(batches: FoundBatch[], places: [number, FoundValue][] = []): Findings {
  const bySeq = Map.groupBy(batches, ({ firstSeq }) => firstSeq)
  const byPlace = places.map(([seq, place]) => [seq, [place]] as const)
  return { batches: bySeq, places: new Map(byPlace), values: new Map(), unfinished: 1000 }
}

const planned = (...args: Parameters<typeof planSalvage>): number[] =>
  planSalvage(...args).batches.map(({ crc }) => crc)

describe('the plan of a salvage', () => {
  const log = [batch(1, 1, 0), batch(11, 2, 1), batch(21, 3, 2)]

  test('follows the chain from the first event on', () => {
    expect(planned(findings(log), undefined, undefined)).toEqual([1, 2, 3])
    expect(planned(findings(log.slice(1)), undefined, undefined)).toEqual([])
    expect(planned(findings([log[0]!, log[2]!]), undefined, undefined)).toEqual([1])
  })

  test('of two batches with one number takes the one of the later life', () => {
    const later = batch(11, 5, 1, 2)
    expect(planned(findings([...log, later]), undefined, undefined)).toEqual([1, 5])
  })

  test('takes none of an earlier life when the later one is broken, but has a successor', () => {
    expect(planned(findings([...log, batch(21, 6, 5, 2)]), undefined, undefined)).toEqual([1])
  })

  test('takes none that a leaf has replaced since', () => {
    const place = { offset: 99, bytes: 10, transaction: 7 }
    expect(planned(findings(log, [[11, place]]), undefined, undefined)).toEqual([1])
    const own = { offset: 200, bytes: 10, transaction: 7 }
    expect(planned(findings(log, [[11, own]]), undefined, undefined)).toEqual([1, 2, 3])
  })

  test('takes none of a transaction that was never finished', () => {
    const unfinished = { ...findings(log), unfinished: 3 }
    expect(planned(unfinished, undefined, undefined)).toEqual([1, 2])
  })

  test('ends where the log was cut, and tells of nothing behind that', () => {
    const head = { lastSeq: 20, lastBatch: 11, crc: 2, clean: true }
    expect(planned(findings(log), head, 1)).toEqual([1, 2, 3])
    expect(planSalvage(findings(log), head, 2)).toMatchObject({ lastSeq: 20, skipped: [] })
  })

  test('tells what is missing up to the end that the log says', () => {
    const head = { lastSeq: 35, lastBatch: 31, crc: 4, clean: true }
    const gap = findings([log[0]!, log[2]!])
    expect(planSalvage(gap, head, 1).skipped).toEqual([
      { fromSeq: 11, toSeq: 20, whole: false },
      { fromSeq: 21, toSeq: 30, whole: true },
      { fromSeq: 31, toSeq: 35, whole: false },
    ])
  })
})
