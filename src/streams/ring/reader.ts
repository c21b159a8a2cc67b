// The consuming end of a ring. It has a cursor of its own apart from the released tail: `read`
// walks the records in place, and `release` gives their room back later, once what was read is
// durable. A reader that dies leaves the tail where it was: the next one reads again from there.
import { assert } from '../../base/assert.ts'
import { RollcastError } from '../../base/errors.ts'
import {
  CONSUMER_ASLEEP,
  CONSUMER_AWAKE,
  CONSUMER_GONE,
  distance,
  HEADER_BYTES,
  isPosition,
  loadHead,
  loadTail,
  lowWord,
  openRing,
  PRODUCER_CLOSED,
  RECORD_HEADER_BYTES,
  type RingMemory,
  recordBytes,
  storeTail,
  WORD_CONSUMER,
  WORD_CONSUMER_EPOCH,
  WORD_DISCARDED,
  WORD_HEAD,
  WORD_PRODUCER,
  WORD_TAIL,
} from './layout.ts'

/** How many records nobody released before the last reader ended. Nobody can read them after this. */
export function countUnread(buffer: SharedArrayBuffer): number {
  const reader = new RingReader(buffer)
  let count = 0
  while (reader.read()) count++
  reader.close()
  return count
}

/**
 * Takes the ring from a reader that hangs. What it has in hand it can give back no more when it wakes
 * up, neither as recorded nor as lost: the next reader finds all of it.
 */
export function fenceReader(buffer: SharedArrayBuffer): void {
  Atomics.add(openRing(buffer).words, WORD_CONSUMER_EPOCH, 1)
}

export class RingReader implements RingMemory {
  readonly words: Int32Array
  readonly floats: Float64Array
  readonly bytes: Uint8Array
  readonly capacityBytes: number
  readonly payloadBytesMax: number
  readonly ringId: number
  /** The record last read: its tag, where its payload is in the views, and its length. */
  tag = 0
  byteOffset = 0
  lengthBytes = 0
  readonly #mask: number
  readonly #epoch: number
  #released: number
  /** Low words of the cursor, and of the head as last seen: small integers, never boxed. */
  #cursor: number
  #head: number

  /**
   * Takes the ring over from an earlier reader. Reads from `startPosition` on (default: the
   * released tail), the end of a record within [tail, head]; what lies before it is released. A
   * position outside is BAD_INPUT.
   */
  constructor(buffer: SharedArrayBuffer, options: { readonly startPosition?: number } = {}) {
    const memory = openRing(buffer)
    this.words = memory.words
    this.floats = memory.floats
    this.bytes = memory.bytes
    this.capacityBytes = memory.capacityBytes
    this.payloadBytesMax = memory.payloadBytesMax
    this.ringId = memory.ringId
    this.#mask = memory.capacityBytes - 1
    this.#epoch = Atomics.add(this.words, WORD_CONSUMER_EPOCH, 1) + 1
    this.#released = loadTail(this.words)
    const head = loadHead(this.words)
    const start = options.startPosition ?? this.#released
    if (!isPosition(start) || start < this.#released || start > head) {
      const range = `${this.#released} to ${head}`
      throw new RollcastError('BAD_INPUT', `ring: position ${start} is not within ${range}`)
    }
    this.#cursor = lowWord(start)
    this.#head = lowWord(head)
    Atomics.store(this.words, WORD_CONSUMER, CONSUMER_AWAKE)
    this.release(start)
  }

