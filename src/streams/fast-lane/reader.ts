// The reading end of the fast lane. It takes the newest whole frame of each layout, counts what it
// passed over, and never makes the producer wait. Its wishes are what makes the producer publish:
// a reader that is made has none, so that what an earlier one wished for ends with it.
import { BufferPool } from '../../base/buffer-pool.ts'
import { MIB } from '../../base/bytes.ts'
import { copyBytes } from '../../base/copy-bytes.ts'
import type { FrameSource } from '../../protocol/lane.ts'
import { limits } from '../../protocol/limits.ts'
import {
  FLOAT_SHOWN,
  FLOAT_SKIPPED,
  FLOAT_TAKEN,
  HEADER_BYTES,
  type LaneFrame,
  type LaneMemory,
  type LaneSlots,
  laneBytesPerPixel,
  laneFormats,
  openLane,
  openSlots,
  orderReads,
  SLOT_EPISODE,
  SLOT_FORMAT,
  SLOT_HEADER_BYTES,
  SLOT_HEIGHT,
  SLOT_INDEX,
  SLOT_LAYOUT,
  SLOT_NUMBER,
  SLOT_PAYLOAD_BYTES,
  SLOT_SEQUENCE,
  SLOT_STEP,
  SLOT_TIME,
  SLOT_WIDTH,
  WORD_HEAD,
  WORD_RATE_MAX,
  WORD_RATE_MIN,
  WORD_SOURCE,
  WORD_TAIL,
  WORD_WANTED,
  WORD_WATCHED,
  wordOfLogWish,
  wordOfRate,
} from './layout.ts'
import { sources } from './status.ts'

/** Slots that each wait touches ahead of the producer, and how far apart. */
const WARM_SLOTS = 2
const PAGE_BYTES = 4096
/** Memory that is kept for the pixels of frames to come. */
const SPARE_BYTES_MAX = 16 * MIB
/** How often `take` looks again when a producer without a pause writes over all that it looks at. */
const LOOKS_MAX = 8

/** A frame that was taken; its pixels are in memory that threads share. */
export interface TakenFrame extends LaneFrame {
  readonly pixels: Uint8Array
}

export class LaneReader {
  readonly #memory: LaneMemory
  #slots: LaneSlots | undefined
  /** Number of the newest frame that was taken or passed over; low 32 bits, signed. */
  #tail: number
  /** The head as last seen. */
  #head: number
  /** Where the slots begin that nobody had written yet, and bytes from there that are untouched. */
  #coldFrom = 0
  #coldBytes = 0
  readonly #wished = new Map<number, number>()
  readonly #pool = new BufferPool({ bytesMax: SPARE_BYTES_MAX, shared: true })

  /** Attaches to a lane that no other reader uses any more, and withdraws every wish. */
  constructor(buffer: SharedArrayBuffer) {
    this.#memory = openLane(buffer)
    const { words } = this.#memory
    this.#tail = Atomics.load(words, WORD_TAIL)
    this.#head = this.#tail
    for (let layout = 1; layout <= limits.layoutsMax; layout++) {
      Atomics.store(words, wordOfRate(layout), 0)
      Atomics.store(words, wordOfLogWish(layout), 0)
    }
    this.#tellWanted()
    this.source = 'none'
    this.watched = false
  }

