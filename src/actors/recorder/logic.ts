// The recorder's intake: records as they lie in the ring become one contribution to the log.
// Records are copied as they are; a frame's checksum goes into its record, and its pixels stay in the
// ring until the log has its copy.
import { alignUp } from '../../base/bytes.ts'
import { crc32 } from '../../base/checksum.ts'
import {
  decodeRecord,
  encodeEvent,
  FRAME_HEADER_BYTES,
  type Layouts,
  RECORD_HEADER_BYTES,
  readRecord,
  recordTag,
  tagKind,
} from '../../protocol/codec.ts'
import { eventKinds, type FrameLayout } from '../../protocol/events.ts'
import type { Quarantined } from '../../protocol/quarantine.ts'
import type { FramePayload } from '../../store/event-log.ts'

/** A frame that was taken in, for those who want to look at the newest one. */
export interface TakenFrame {
  readonly layout: FrameLayout
  readonly time: number
  readonly episode: number
  readonly step: number
  readonly index: number
  /** In the ring. */
  readonly pixels: Uint8Array
}

/** What was taken in since the last time, ready to be appended. */
export interface Intake {
  readonly records: Uint8Array
  readonly count: number
  /** With pixels in the ring, which stay there until they are released. */
  readonly frames: readonly FramePayload[]
  readonly newestFrames: readonly TakenFrame[]
  /** An episode with frames has ended: its video can be finished. */
  readonly isAwaited: boolean
}

/** Stands in the log where the record would have been that no recorder could take in. */
export const quarantinedRecord = ({ error, deaths }: Quarantined, time: number): Uint8Array =>
  encodeEvent({ type: 'event_quarantined', actor: 'recorder', seq: null, error, deaths }, time)

/** Collects records in a buffer of its own; `take` hands over what it holds. */
export class IntakeBuffer {
  readonly #layouts: Layouts
  #bytes: Uint8Array
  #used = 0
  #count = 0
  #frameBytes = 0
  #frames: FramePayload[] = []
  readonly #newest = new Map<number, TakenFrame>()
  /** Frames have come since the last end of an episode. */
  #hasFrames = false
  #isAwaited = false

  /** `layouts` grows by those that are declared in what is taken in. */
  constructor(layouts: Layouts, initialBytes = 64 * 1024) {
    this.#layouts = layouts
    this.#bytes = new Uint8Array(initialBytes)
  }

  get count(): number {
    return this.#count
  }

  /** Bytes of records and of pixels that were taken in. */
  get bytes(): number {
    return this.#used + this.#frameBytes
  }

  /**
   * Takes in the record with this tag and the body at `bytes[offset .. offset + length]`, which is
   * to stay as it is until what was taken is appended.
   */
  add(bytes: Uint8Array, tag: number, offset: number, length: number): void {
    const kind = tagKind(tag)
    const isFrame = kind === eventKinds.frame_captured
    const bodyLength = isFrame ? FRAME_HEADER_BYTES : length
    const start = this.#used
    const end = start + RECORD_HEADER_BYTES + alignUp(bodyLength, 8)
    if (end > this.#bytes.byteLength) this.#grow(end)
    const view = new DataView(this.#bytes.buffer)
    view.setUint32(start, bodyLength, true)
    view.setUint32(start + 4, tag, true)
    const body = start + RECORD_HEADER_BYTES
    this.#bytes.set(bytes.subarray(offset, offset + bodyLength), body)
    this.#bytes.fill(0, body + bodyLength, end)
    this.#used = end
    if (isFrame) {
      this.#addFrame(view, body, bytes.subarray(offset + FRAME_HEADER_BYTES, offset + length))
    } else if (kind === eventKinds.layout_declared) {
      decodeRecord(this.#bytes, readRecord(this.#bytes.subarray(0, end), start), this.#layouts)
    } else if (kind === eventKinds.episode_ended && this.#hasFrames) {
      this.#isAwaited = true
      this.#hasFrames = false
    }
    this.#count++
  }

  /** Takes in a whole record (codec.ts) that is no frame. */
  addRecord(record: Uint8Array): void {
    const { kind, version, bodyOffset, bodyLength } = readRecord(record, 0)
    this.add(record, recordTag(kind, version), bodyOffset, bodyLength)
  }

  /** Everything since the last `take`; it is the caller's from now on. */
  take(): Intake {
    const intake = {
      // A copy of just that: a message that carries a view carries the whole buffer behind it.
      records: this.#bytes.slice(0, this.#used),
      count: this.#count,
      frames: this.#frames,
      newestFrames: [...this.#newest.values()],
      isAwaited: this.#isAwaited,
    }
    this.#isAwaited = false
    this.#used = 0
    this.#count = 0
    this.#frameBytes = 0
    this.#frames = []
    this.#newest.clear()
    return intake
  }

  #addFrame(view: DataView, body: number, pixels: Uint8Array): void {
    const crc = crc32(pixels)
    view.setUint32(body + 28, crc, true)
    this.#frames.push({ index: this.#count, bytes: pixels, crc })
    this.#frameBytes += pixels.byteLength
    this.#hasFrames = true
    const layout = this.#layouts.get(view.getUint16(body + 8, true))
    if (layout?.kind !== 'frame') return
    this.#newest.set(layout.layout, {
      layout,
      time: view.getFloat64(body, true),
      episode: view.getUint32(body + 12, true),
      step: view.getUint32(body + 16, true),
      index: view.getUint32(body + 20, true),
      pixels,
    })
  }

  #grow(bytes: number): void {
    const larger = new Uint8Array(Math.max(bytes, this.#bytes.byteLength * 2))
    larger.set(this.#bytes.subarray(0, this.#used))
    this.#bytes = larger
  }
}
