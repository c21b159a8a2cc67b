// One endless sequence of events for every campaign of the log: event n of the log must be event n
// of the sequence, byte for byte and pixel for pixel. A writer that starts again goes on where the
// log ends, so the rule holds over any number of deaths, and any log can be judged by itself.
import { crc32 } from '../../src/base/checksum.ts'
import { encodeEvent, Layouts } from '../../src/protocol/codec.ts'
import type { Event, FrameLayout } from '../../src/protocol/events.ts'
import type { Contribution } from '../../src/store/event-log.ts'
import { step, stepLayout } from '../store/records.ts'

/** `steps`: small events only. `frames`: every second event is a frame of 60 kB. */
export type Workload = 'steps' | 'frames'

/** The producer whose position in the log is the number of its last event. */
export const PRODUCER = 'trainer:campaign'

const frameLayout: FrameLayout = {
  kind: 'frame',
  layout: 2,
  agent: stepLayout.agent,
  camera: 'main',
  width: 200,
  height: 100,
  format: 'rgb8',
}
const PIXEL_BYTES = frameLayout.width * frameLayout.height * 3
const layouts = new Layouts([stepLayout, frameLayout])

/** Pixels that differ for every `seq`, and from every other byte of the log. */
export function pixelsAt(seq: number): Uint8Array {
  const pixels = new Uint8Array(PIXEL_BYTES).fill(0x80 | (seq & 0x7f))
  new DataView(pixels.buffer).setFloat64(0, seq)
  return pixels
}

/** Event `seq` of the sequence, counted from 1. */
export function eventAt(workload: Workload, seq: number): Event {
  if (seq === 1) return { type: 'layout_declared', ...stepLayout }
  if (seq === 2) return { type: 'layout_declared', ...frameLayout }
  if (workload === 'steps' || seq % 2 === 1) return step(1, seq)
  const { agent, camera, width, height, format } = frameLayout
  return {
    type: 'frame_captured',
    agent,
    camera,
    episode: 1,
    step: seq,
    index: seq / 2,
    width,
    height,
    format,
    byteLength: PIXEL_BYTES,
    crc: crc32(pixelsAt(seq)),
  }
}

/** The bytes of `count` events from `firstSeq` on, as the log keeps them. */
export function recordsAt(workload: Workload, firstSeq: number, count: number): Uint8Array {
  const records: Uint8Array[] = []
  for (let seq = firstSeq; seq < firstSeq + count; seq++) {
    records.push(encodeEvent(eventAt(workload, seq), seq, layouts))
  }
  return Buffer.concat(records)
}

/** `count` events from `firstSeq` on, to be appended to a log that ends at `firstSeq - 1`. */
export function contributionAt(
  workload: Workload,
  firstSeq: number,
  count: number,
): Contribution & { readonly frames: { readonly index: number; readonly bytes: Uint8Array }[] } {
  const frames: { index: number; bytes: Uint8Array }[] = []
  for (let index = 0; index < count; index++) {
    const seq = firstSeq + index
    if (eventAt(workload, seq).type !== 'frame_captured') continue
    frames.push({ index, bytes: pixelsAt(seq) })
  }
  return {
    producer: PRODUCER,
    position: firstSeq + count - 1,
    records: recordsAt(workload, firstSeq, count),
    count,
    frames,
  }
}
