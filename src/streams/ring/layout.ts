// The layout of a single-producer, single-consumer byte ring in a SharedArrayBuffer.
//
//   byte   0   magic | version | capacity | ring id                     written once, at creation
//         64   head                                                     producer
//        128   tail, bits 0-31 | tail, bits 31-52                       consumer
//        192   consumer state | consumer epoch | discarded              consumer; producer wakes
//        256   producer state                                           producer
//        320   data: `capacity` bytes, a power of two
//
//   data   ... | free | record | record | record | padding -> wraps
//                     ^ tail (released)          ^ head (published)
//
//   record     | i32 length L > 0 | i32 tag | L bytes | up to the next multiple of 8 |
//   padding    | i32 -N           |         | N bytes in all, to the end of the data |
//
// Every word is an i32. Words of different writers are on different cache lines, so that neither
// side slows the other by writing its own. A record is contiguous and starts at a multiple of 8: a
// payload can be viewed as 64-bit floats in place. Where it does not fit before the end of the
// data, padding fills the rest; both are published by one store of the head.
//
// Positions are counts of bytes since the ring began, exact up to 2^53; the place of a position is
// its remainder by the capacity. The head word has the low 32 bits: the rest follows from the tail,
// which is at most a capacity behind. The tail has bits 0-31 in one word and 31-52 in the next, and
// is stored in that order: bit 31 is in both, so a consumer that dies in between is detected and
// corrected by whoever reads (release never moves the tail by 2^31 or more).
import { assert } from '../../base/assert.ts'
import { GIB, isPowerOfTwo, KIB } from '../../base/bytes.ts'
import { RollcastError } from '../../base/errors.ts'

export const HEADER_BYTES = 320
export const RECORD_HEADER_BYTES = 8
const MAGIC = 0x52_43_52_47 // RCRG
const VERSION = 1
const CAPACITY_BYTES_MIN = KIB
const CAPACITY_BYTES_MAX = GIB

/** A record may take this part of the capacity at most, so that padding can never starve it. */
const PAYLOAD_FRACTION = 4

/** Indexes of the header's words. */
const WORD_MAGIC = 0
const WORD_VERSION = 1
const WORD_CAPACITY = 2
const WORD_RING_ID = 3
export const WORD_HEAD = 16
export const WORD_TAIL = 32
const WORD_TAIL_HIGH = 33
export const WORD_CONSUMER = 48
export const WORD_CONSUMER_EPOCH = 49
export const WORD_DISCARDED = 50
export const WORD_PRODUCER = 64

/** Consumer states: 0, none has come yet; runs; waits to be woken; will not come (back). */
export const CONSUMER_AWAKE = 1
export const CONSUMER_ASLEEP = 2
export const CONSUMER_GONE = 3

/** Producer states: 0, none has come yet; writes; has written its last record. */
export const PRODUCER_OPEN = 1
export const PRODUCER_CLOSED = 2

export interface RingOptions {
  /** Bytes of data: a power of two, 1 KiB to 1 GiB. A record's payload is at most a quarter. */
  readonly capacityBytes: number
  /** Tells this ring from others in logs and positions: 32 bits, unsigned. */
  readonly ringId: number
  /** Where positions begin: a multiple of 8. Default 0. */
  readonly startPosition?: number
}

/** A ring's memory, seen as words, 64-bit floats and bytes; all three cover the whole buffer. */
export interface RingMemory {
  readonly words: Int32Array
  readonly floats: Float64Array
  readonly bytes: Uint8Array
  readonly capacityBytes: number
  readonly payloadBytesMax: number
  readonly ringId: number
}

/** Makes a ring with nothing in it. */
export function createRing(options: RingOptions): SharedArrayBuffer {
  const { capacityBytes, ringId, startPosition = 0 } = options
  const inRange = capacityBytes >= CAPACITY_BYTES_MIN && capacityBytes <= CAPACITY_BYTES_MAX
  assert(inRange && isPowerOfTwo(capacityBytes), `capacityBytes ${capacityBytes}: power of two`)
  assert(isPosition(startPosition), `startPosition ${startPosition}: expected a multiple of 8`)
  const buffer = new SharedArrayBuffer(HEADER_BYTES + capacityBytes)
  // Fresh memory costs its first writer a page fault every 4 KiB, which is more than a record's
  // own cost. It is paid here, once, and not by the producer's first lap.
  new Uint8Array(buffer).fill(0)
  const words = new Int32Array(buffer)
  words[WORD_VERSION] = VERSION
  words[WORD_CAPACITY] = capacityBytes
  words[WORD_RING_ID] = ringId
  storeTail(words, startPosition)
  Atomics.store(words, WORD_HEAD, lowWord(startPosition))
  Atomics.store(words, WORD_MAGIC, MAGIC)
  return buffer
}