  /**
   * Steps to the next record, which `tag`, `byteOffset` and `lengthBytes` then describe; its bytes
   * stay valid until it is released. False when there is none.
   */
  read(): boolean {
    if (this.#cursor === this.#head && !this.hasData()) return false
    let index = this.#indexOfCursor()
    if (this.words[index]! < 0) {
      this.#skipPadding(-this.words[index]!)
      index = this.#indexOfCursor()
    }
    const lengthBytes = this.words[index]!
    const size = recordBytes(lengthBytes)
    const left = distance(this.#cursor, this.#head)
    if (lengthBytes < 1 || lengthBytes > this.payloadBytesMax || size > left) {
      assert(false, `ring: a record of ${lengthBytes} bytes, ${left} before the head`)
    }
    this.tag = this.words[index + 1]!
    this.byteOffset = (index << 2) + RECORD_HEADER_BYTES
    this.lengthBytes = lengthBytes
    this.#cursor = (this.#cursor + size) | 0
    return true
  }

  /** Whether there is a record to read. */
  hasData(): boolean {
    this.#head = Atomics.load(this.words, WORD_HEAD)
    return this.#head !== this.#cursor
  }

  /** The end of the record last read; what `release` takes, and `startPosition` of a successor. */
  get position(): number {
    return this.#released + distance(lowWord(this.#released), this.#cursor)
  }

  /** Everything before it has been given back to the writer. */
  get releasedPosition(): number {
    return this.#released
  }

  /** The writer has closed. Records may still wait; check `hasData` after this. */
  get producerClosed(): boolean {
    return Atomics.load(this.words, WORD_PRODUCER) === PRODUCER_CLOSED
  }

  /**
   * Gives the room of everything before `position` back and wakes writers that wait for it.
   * `position` is the end of a record that was read, not before the last one released. CLOSED when
   * another reader has taken over.
   */
  release(position: number): void {
    this.checkOwner()
    const inRange = position >= this.#released && position <= this.position
    assert(inRange && isPosition(position), `release(${position}) after ${this.#released}`)
    if (position === this.#released) return
    this.#released = position
    storeTail(this.words, position)
    Atomics.notify(this.words, WORD_TAIL)
  }

  /** The same for records that will never be durable. From here on no writer is told that any are. */
  discard(position: number): void {
    this.checkOwner()
    Atomics.store(this.words, WORD_DISCARDED, 1)
    this.release(position)
  }

  /** Resolves at the next record, or on close of the writer, or after `timeoutMillis`. */
  async waitForData(timeoutMillis: number): Promise<'data' | 'timeout'> {
    if (this.#fallAsleep()) {
      await Atomics.waitAsync(this.words, WORD_HEAD, this.#cursor, timeoutMillis).value
    }
    return this.#wakeUp()
  }

  /** The same, blocking the thread. */
  waitForDataSync(timeoutMillis: number): 'data' | 'timeout' {
    if (this.#fallAsleep()) {
      Atomics.wait(this.words, WORD_HEAD, this.#cursor, timeoutMillis)
    }
    return this.#wakeUp()
  }

  /** Says that no consumer will come after this one; producers stop waiting for room. */
  close(): void {
    this.checkOwner()
    Atomics.store(this.words, WORD_CONSUMER, CONSUMER_GONE)
    Atomics.notify(this.words, WORD_TAIL)
  }

  /**
   * Declares sleep, then looks again: either the writer sees the declaration, or this sees its
   * record; a record between the look and the wait changes the head, and the wait returns at once.
   */
  #fallAsleep(): boolean {
    this.checkOwner()
    if (this.hasData()) return false
    Atomics.store(this.words, WORD_CONSUMER, CONSUMER_ASLEEP)
    return !this.hasData() && !this.producerClosed
  }

  #wakeUp(): 'data' | 'timeout' {
    Atomics.compareExchange(this.words, WORD_CONSUMER, CONSUMER_ASLEEP, CONSUMER_AWAKE)
    return this.hasData() ? 'data' : 'timeout'
  }

  #indexOfCursor(): number {
    return (HEADER_BYTES + (this.#cursor & this.#mask)) >> 2
  }

  #skipPadding(paddingBytes: number): void {
    const left = this.capacityBytes - (this.#cursor & this.#mask)
    assert(paddingBytes === left, `ring: padding of ${paddingBytes} bytes, ${left} before the end`)
    this.#cursor = (this.#cursor + paddingBytes) | 0
    assert(this.#cursor !== this.#head, 'ring: padding without a record after it')
  }

  /**
   * Throws CLOSED when another reader has taken over: what was read since may have been written over
   * already. To be asked when records have been copied, before anything is made of them.
   */
  checkOwner(): void {
    if (Atomics.load(this.words, WORD_CONSUMER_EPOCH) === this.#epoch) return
    throw new RollcastError('CLOSED', 'ring: another reader has taken over')
  }
}
