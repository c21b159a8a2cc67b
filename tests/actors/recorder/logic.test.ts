import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Intake, IntakeBuffer } from '../../../src/actors/recorder/logic.ts'
import { crc32 } from '../../../src/base/checksum.ts'
import {
  decodeRecord,
  encodeEvent,
  FRAME_HEADER_BYTES,
  Layouts,
  RECORD_HEADER_BYTES,
  readRecord,
  recordTag,
  tagOf,
} from '../../../src/protocol/codec.ts'
import type { Event } from '../../../src/protocol/events.ts'
import {
  declarations,
  episodeBegan,
  episodeEnded,
  frame,
  frameLayout,
  metric,
  pixelsOf,
  step,
  stepLayout,
} from '../../store/records.ts'

const layouts = new Layouts([stepLayout, frameLayout])

/** A record as it lies in the ring: its tag and its body; a frame's pixels behind its header. */
interface RingRecord {
  readonly tag: number
  readonly body: Uint8Array
}

function inRing(event: Event, time = 1_000): RingRecord {
  const record = encodeEvent(event, time, layouts)
  const { kind, version, bodyLength } = readRecord(record, 0)
  const body = record.slice(RECORD_HEADER_BYTES, RECORD_HEADER_BYTES + bodyLength)
  return { tag: recordTag(kind, version), body }
}

/** Its checksum is the recorder's to find. */
function frameInRing(episode: number, index: number, pixels: Uint8Array): RingRecord {
  const { tag, body } = inRing(frame(episode, index, pixels))
  new DataView(body.buffer).setUint32(28, 0, true)
  return { tag, body: Buffer.concat([body, pixels]) }
}

/** Adds the record from somewhere within a larger buffer, where nothing but pixels stays. */
function add(intake: IntakeBuffer, { tag, body }: RingRecord): void {
  const ring = new Uint8Array(body.byteLength + 32).fill(0xee)
  ring.set(body, 16)
  intake.add(ring, tag, 16, body.byteLength)
  const copied = tag === tagOf('frame_captured') ? FRAME_HEADER_BYTES : body.byteLength
  ring.fill(0xdd, 0, 16 + copied)
}

function eventsOf(intake: Intake, known = new Layouts([stepLayout, frameLayout])): Event[] {
  const events: Event[] = []
  for (let at = 0; at < intake.records.byteLength; ) {
    const record = readRecord(intake.records, at)
    events.push(decodeRecord(intake.records, record, known).event)
    at = record.end
  }
  return events
}