  /**
   * Wishes for so many frames a second of a layout, within what the producer agrees to; 0 for none.
   * The producer publishes no more than that.
   */
  wish(layout: number, fps: number): void {
    const { words } = this.#memory
    const least = words[WORD_RATE_MIN]! || 1
    const greatest = words[WORD_RATE_MAX]! || Number.POSITIVE_INFINITY
    const rate = fps === 0 ? 0 : Math.min(greatest, Math.max(least, Math.round(1000 * fps)))
    if ((this.#wished.get(layout) ?? 0) === rate) return
    if (rate === 0) this.#wished.delete(layout)
    else this.#wished.set(layout, rate)
    Atomics.store(words, wordOfRate(layout), rate)
    this.#tellWanted()
  }

  /** Asks whoever writes the log for frames of this layout, or no longer. */
  wishByLog(layout: number, wanted: boolean): void {
    Atomics.store(this.#memory.words, wordOfLogWish(layout), wanted ? 1 : 0)
  }

  /** Whether anybody watches, frames or not; for whoever brings what they see. */
  set watched(watched: boolean) {
    Atomics.store(this.#memory.words, WORD_WATCHED, watched ? 1 : 0)
  }

  /** Where the frames that are shown come from; for whoever reads the lane's status. */
  set source(source: FrameSource) {
    Atomics.store(this.#memory.words, WORD_SOURCE, sources.indexOf(source))
  }

  /**
   * The newest whole frame of each layout that came since the last time, in the order of their
   * publication. All others since then are passed over and counted. Each is the caller's until it
   * is released.
   */
  take(): TakenFrame[] {
    this.#slots ??= this.#openSlots()
    if (this.#slots === undefined) return []
    let frames: TakenFrame[] = []
    for (let looks = 0; looks < LOOKS_MAX && frames.length === 0; looks++) {
      this.#head = Atomics.load(this.#memory.words, WORD_HEAD)
      if (this.#head === this.#tail) break
      frames = this.#look(this.#slots)
    }
    const { words, floats } = this.#memory
    const passed = (this.#head - this.#tail) >>> 0
    floats[FLOAT_TAKEN] = floats[FLOAT_TAKEN]! + frames.length
    floats[FLOAT_SKIPPED] = floats[FLOAT_SKIPPED]! + passed - frames.length
    this.#tail = this.#head
    Atomics.store(words, WORD_TAIL, this.#tail)
    return frames
  }

  /** Gives a frame's memory back for another one: nobody looks at its pixels any more. */
  release({ pixels }: TakenFrame): void {
    this.#pool.give(pixels)
  }

  /** Counts frames that reached the screen's side. */
  noteShown(): void {
    const { floats } = this.#memory
    floats[FLOAT_SHOWN] = floats[FLOAT_SHOWN]! + 1
  }

  /** Resolves when something was published since the last `take`, at `wake`, or after `millis`. */
  async wait(millis: number): Promise<void> {
    this.#warm()
    await Atomics.waitAsync(this.#memory.words, WORD_HEAD, this.#head, millis).value
  }

  /** The same, blocking the thread. */
  waitSync(millis: number): void {
    this.#warm()
    Atomics.wait(this.#memory.words, WORD_HEAD, this.#head, millis)
  }

  /** Ends every `wait` of this lane. */
  wake(): void {
    Atomics.notify(this.#memory.words, WORD_HEAD)
  }

  #openSlots(): LaneSlots | undefined {
    const slots = openSlots(this.#memory)
    if (slots === undefined) return undefined
    const { slotBytes, slotCount } = slots
    this.#coldFrom = (Atomics.load(this.#memory.words, WORD_HEAD) & (slotCount - 1)) * slotBytes
    this.#coldBytes = slotCount * slotBytes
    return slots
  }

  /**
   * Fresh memory costs its first writer a page fault every 4 KiB, more than the frame itself. It is
   * paid here, and not by the producer's first lap: adding nothing changes nothing, whoever writes.
   * A frame that has come goes first.
   */
  #warm(): void {
    const slots = this.#slots
    if (slots === undefined || this.#coldBytes <= 0) return
    const { words, slotBytes, slotCount } = slots
    const slotsBytes = slotCount * slotBytes
    const enough = this.#coldBytes - WARM_SLOTS * slotBytes
    while (this.#coldBytes > Math.max(0, enough)) {
      if (Atomics.load(words, WORD_HEAD) !== this.#head) return
      const at = (this.#coldFrom + slotsBytes - this.#coldBytes) % slotsBytes
      Atomics.add(words, (HEADER_BYTES + at) >>> 2, 0)
      this.#coldBytes -= PAGE_BYTES
    }
  }

  #look(slots: LaneSlots): TakenFrame[] {
    const frames: TakenFrame[] = []
    const span = Math.min((this.#head - this.#tail) >>> 0, slots.slotCount)
    for (let back = 0; back < span; back++) {
      const number = (this.#head - back) | 0
      const frame = this.#read(slots, number, frames)
      if (frame !== undefined) frames.push(frame)
    }
    return frames.reverse()
  }

  /** The frame of that number, unless it is not whole, or older than one of its layout in `newer`. */
  #read(slots: LaneSlots, number: number, newer: readonly TakenFrame[]): TakenFrame | undefined {
    const { words, floats, bytes, slotBytes, slotCount, payloadBytesMax } = slots
    const start = HEADER_BYTES + ((number - 1) & (slotCount - 1)) * slotBytes
    const at = start >>> 2
    const sequence = Atomics.load(words, at + SLOT_SEQUENCE)
    if (sequence & 1 || words[at + SLOT_NUMBER] !== number) return undefined
    const layout = words[at + SLOT_LAYOUT]!
    if (newer.some(frame => frame.layout === layout)) return undefined
    const format = laneFormats[words[at + SLOT_FORMAT]!]
    const payloadBytes = words[at + SLOT_PAYLOAD_BYTES]!
    const width = words[at + SLOT_WIDTH]!
    const height = words[at + SLOT_HEIGHT]!
    if (format === undefined || payloadBytes < 1 || payloadBytes > payloadBytesMax) return undefined
    if (width * height * laneBytesPerPixel[format] !== payloadBytes) return undefined
    const payload = start + SLOT_HEADER_BYTES
    const pixels = this.#pool.take(payloadBytes)
    copyBytes(pixels, 0, bytes.subarray(payload, payload + payloadBytes))
    const frame: TakenFrame = {
      ...{ layout, width, height, format },
      episode: words[at + SLOT_EPISODE]! >>> 0,
      step: words[at + SLOT_STEP]! >>> 0,
      index: words[at + SLOT_INDEX]! >>> 0,
      time: floats[(start >>> 3) + SLOT_TIME]!,
      pixels,
    }
    orderReads()
    if (Atomics.load(words, at + SLOT_SEQUENCE) === sequence) return frame
    this.release(frame)
    return undefined
  }

  #tellWanted(): void {
    const rates = [...this.#wished.values()]
    Atomics.store(this.#memory.words, WORD_WANTED, Math.max(0, ...rates))
  }
}