/** Views a ring; a buffer that is not one, or not of this version, is BAD_INPUT. */
export function openRing(buffer: SharedArrayBuffer): RingMemory {
  const bad = (what: string): RollcastError => new RollcastError('BAD_INPUT', `ring: ${what}`)
  if (buffer.byteLength < HEADER_BYTES + CAPACITY_BYTES_MIN || buffer.byteLength % 8 !== 0) {
    throw bad(`${buffer.byteLength} bytes are not a ring's size`)
  }
  const words = new Int32Array(buffer)
  const magic = Atomics.load(words, WORD_MAGIC)
  if (magic !== MAGIC) throw bad(`expected magic ${MAGIC}, found ${magic}`)
  const version = words[WORD_VERSION]!
  if (version !== VERSION) throw bad(`expected version ${VERSION}, found ${version}`)
  const capacityBytes = words[WORD_CAPACITY]!
  if (!isPowerOfTwo(capacityBytes) || capacityBytes + HEADER_BYTES !== buffer.byteLength) {
    throw bad(`capacity ${capacityBytes} does not agree with ${buffer.byteLength} bytes`)
  }
  const payloadBytesMax = capacityBytes / PAYLOAD_FRACTION
  // Worst case: the padding is as long as the record, less the 8 bytes that would have made it fit.
  assert(2 * recordBytes(payloadBytesMax) - 8 <= capacityBytes, 'a record always finds room')
  return {
    words,
    floats: new Float64Array(buffer),
    bytes: new Uint8Array(buffer),
    capacityBytes,
    payloadBytesMax,
    ringId: words[WORD_RING_ID]! >>> 0,
  }
}

/** Bytes that a record takes in the ring: header, payload, rounded up to a multiple of 8. */
export const recordBytes = (payloadBytes: number): number =>
  (payloadBytes + RECORD_HEADER_BYTES + 7) & -8

/** The low 32 bits of a position, signed, as the words hold them. */
export const lowWord = (position: number): number => position | 0

export const isPosition = (value: number): boolean =>
  Number.isSafeInteger(value) && value >= 0 && value % 8 === 0

/** Bytes from `from` to `to`, two low words of positions at most 2^32 - 1 apart. */
export const distance = (from: number, to: number): number => (to - from) >>> 0

/** Publishes the tail; the consumer's alone. */
export function storeTail(words: Int32Array, position: number): void {
  Atomics.store(words, WORD_TAIL, lowWord(position))
  Atomics.store(words, WORD_TAIL_HIGH, Math.floor(position / 0x8000_0000))
}

/** The tail as a full position; right even when its consumer died between the two stores. */
export function loadTail(words: Int32Array): number {
  for (;;) {
    const high = Atomics.load(words, WORD_TAIL_HIGH)
    const low = Atomics.load(words, WORD_TAIL)
    if (Atomics.load(words, WORD_TAIL_HIGH) !== high) continue
    const carry = (low >>> 31) ^ (high & 1)
    return (high + carry) * 0x8000_0000 + (low & 0x7fff_ffff)
  }
}

/** The head as a full position. */
export function loadHead(words: Int32Array): number {
  const tail = loadTail(words)
  return tail + distance(lowWord(tail), Atomics.load(words, WORD_HEAD))
}

/**
 * Says that no consumer will read this ring any more: producers stop waiting for it. A restart
 * needs no such word; a reader that comes after all takes it back.
 */
export function declareConsumerGone(buffer: SharedArrayBuffer): void {
  const { words } = openRing(buffer)
  Atomics.store(words, WORD_CONSUMER, CONSUMER_GONE)
  Atomics.notify(words, WORD_TAIL)
}
