// The producing end of the fast lane. It never waits: the oldest slot is written over whether it was
// read or not. What it publishes is what readers wish for, and for nobody it costs one load a frame.
// A slot is taken by an odd sequence and given back by an even one, so that a producer that dies in
// between leaves a slot that nobody reads and the next producer repairs.
import { assert } from '../../base/assert.ts'
import { copyBytes } from '../../base/copy-bytes.ts'
import { RollcastError } from '../../base/errors.ts'
import type { LaneHud } from '../../protocol/lane.ts'
import { limits } from '../../protocol/limits.ts'
import {
  addSlots,
  FLAG_PAUSED,
  FLAG_RUNNING,
  FLOAT_HUD,
  FLOAT_PUBLISHED,
  FLOAT_REFUSED,
  FLOAT_REPAIRED,
  HEADER_BYTES,
  type LaneFrame,
  type LaneMemory,
  type LaneSlots,
  laneBytesPerPixel,
  laneFormats,
  openLane,
  openSlots,
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
  WORD_FLAGS,
  WORD_HEAD,
  WORD_HUD,
  WORD_RATE_MAX,
  WORD_RATE_MIN,
} from './layout.ts'
import { LaneStream, type RateBounds } from './stream.ts'

export class LaneWriter {
  readonly #memory: LaneMemory
  readonly #bounds: RateBounds
  #slots: LaneSlots | undefined
  /** Number of the newest frame; its low 32 bits, signed. */
  #head: number

  /**
   * Attaches to a lane that no other writer uses any more, and repairs what it left half-written.
   * `bounds`: default 0.1 to 240 frames a second.
   */
  constructor(buffer: SharedArrayBuffer, bounds: RateBounds = { min: 0.1, max: 240 }) {
    assert(bounds.min > 0 && bounds.min <= bounds.max, `rates from ${bounds.min} to ${bounds.max}`)
    const memory = openLane(buffer)
    const { words } = memory
    this.#memory = memory
    this.#bounds = bounds
    this.#slots = openSlots(memory)
    this.#head = Atomics.load(words, WORD_HEAD)
    words[WORD_RATE_MIN] = Math.ceil(1000 * bounds.min)
    words[WORD_RATE_MAX] = Math.floor(1000 * bounds.max)
    this.#repair()
    Atomics.store(words, WORD_FLAGS, FLAG_RUNNING)
  }

