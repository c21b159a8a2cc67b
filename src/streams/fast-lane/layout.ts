// The layout of the fast lane: the newest frames on their way to the screen, from one producer to
// whoever looks at them. Nothing waits and nothing is kept: a frame that nobody took in time is
// written over. What must not be lost goes through the ingress ring and the log.
//
//   byte   0   magic | version | header bytes | slot bytes | slot count | flags   producer
//         64   head | 0 | published | refused | repaired                          producer
//        128   tail | source | wanted | watched | taken | skipped | shown         reader
//        192   HUD: sequence | layout | episode | step | last reward | mean reward producer
//                   | steps a second | loss | time
//        256   least rate | greatest rate                                         producer
//        320   wishes: rate | by the log, for each layout from 1 on               reader
//      33088   slots: `slot count`, a power of two, of `slot bytes` each          producer
//
//   slot   0   sequence | number | layout | format | width | height | payload bytes | episode
//         32   step | index | time | 0
//         64   payload
//
// Words are u32, at multiples of 4, for atomics; counts and what is measured are f64, at multiples
// of 8. Lines of 64 bytes have one writer each. A sequence is odd while its slot (or the HUD) is
// being written: what was copied is whole when the sequence was even and the same before and after.
// Frame n (1, 2, ...; low 32 bits) is in slot (n - 1) % slot count; the head is the newest number.
// docs/fast-lane.md says why.
import { assert } from '../../base/assert.ts'
import { alignUp, isPowerOfTwo } from '../../base/bytes.ts'
import { RollcastError } from '../../base/errors.ts'
import { bytesPerPixel, frameFormats } from '../../protocol/events.ts'
import { limits } from '../../protocol/limits.ts'

const MAGIC = 0x4c_46_43_52 // 'RCFL' in memory
const VERSION = 1
const LINE_BYTES = 64
const WISHES_BYTE = 320
const WISH_BYTES = 8
export const HEADER_BYTES = WISHES_BYTE + WISH_BYTES * limits.layoutsMax
export const SLOT_HEADER_BYTES = 64
const SLOTS_MAX = 64
const SLOTS_MIN = 4

assert(HEADER_BYTES % LINE_BYTES === 0, 'slots begin on a line of their own')

/** Indexes of words (u32). */
const WORD_MAGIC = 0
const WORD_VERSION = 1
const WORD_HEADER_BYTES = 2
const WORD_SLOT_BYTES = 3
const WORD_SLOT_COUNT = 4
export const WORD_FLAGS = 5
export const WORD_HEAD = 16
export const WORD_TAIL = 32
export const WORD_SOURCE = 33
export const WORD_WANTED = 34
export const WORD_WATCHED = 35
export const WORD_HUD = 48
export const WORD_RATE_MIN = 64
export const WORD_RATE_MAX = 65

/** Indexes of floats (f64). */
export const FLOAT_PUBLISHED = 9
export const FLOAT_REFUSED = 10
export const FLOAT_REPAIRED = 11
export const FLOAT_TAKEN = 18
export const FLOAT_SKIPPED = 19
export const FLOAT_SHOWN = 20
export const FLOAT_HUD = 26

/** Flags. Running: a producer is there and has not closed. Paused: it will not publish for now. */
export const FLAG_RUNNING = 1
export const FLAG_PAUSED = 2

/** Words of a slot, from its beginning; the time is its float number `SLOT_TIME`. */
export const SLOT_SEQUENCE = 0
export const SLOT_NUMBER = 1
export const SLOT_LAYOUT = 2
export const SLOT_FORMAT = 3
export const SLOT_WIDTH = 4
export const SLOT_HEIGHT = 5
export const SLOT_PAYLOAD_BYTES = 6
export const SLOT_EPISODE = 7
export const SLOT_STEP = 8
export const SLOT_INDEX = 9
export const SLOT_TIME = 5

/** What a slot can hold, by the number of the format; `overlay8` is a plane of heat, 0 to 255. */
export const laneFormats = [...frameFormats, 'overlay8'] as const
export type LaneFormat = (typeof laneFormats)[number]
export const laneBytesPerPixel: Readonly<Record<LaneFormat, number>> = {
  ...bytesPerPixel,
  overlay8: 1,
}

/** One frame, and where it belongs. */
export interface LaneFrame {
  /** Number of the layout that says whose frame it is: 1 to `limits.layoutsMax`. */
  readonly layout: number
  readonly width: number
  readonly height: number
  readonly format: LaneFormat
  readonly episode: number
  /** The step after which it was taken. */
  readonly step: number
  /** Counts from 0 in the episode. */
  readonly index: number
  /** When the producer had it, Unix milliseconds. */
  readonly time: number
  readonly pixels: Uint8Array | Uint8ClampedArray
}

/** A lane's memory. Views cover what there was when it was opened: slots are added later. */
export interface LaneMemory {
  readonly buffer: SharedArrayBuffer
  readonly words: Int32Array
  readonly floats: Float64Array
}

