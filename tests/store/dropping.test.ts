// Pixels that are to go: which ones, in how many transactions, and what closing leaves to the next.
import { expect, test } from 'vitest'
import { SimulatedClock } from '../../src/base/clock.ts'
import { encodeEvent, Layouts } from '../../src/protocol/codec.ts'
import type { Event, EventOf } from '../../src/protocol/events.ts'
import type { FrameDrop } from '../../src/protocol/frame-drop.ts'
import { dropNotes } from '../../src/store/dropping.ts'
import type { Contribution, LogReader } from '../../src/store/event-log.ts'
import { readPrunedBefore } from '../../src/store/log-state.ts'
import { openMemoryLog } from '../../src/store/memory-log.ts'
import { MemoryStorage } from '../../src/store/memory-storage.ts'
import { contribution, declarations, frame, frameLayout, metric, pixelsOf } from './records.ts'

const wristLayout = { ...frameLayout, layout: 3, camera: 'wrist' }
const wrist = (episode: number, index: number) => ({
  ...(frame(episode, index) as EventOf<'frame_captured'>),
  camera: 'wrist',
})
/** Of both cameras. */
const bothCameras = (events: readonly Event[], position: number): Contribution => {
  const layouts = new Layouts([frameLayout, wristLayout])
  const frames = events.flatMap((event, index) =>
    event.type === 'frame_captured' ? { index, bytes: pixelsOf(event.index) } : [],
  )
  const records = Buffer.concat(events.map(event => encodeEvent(event, 1_000, layouts)))
  return { producer: 'trainer:test', position, records, count: events.length, frames }
}

const heldOf = (reader: LogReader, count: number): number[] =>
  Array.from({ length: count }, (_, i) => i + 1).filter(seq => reader.hasFrame(seq))

/** A log of so many frames of episode 1 behind the layouts: events 3 and on. */
async function framesLog(count: number, beforeCommit?: (commit: number) => Promise<void>) {
  const clock = new SimulatedClock()
  const options = {
    clock,
    durability: 'sync',
    faults: beforeCommit ? { beforeCommit } : {},
  } as const
  const log = await openMemoryLog(options)
  const frames = Array.from({ length: count }, (_, i) => frame(1, i))
  await log.writer.append(contribution([...declarations, ...frames], 1)).durable
  return { ...log, clock }
}

test('G4 of one camera of an episode the frames go, those of another stay', async () => {
  const { writer, reader } = await openMemoryLog({ durability: 'sync' })
  const layouts = [...declarations, { type: 'layout_declared', ...wristLayout } as const]
  const frames = [frame(1, 0), wrist(1, 1), metric(1), wrist(2, 2), frame(1, 3), wrist(1, 4)]
  writer.append(bothCameras(layouts, 1))
  await writer.append(bothCameras(frames, 2)).durable
  expect(heldOf(reader(), 9)).toEqual([4, 5, 7, 8, 9])
  const drop = { episode: 1, camera: 'wrist', fromSeq: 1, toSeq: 9 }
  expect(await writer.dropFrames(drop)).toBe(2)
  expect(heldOf(reader(), 9)).toEqual([4, 7, 8])
  expect(await writer.dropFrames({ ...drop, episode: 2, camera: 'main' })).toBe(0)
  expect(await writer.dropFrames({ episode: 1, fromSeq: 5, toSeq: 9 })).toBe(1)
  expect(heldOf(reader(), 9)).toEqual([4, 7])
  await writer.close()
})

test('G4 both ends of a range belong to it, and event `beforeSeq` does not', async () => {
  const { writer, reader, disk } = await framesLog(8)
  expect(await writer.dropFrames({ episode: 1, fromSeq: 4, toSeq: 5 })).toBe(2)
  expect(heldOf(reader(), 10)).toEqual([3, 6, 7, 8, 9, 10])
  expect(await writer.dropFrames({ beforeSeq: 8 })).toBe(3)
  expect(heldOf(reader(), 10)).toEqual([8, 9, 10])
  expect(readPrunedBefore(new MemoryStorage(disk))).toBe(8)
  await writer.close()
})