describe('what the recorder takes in', () => {
  test('is the bytes that would have been written, whatever the order of kinds and sizes', () => {
    const events = fc.array(
      fc.oneof(
        fc.nat(1000).map(i => step(1, i)),
        fc.tuple(fc.nat(1000), fc.nat(200)).map(([value, padding]) => metric(value, padding)),
        fc.nat(1000).map(episodeBegan),
      ),
      { maxLength: 60, size: 'max' },
    )
    fc.assert(
      fc.property(events, history => {
        // A first buffer that is too small has to grow on the way; then it is used again.
        const intake = new IntakeBuffer(new Layouts(), 64)
        for (const events of [history, history.toReversed()]) {
          for (const event of events) add(intake, inRing(event))
          const { records, count } = intake.take()
          const expected = Buffer.concat(events.map(event => encodeEvent(event, 1_000, layouts)))
          expect(Buffer.compare(records, expected)).toBe(0)
          expect(count).toBe(history.length)
        }
      }),
    )
  })

  test('has the pixels of frames apart, under their place, with their checksum in the record', () => {
    const intake = new IntakeBuffer(new Layouts([frameLayout]))
    const [first, second] = [pixelsOf(0), pixelsOf(1)]
    add(intake, inRing(metric(1)))
    add(intake, frameInRing(1, 0, first))
    add(intake, inRing(step(1, 0)))
    add(intake, frameInRing(1, 1, second))
    expect(intake.bytes).toBeGreaterThan(first.byteLength + second.byteLength)
    const taken = intake.take()
    expect(taken.frames).toEqual([
      { index: 1, bytes: first, crc: crc32(first) },
      { index: 3, bytes: second, crc: crc32(second) },
    ])
    expect(eventsOf(taken)).toEqual([metric(1), frame(1, 0), step(1, 0), frame(1, 1)])
    expect(frame(1, 1)).toMatchObject({ crc: crc32(second) })
    const header = readRecord(taken.records, readRecord(taken.records, 0).end)
    expect(header.bodyLength).toBe(FRAME_HEADER_BYTES)
  })

  test('shows the newest frame of every camera', () => {
    const other = { ...frameLayout, layout: 9, camera: 'wrist' }
    const intake = new IntakeBuffer(new Layouts([frameLayout, other]))
    add(intake, frameInRing(1, 0, pixelsOf(0)))
    const wrist = frameInRing(1, 0, pixelsOf(5))
    new DataView(wrist.body.buffer, wrist.body.byteOffset).setUint16(8, 9, true)
    add(intake, wrist)
    add(intake, frameInRing(1, 1, pixelsOf(1)))
    expect(intake.take().newestFrames).toMatchObject([
      { layout: frameLayout, time: 1_000, episode: 1, step: 1, index: 1, pixels: pixelsOf(1) },
      { layout: other, index: 0, pixels: pixelsOf(5) },
    ])
  })

  test('G12 is awaited when an episode that has frames is over, and no other time', () => {
    const intake = new IntakeBuffer(new Layouts([frameLayout]))
    const isAwaited = (...records: readonly RingRecord[]): boolean => {
      for (const record of records) add(intake, record)
      return intake.take().isAwaited
    }
    expect(isAwaited(inRing(episodeBegan(1)), inRing(step(1, 0)))).toBe(false)
    expect(isAwaited(inRing(episodeEnded(1)))).toBe(false)
    expect(isAwaited(frameInRing(2, 0, pixelsOf(0)))).toBe(false)
    expect(isAwaited(inRing(metric(1)), inRing(episodeEnded(2)))).toBe(true)
    expect(isAwaited(inRing(episodeEnded(3)))).toBe(false)
    expect(isAwaited(frameInRing(4, 0, pixelsOf(0)), inRing(episodeEnded(4)))).toBe(true)
  })

  test('keeps frames of a layout that it never saw, and does not show them', () => {
    const intake = new IntakeBuffer(new Layouts())
    add(intake, frameInRing(1, 0, pixelsOf(0)))
    const { frames, newestFrames } = intake.take()
    expect(frames.length).toBe(1)
    expect(newestFrames).toEqual([])
  })

  test('teaches it the layouts that are declared', () => {
    const known = new Layouts()
    const intake = new IntakeBuffer(known)
    for (const event of declarations) add(intake, inRing(event))
    expect(known.all()).toMatchObject([stepLayout, frameLayout])
    add(intake, frameInRing(1, 0, pixelsOf(0)))
    expect(intake.take().newestFrames).toMatchObject([{ layout: frameLayout }])
  })

  test('is handed over once, and stays as it was while more is taken in', () => {
    const intake = new IntakeBuffer(new Layouts([frameLayout]), 64)
    add(intake, inRing(step(1, 0)))
    add(intake, frameInRing(1, 0, pixelsOf(0)))
    const first = intake.take()
    const before = { records: first.records.slice(), frames: structuredClone(first.frames) }
    expect([intake.count, intake.bytes]).toEqual([0, 0])
    expect(intake.take()).toMatchObject({ count: 0, frames: [], newestFrames: [] })
    for (let i = 0; i < 50; i++) add(intake, inRing(metric(i, 100)))
    expect(first.records).toEqual(before.records)
    expect(first.frames).toEqual(before.frames)
    expect(eventsOf(intake.take()).length).toBe(50)
  })

  test('is no larger in memory than it is: a message that carries it copies the whole buffer', () => {
    const intake = new IntakeBuffer(new Layouts())
    add(intake, inRing(step(1, 0)))
    const { records } = intake.take()
    expect(records.buffer.byteLength).toBe(records.byteLength)
  })

  test('of the future is taken in as it is', () => {
    const body = new Uint8Array(13).fill(3)
    const intake = new IntakeBuffer(new Layouts())
    add(intake, { tag: recordTag(999, 7), body })
    const { records } = intake.take()
    expect(readRecord(records, 0)).toMatchObject({ kind: 999, version: 7, bodyLength: 13 })
    expect(records.subarray(8)).toEqual(new Uint8Array(16).fill(3, 0, 13))
    expect(tagOf('step_taken')).not.toBe(recordTag(999, 7))
  })
})