/** The slots, once there are any. */
export interface LaneSlots extends LaneMemory {
  readonly bytes: Uint8Array
  readonly slotBytes: number
  readonly slotCount: number
  readonly payloadBytesMax: number
}

/**
 * A lane with no slots: they are added by `addSlots`, when the size of a frame is known.
 * `bytesMax`: address space that is kept for all slots; default `limits.laneBytes`. Costs
 * no memory before.
 */
export function createLane(bytesMax: number = limits.laneBytes): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(HEADER_BYTES, { maxByteLength: HEADER_BYTES + bytesMax })
  const words = new Int32Array(buffer, 0, HEADER_BYTES / 4)
  words[WORD_VERSION] = VERSION
  words[WORD_HEADER_BYTES] = HEADER_BYTES
  Atomics.store(words, WORD_MAGIC, MAGIC)
  return buffer
}

/** Views a lane's header; a buffer that is no lane, or not of this version, is BAD_INPUT. */
export function openLane(buffer: SharedArrayBuffer): LaneMemory {
  if (buffer.byteLength < HEADER_BYTES) throw bad(`${buffer.byteLength} bytes are no lane's size`)
  const words = new Int32Array(buffer, 0, HEADER_BYTES / 4)
  const found = [WORD_MAGIC, WORD_VERSION, WORD_HEADER_BYTES].map(word => words[word])
  const expected = [MAGIC, VERSION, HEADER_BYTES]
  if (found.some((word, i) => word !== expected[i])) {
    throw bad(
      `expected magic, version, header bytes ${expected.join(', ')}, found ${found.join(', ')}`,
    )
  }
  return { buffer, words, floats: new Float64Array(buffer, 0, HEADER_BYTES / 8) }
}

/** The slots; undefined while there are none. BAD_INPUT when header and size do not agree. */
export function openSlots({ buffer, words }: LaneMemory): LaneSlots | undefined {
  const slotCount = Atomics.load(words, WORD_SLOT_COUNT)
  if (slotCount === 0) return undefined
  const slotBytes = words[WORD_SLOT_BYTES]!
  const byteLength = HEADER_BYTES + slotCount * slotBytes
  const fits = slotBytes > SLOT_HEADER_BYTES && slotBytes % LINE_BYTES === 0
  if (!isPowerOfTwo(slotCount) || !fits || byteLength > buffer.byteLength) {
    const slots = `${slotCount} slots of ${slotBytes} bytes`
    throw bad(`${slots} do not agree with ${buffer.byteLength} bytes`)
  }
  return {
    buffer,
    words: new Int32Array(buffer, 0, byteLength / 4),
    floats: new Float64Array(buffer, 0, byteLength / 8),
    bytes: new Uint8Array(buffer, 0, byteLength),
    slotBytes,
    slotCount,
    payloadBytesMax: slotBytes - SLOT_HEADER_BYTES,
  }
}

/**
 * Adds slots for frames of up to `payloadBytes`: 64 of them, fewer (a power of two, 4 at least) when
 * the lane would grow past its bound. BAD_FRAME when not even four fit, or there is no memory.
 */
export function addSlots(memory: LaneMemory, payloadBytes: number): LaneSlots {
  const { buffer, words } = memory
  assert(words[WORD_SLOT_COUNT] === 0, 'a lane is given slots once')
  const bytesMax = buffer.maxByteLength - HEADER_BYTES
  const slotBytes = alignUp(SLOT_HEADER_BYTES + payloadBytes, LINE_BYTES)
  let slotCount = SLOTS_MAX
  while (slotCount * slotBytes > bytesMax) slotCount /= 2
  if (slotCount < SLOTS_MIN) {
    const largest = Math.floor(bytesMax / SLOTS_MIN) - SLOT_HEADER_BYTES
    const found = `found ${payloadBytes} B`
    throw new RollcastError(
      'BAD_FRAME',
      `fast lane: expected at most ${largest} B a frame, ${found}`,
    )
  }
  buffer.grow(HEADER_BYTES + slotCount * slotBytes)
  words[WORD_SLOT_BYTES] = slotBytes
  Atomics.store(words, WORD_SLOT_COUNT, slotCount)
  const slots = openSlots(memory)
  assert(slots, 'the slots that were just added')
  return slots
}

const fence = new Int32Array(new SharedArrayBuffer(4))

/**
 * Orders what was read before it ahead of the next atomic load, on every processor: a store and a
 * load that are sequentially consistent change places with nothing.
 */
export const orderReads = (): number => Atomics.store(fence, 0, 0)

/** Index of the word that says how many frames a 1000 seconds of this layout somebody wants. */
export const wordOfRate = (layout: number): number => (WISHES_BYTE + (layout - 1) * WISH_BYTES) / 4

/** Index of the word that says whether they are wanted by the log as well (1) or not (0). */
export const wordOfLogWish = (layout: number): number => wordOfRate(layout) + 1

const bad = (what: string): RollcastError => new RollcastError('BAD_INPUT', `fast lane: ${what}`)