test('a frame that two ask for at once is counted by the first', async () => {
  const { writer, reader } = await framesLog(8)
  const episode = writer.dropFrames({ episode: 1, fromSeq: 4, toSeq: 6 })
  const before = writer.dropFrames({ beforeSeq: 9 })
  expect([await episode, await before]).toEqual([3, 3])
  expect(heldOf(reader(), 10)).toEqual([9, 10])
  await writer.close()
})

test('what is dropped takes 64 frames a transaction, and commits of what is new come in between', async () => {
  const commits: string[] = []
  let appended = 0
  const { writer } = await framesLog(150, async commit => {
    commits.push(`${commit}`)
    // While the first frames go something new comes.
    if (commit === 2) writer.append(contribution([metric(1)], 2 + appended++))
  })
  const counts: number[] = []
  const follow = writer.onDurable(({ seq }) => counts.push(seq))
  const first = writer.dropFrames({ episode: 1, fromSeq: 3, toSeq: 102 })
  const second = writer.dropFrames({ episode: 1, fromSeq: 103, toSeq: 152 })
  expect([await first, await second]).toEqual([100, 50])
  await writer.flush()
  expect(counts).toEqual([153])
  // The frames of events 3 to 66, what is new, and then all others of both in two more.
  expect(commits).toEqual(['1', '2', '3', '4', '5'])
  follow()
  await writer.close()
})

test('who asked hears of a failure, and so does who asks after it', async () => {
  const { writer } = await framesLog(3, commit =>
    commit > 1 ? Promise.reject(new Error('EIO')) : Promise.resolve(),
  )
  const drop: FrameDrop = { beforeSeq: 10 }
  const asked = [writer.dropFrames(drop), writer.dropFrames(drop)]
  for (const one of asked) await expect(one).rejects.toMatchObject({ code: 'LOG_FAILED' })
  await expect(writer.dropFrames(drop)).rejects.toMatchObject({ code: 'LOG_FAILED' })
  await writer.close()
})

test('G4 closing drops for a second and leaves what is noted to the next writer', async () => {
  const { writer, disk, clock, reader } = await framesLog(300, async commit => {
    // The note, and then as many frames as fit in a second.
    if (commit > 2) clock.advance(600)
  })
  const drops = [{ episode: 1, fromSeq: 1, toSeq: 302 }]
  writer.append({ ...contribution([metric(1)], 2), drops })
  await writer.close()
  const left = heldOf(reader(), 302).length
  expect(left).toBe(300 - 2 * 64)
  const next = await openMemoryLog({ disk })
  await next.writer.close()
  expect(heldOf(next.reader(), 302)).toEqual([])
  // It is crossed out.
  expect(dropNotes(new MemoryStorage(disk))).toEqual([])
})

test('each drop that is asked for has a note of its own until it is done', async () => {
  const { writer, disk } = await framesLog(3, commit =>
    commit > 2 ? Promise.reject(new Error('EIO')) : Promise.resolve(),
  )
  const episode = { episode: 1, fromSeq: 3, toSeq: 3 }
  const drops = [episode, { ...episode, fromSeq: 4 }, { beforeSeq: 3 }, { beforeSeq: 4 }, episode]
  await writer.append({ ...contribution([metric(1)], 2), drops }).durable
  await writer.close()
  expect(dropNotes(new MemoryStorage(disk))).toHaveLength(4)
  await (await openMemoryLog({ disk })).writer.close()
  expect(dropNotes(new MemoryStorage(disk))).toEqual([])
})

test('closing waits for what somebody asked to go, however long that takes', async () => {
  const { writer, clock } = await framesLog(200, async commit => {
    if (commit > 1) clock.advance(600)
  })
  const dropped = writer.dropFrames({ episode: 1, fromSeq: 1, toSeq: 202 })
  await writer.close()
  expect(await dropped).toBe(200)
})