  /** What of one layout somebody wants, and when its next frame is due. */
  stream(layout: number): LaneStream {
    assert(layout >= 1 && layout <= limits.layoutsMax, `layout ${layout}`)
    return new LaneStream(this.#memory.words, layout, this.#bounds)
  }

  /**
   * Publishes a frame and wakes readers that wait. The first one adds the slots, for frames of its
   * size or of `bytesMax`, whichever is larger. BAD_FRAME, counted, when it does not fit.
   */
  publish(frame: LaneFrame, bytesMax = 0): void {
    const slots = this.#slotsFor(frame, bytesMax)
    const { words, floats, bytes, slotBytes, slotCount } = slots
    const start = HEADER_BYTES + (this.#head & (slotCount - 1)) * slotBytes
    const at = start >>> 2
    const odd = (words[at + SLOT_SEQUENCE]! + 1) | 1
    Atomics.store(words, at + SLOT_SEQUENCE, odd)
    // A store and a load, both sequentially consistent: nothing below is seen before the odd number.
    Atomics.load(words, at + SLOT_SEQUENCE)
    this.#head = (this.#head + 1) | 0
    words[at + SLOT_NUMBER] = this.#head
    words[at + SLOT_LAYOUT] = frame.layout
    words[at + SLOT_FORMAT] = laneFormats.indexOf(frame.format)
    words[at + SLOT_WIDTH] = frame.width
    words[at + SLOT_HEIGHT] = frame.height
    words[at + SLOT_PAYLOAD_BYTES] = frame.pixels.byteLength
    words[at + SLOT_EPISODE] = frame.episode
    words[at + SLOT_STEP] = frame.step
    words[at + SLOT_INDEX] = frame.index
    floats[(start >>> 3) + SLOT_TIME] = frame.time
    copyBytes(bytes, start + SLOT_HEADER_BYTES, frame.pixels)
    Atomics.store(words, at + SLOT_SEQUENCE, (odd + 1) | 0)
    Atomics.store(words, WORD_HEAD, this.#head)
    floats[FLOAT_PUBLISHED] = floats[FLOAT_PUBLISHED]! + 1
    Atomics.notify(words, WORD_HEAD)
  }

  /** Says what the producer is doing; readers get all of it or the one before. */
  publishHud(hud: LaneHud): void {
    const { words, floats } = this.#memory
    const odd = (words[WORD_HUD]! + 1) | 1
    Atomics.store(words, WORD_HUD, odd)
    Atomics.load(words, WORD_HUD)
    words[WORD_HUD + 1] = hud.layout
    words[WORD_HUD + 2] = hud.episode
    words[WORD_HUD + 3] = hud.step
    floats[FLOAT_HUD] = hud.lastReward
    floats[FLOAT_HUD + 1] = hud.meanReward
    floats[FLOAT_HUD + 2] = hud.stepsPerSecond
    floats[FLOAT_HUD + 3] = hud.loss
    floats[FLOAT_HUD + 4] = hud.time
    Atomics.store(words, WORD_HUD, (odd + 1) | 0)
  }

  /** Tells whoever looks that nothing will come for now, or that it goes on. */
  set paused(paused: boolean) {
    Atomics.store(this.#memory.words, WORD_FLAGS, FLAG_RUNNING | (paused ? FLAG_PAUSED : 0))
  }

  /** Says that no more frames will come, and wakes readers to see it. */
  close(): void {
    Atomics.store(this.#memory.words, WORD_FLAGS, 0)
    Atomics.notify(this.#memory.words, WORD_HEAD)
  }

  #slotsFor({ width, height, format, pixels }: LaneFrame, bytesMax: number): LaneSlots {
    const { byteLength } = pixels
    try {
      const expected = width * height * laneBytesPerPixel[format]
      if (byteLength === 0 || byteLength !== expected) {
        throw unfit(`${expected} B of ${width}x${height} ${format}`, byteLength)
      }
      this.#slots ??= addSlots(this.#memory, Math.max(byteLength, bytesMax))
      const { payloadBytesMax } = this.#slots
      if (byteLength <= payloadBytesMax) return this.#slots
      throw unfit(`at most ${payloadBytesMax} B, for which it was made`, byteLength)
    } catch (error) {
      this.#memory.floats[FLOAT_REFUSED] = this.#memory.floats[FLOAT_REFUSED]! + 1
      throw error
    }
  }

  /** What is odd belonged to a producer that died: nobody will ever read it as a frame. */
  #repair(): void {
    const { words, floats } = this.#memory
    if (words[WORD_HUD]! & 1) {
      this.publishHud(unknownHud)
      floats[FLOAT_REPAIRED] = floats[FLOAT_REPAIRED]! + 1
    }
    const slots = this.#slots
    if (slots === undefined) return
    for (let slot = 0; slot < slots.slotCount; slot++) {
      const at = (HEADER_BYTES + slot * slots.slotBytes) >>> 2
      const sequence = Atomics.load(slots.words, at + SLOT_SEQUENCE)
      if ((sequence & 1) === 0) continue
      slots.words[at + SLOT_PAYLOAD_BYTES] = 0
      Atomics.store(slots.words, at + SLOT_SEQUENCE, (sequence + 1) | 0)
      floats[FLOAT_REPAIRED] = floats[FLOAT_REPAIRED]! + 1
    }
  }
}

const unknownHud: LaneHud = {
  ...{ layout: 0, episode: 0, step: 0, lastReward: Number.NaN, meanReward: Number.NaN },
  ...{ stepsPerSecond: Number.NaN, loss: Number.NaN, time: Number.NaN },
}

const unfit = (expected: string, found: number): RollcastError =>
  new RollcastError('BAD_FRAME', `fast lane: expected ${expected}, found ${found} B`)
