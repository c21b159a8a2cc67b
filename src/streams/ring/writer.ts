// The producing end of a ring. `claim` gives room in place, the caller writes into it, `commit`
// publishes it with one atomic store: nothing is allocated, nothing copied. A claim that is never
// committed, because its writer threw or died, leaves nothing behind: the next one starts over.
import { assert } from '../../base/assert.ts'
import type { Clock } from '../../base/clock.ts'
import {
  CONSUMER_ASLEEP,
  CONSUMER_AWAKE,
  CONSUMER_GONE,
  distance,
  HEADER_BYTES,
  loadHead,
  loadTail,
  lowWord,
  openRing,
  PRODUCER_CLOSED,
  PRODUCER_OPEN,
  RECORD_HEADER_BYTES,
  type RingMemory,
  recordBytes,
  WORD_CONSUMER,
  WORD_DISCARDED,
  WORD_HEAD,
  WORD_PRODUCER,
  WORD_TAIL,
} from './layout.ts'

export class RingWriter implements RingMemory {
  readonly words: Int32Array
  readonly floats: Float64Array
  readonly bytes: Uint8Array
  readonly capacityBytes: number
  readonly payloadBytesMax: number
  readonly ringId: number
  readonly #clock: Clock
  readonly #mask: number
  /** Low words of the published head, and of the tail as last seen: small integers, never boxed. */
  #head: number
  #tail: number
  /** The open claim: its length, where its record starts and ends. Length 0: none. */
  #claimBytes = 0
  #claimIndex = 0
  #claimEnd = 0

  /** Attaches to a ring that no other writer uses any more. Goes on at the published head. */
  constructor(buffer: SharedArrayBuffer, clock: Clock) {
    const memory = openRing(buffer)
    this.words = memory.words
    this.floats = memory.floats
    this.bytes = memory.bytes
    this.capacityBytes = memory.capacityBytes
    this.payloadBytesMax = memory.payloadBytesMax
    this.ringId = memory.ringId
    this.#clock = clock
    this.#mask = memory.capacityBytes - 1
    this.#head = Atomics.load(this.words, WORD_HEAD)
    this.#tail = Atomics.load(this.words, WORD_TAIL)
    Atomics.store(this.words, WORD_PRODUCER, PRODUCER_OPEN)
  }

  /**
   * Room for a payload of `lengthBytes` (1 to `payloadBytesMax`, an integer). Returns the byte
   * offset of the payload in the views, a multiple of 8, or -1 when the ring is full. An earlier
   * claim that was not committed is forgotten.
   */
  claim(lengthBytes: number): number {
    if (!this.#valid(lengthBytes)) assert(false, `claim of ${lengthBytes} bytes`)
    this.#claimBytes = 0
    const size = recordBytes(lengthBytes)
    const offset = this.#head & this.#mask
    const left = this.capacityBytes - offset
    const padding = size > left ? left : 0
    const end = (this.#head + padding + size) | 0
    if (distance(this.#tail, end) > this.capacityBytes) {
      this.#tail = Atomics.load(this.words, WORD_TAIL)
      if (distance(this.#tail, end) > this.capacityBytes) return -1
    }
    const start = padding > 0 ? HEADER_BYTES : HEADER_BYTES + offset
    if (padding > 0) this.words[(HEADER_BYTES + offset) >> 2] = -padding
    this.#claimBytes = lengthBytes
    this.#claimIndex = start >> 2
    this.#claimEnd = end
    return start + RECORD_HEADER_BYTES
  }

  /** Publishes the open claim under the caller's `tag` (32 bits). Wakes a consumer that sleeps. */
  commit(tag: number): void {
    if (this.#claimBytes === 0) assert(false, 'commit without a claim')
    this.words[this.#claimIndex] = this.#claimBytes
    this.words[this.#claimIndex + 1] = tag
    this.#claimBytes = 0
    this.#head = this.#claimEnd
    Atomics.store(this.words, WORD_HEAD, this.#head)
    // A wake-up is a system call: only the first commit after the consumer fell asleep makes one.
    if (Atomics.load(this.words, WORD_CONSUMER) === CONSUMER_ASLEEP) this.#wakeConsumer()
  }

  /** The low 32 bits of `position`, from the writer's own memory. */
  get headWord(): number {
    return this.#head
  }

  /** The published head: everything before it can be read. */
  get position(): number {
    return loadHead(this.words)
  }

  /** The released tail: everything before it has been dealt with for good. */
  get releasedPosition(): number {
    return loadTail(this.words)
  }

  /** True once records were given up instead of dealt with. */
  get discarded(): boolean {
    return Atomics.load(this.words, WORD_DISCARDED) === 1
  }

  /** False once it was declared that no consumer will come (back). */
  get consumerExpected(): boolean {
    return Atomics.load(this.words, WORD_CONSUMER) !== CONSUMER_GONE
  }

  /** Whether `claim(lengthBytes)` would succeed now. */
  hasRoom(lengthBytes: number): boolean {
    const size = recordBytes(lengthBytes)
    const left = this.capacityBytes - (this.#head & this.#mask)
    const end = this.#head + (size > left ? left : 0) + size
    return distance(Atomics.load(this.words, WORD_TAIL), end) <= this.capacityBytes
  }

  /**
   * Blocks this thread until everything before `position` is released; for an exit that flushes.
   * False after `timeoutMillis`, when no consumer is expected, or when any record was discarded.
   */
  waitReleased(position: number, timeoutMillis: number): boolean {
    const deadline = this.#clock.monotonic() + timeoutMillis
    for (;;) {
      const released = this.releasedPosition
      if (released >= position) return !this.discarded
      const left = deadline - this.#clock.monotonic()
      if (left <= 0 || !this.consumerExpected) return false
      const woken = Atomics.wait(this.words, WORD_TAIL, lowWord(released), left)
      if (woken === 'timed-out') return this.releasedPosition >= position && !this.discarded
    }
  }

  /** The same without blocking. The promise alone does not keep the process alive. */
  async waitReleasedAsync(position: number, timeoutMillis: number): Promise<boolean> {
    const deadline = this.#clock.monotonic() + timeoutMillis
    for (;;) {
      const released = this.releasedPosition
      if (released >= position) return !this.discarded
      const left = deadline - this.#clock.monotonic()
      if (left <= 0 || !this.consumerExpected) return false
      const wait = Atomics.waitAsync(this.words, WORD_TAIL, lowWord(released), left)
      if ((await wait.value) === 'timed-out')
        return this.releasedPosition >= position && !this.discarded
    }
  }

  /** Says that no more records will come, and wakes the consumer to see it. */
  close(): void {
    this.#claimBytes = 0
    Atomics.store(this.words, WORD_PRODUCER, PRODUCER_CLOSED)
    this.#wakeConsumer()
  }

  #valid(lengthBytes: number): boolean {
    return (
      lengthBytes >= 1 && lengthBytes <= this.payloadBytesMax && (lengthBytes | 0) === lengthBytes
    )
  }

  #wakeConsumer(): void {
    Atomics.compareExchange(this.words, WORD_CONSUMER, CONSUMER_ASLEEP, CONSUMER_AWAKE)
    Atomics.notify(this.words, WORD_HEAD)
  }
}
