// The trainer's side of a ring: a writer, and a policy for when the ring is full. It never throws.
// While the ring has room it allocates nothing; when it has none, records go to the heap (`spill`),
// the thread waits (`block`), or they are refused (`drop-newest`) and counted, so that the caller
// can mark the gap. Records reach the ring in the order of their commits, whatever way they took.
import { assert } from '../../base/assert.ts'
import { KIB, MIB } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import { copyBytes } from '../../base/copy-bytes.ts'
import { limits } from '../../protocol/limits.ts'
import { type ChannelCounters, emptyCounters, type Policy } from '../../protocol/policies.ts'
import { RECORD_HEADER_BYTES } from './layout.ts'
import { SpillHeap } from './spill-heap.ts'
import { RingWriter } from './writer.ts'

export interface InletOptions {
  readonly clock: Clock
  /** Default: `spill`, up to 64 MiB and as many records as fit. */
  readonly policy?: Extract<Policy, { kind: 'spill' | 'block' | 'drop-newest' }>
  /** Heap beyond the spill bound for critical records. Default `limits.spillReserveBytes`. */
  readonly criticalBytesMax?: number
  /** `block`: the longest that one claim waits. Default: no limit. */
  readonly blockMillisMax?: number
  /**
   * `block`: a consumer that releases nothing for so long is taken for hung; claims are refused
   * without waiting until it releases something. Default 30 s.
   */
  readonly stallMillisMax?: number
}

/** Records that were refused. */
export interface Lost {
  readonly count: number
  readonly bytes: number
}

const spillByDefault: Policy = {
  kind: 'spill',
  spillCountMax: Number.MAX_SAFE_INTEGER,
  spillBytesMax: 64 * MIB,
}

/** What one claim moves from the heap to the ring at most: it stays short (some 50 us). */
const MOVE_BYTES_MAX = 256 * KIB

type Open = 'none' | 'ring' | 'heap'

export class RingInlet {
  /** What the last claim is in: the ring's views, or those of a block on the heap. */
  words: Int32Array
  floats: Float64Array
  bytes: Uint8Array
  readonly writer: RingWriter
  readonly payloadBytesMax: number
  readonly #clock: Clock
  readonly #heap = new SpillHeap()
  #block: boolean
  readonly #spillCountMax: number
  readonly #spillBytesMax: number
  readonly #criticalBytesMax: number
  readonly #blockMillisMax: number
  readonly #stallMillisMax: number
  #open: Open = 'none'
  /** Where the tail stood when its consumer was taken for hung; -1: it was not. */
  #stalledAt = -1
  #lostCount = 0
  #lostBytes = 0
  readonly #counters = emptyCounters()

  constructor(buffer: SharedArrayBuffer, options: InletOptions) {
    const policy = options.policy ?? spillByDefault
    this.writer = new RingWriter(buffer, options.clock)
    this.payloadBytesMax = this.writer.payloadBytesMax
    this.words = this.writer.words
    this.floats = this.writer.floats
    this.bytes = this.writer.bytes
    this.#clock = options.clock
    this.#block = policy.kind === 'block'
    this.#spillCountMax = policy.kind === 'spill' ? policy.spillCountMax : 0
    this.#spillBytesMax = policy.kind === 'spill' ? policy.spillBytesMax : 0
    this.#criticalBytesMax = options.criticalBytesMax ?? limits.spillReserveBytes
    this.#blockMillisMax = options.blockMillisMax ?? Number.POSITIVE_INFINITY
    this.#stallMillisMax = options.stallMillisMax ?? 30_000
    assert(this.#stallMillisMax > 0, `stallMillisMax ${this.#stallMillisMax}`)
  }

  /**
   * Room for a payload of `lengthBytes` (1 to `payloadBytesMax`): its byte offset, a multiple of 8,
   * in `words`, `floats` and `bytes` as they are after this call, until `commit` or `abort`. -1
   * when it is refused: past the bounds, or not a length that a record can have; it is then counted
   * as lost. A `critical` record may use a reserve beyond the bounds. An earlier claim that was not
   * committed is forgotten.
   */
  claim(lengthBytes: number, critical = false): number {
    if (this.#heap.count === 0 && this.#validLength(lengthBytes)) {
      const offset = this.writer.claim(lengthBytes)
      if (offset >= 0) return this.#inRing(offset)
    }
    return this.#claimSlowly(lengthBytes, critical)
  }

  /** Hands the claimed record on under the caller's `tag` (32 bits). Nothing without a claim. */
  commit(tag: number): void {
    if (this.#open === 'none') return
    this.#counters.offered++
    if (this.#open === 'ring') {
      this.writer.commit(tag)
      this.#counters.taken++
    } else {
      this.#heap.commit(tag)
      this.#counters.spilled++
      const depth = this.#heap.count
      if (depth > this.#counters.highWater) this.#counters.highWater = depth
    }
    this.#open = 'none'
  }

  /** Forgets the claim, if any. */
  abort(): void {
    this.#open = 'none'
  }

  /**
   * Moves what waits on the heap into the ring, as far as there is room. True when nothing waits
   * any more. With an open claim nothing moves.
   */
  flushSpill(): boolean {
    if (this.#open === 'none') this.#moveSpilled(Number.POSITIVE_INFINITY)
    return this.#heap.count === 0
  }

  /** From now on no claim waits: under `block` too, what is critical may use the reserve instead. */
  stopBlocking(): void {
    this.#block = false
  }

  /** What was refused since the last call, if anything: the caller owes the log a gap event. */
  takeLost(): Lost | undefined {
    if (this.#lostCount === 0) return undefined
    const lost = { count: this.#lostCount, bytes: this.#lostBytes }
    this.#lostCount = 0
    this.#lostBytes = 0
    return lost
  }

  /**
   * The inlet as a channel: `taken` are the records that reached the ring, `depth` and `depthBytes`
   * those on the heap. An aborted claim was never offered.
   */
  get counters(): ChannelCounters {
    return { ...this.#counters, depth: this.#heap.count, depthBytes: this.#heap.bytes }
  }

  /** Records that were taken in, wherever they are now; its own so that asking allocates nothing. */
  get committed(): number {
    return this.#counters.offered - this.#counters.dropped
  }

  /** Bytes that wait on the heap. */
  get spilledBytes(): number {
    return this.#heap.bytes
  }

  #validLength(lengthBytes: number): boolean {
    return (
      lengthBytes >= 1 && lengthBytes <= this.payloadBytesMax && (lengthBytes | 0) === lengthBytes
    )
  }

  #claimSlowly(lengthBytes: number, critical: boolean): number {
    this.#open = 'none'
    if (!this.#validLength(lengthBytes)) return this.#refuse(lengthBytes)
    // What nobody will ever fetch need not be kept.
    if (!this.writer.consumerExpected) return this.#refuse(lengthBytes)
    this.#moveSpilled(MOVE_BYTES_MAX)
    const heapLimit = this.#spillBytesMax + (critical ? this.#criticalBytesMax : 0)
    if (this.#reachesRing(lengthBytes)) {
      const offset = this.writer.claim(lengthBytes)
      if (offset >= 0) return this.#inRing(offset)
    }
    const inCount = critical || this.#heap.count < this.#spillCountMax
    if (!inCount || this.#heap.bytes + this.#heap.costOf(lengthBytes) > heapLimit) {
      return this.#refuse(lengthBytes)
    }
    return this.#inHeap(this.#heap.claim(lengthBytes))
  }

  /** Whether nothing waits on the heap, after waiting for that and for room under `block`. */
  #reachesRing(lengthBytes: number): boolean {
    if (this.#block && (this.#heap.count > 0 || !this.writer.hasRoom(lengthBytes))) {
      this.#waitForRoom(lengthBytes)
    }
    return this.#heap.count === 0
  }

  #inRing(offset: number): number {
    this.#open = 'ring'
    if (this.words !== this.writer.words) this.#show(this.writer)
    return offset
  }

  #inHeap(offset: number): number {
    this.#open = 'heap'
    this.#show(this.#heap.newest)
    return offset
  }

  #show(views: Pick<RingInlet, 'words' | 'floats' | 'bytes'>): void {
    this.words = views.words
    this.floats = views.floats
    this.bytes = views.bytes
  }

  #refuse(lengthBytes: number): number {
    this.#counters.offered++
    this.#counters.dropped++
    this.#lostCount++
    if (lengthBytes > 0 && lengthBytes < Number.POSITIVE_INFINITY) this.#lostBytes += lengthBytes
    return -1
  }

  #moveSpilled(bytesMax: number): void {
    let moved = 0
    while (this.#heap.count > 0 && moved < bytesMax) {
      const block = this.#heap.oldest
      const lengthBytes = block.words[block.start >> 2]!
      const offset = this.writer.claim(lengthBytes)
      if (offset < 0) return
      const from = block.start + RECORD_HEADER_BYTES
      copyBytes(this.writer.bytes, offset, block.bytes.subarray(from, from + lengthBytes))
      this.writer.commit(block.words[(block.start >> 2) + 1]!)
      this.#heap.shift()
      this.#counters.taken++
      moved += lengthBytes
    }
  }

  /**
   * Waits until all that is on the heap and then `lengthBytes` have room, or the limit of one claim
   * has passed, or no consumer is expected, or the one there is releases nothing for too long.
   */
  #waitForRoom(lengthBytes: number): void {
    const { writer } = this
    let released = writer.releasedPosition
    if (released === this.#stalledAt) return
    this.#stalledAt = -1
    const start = this.#clock.monotonic()
    let progressAt = start
    for (;;) {
      // Taken before the look at the room: a release after the look then ends the wait below.
      const seen = writer.releasedPosition
      this.#moveSpilled(Number.POSITIVE_INFINITY)
      if (this.#heap.count === 0 && writer.hasRoom(lengthBytes)) break
      if (!writer.consumerExpected) break
      const now = this.#clock.monotonic()
      if (seen !== released) {
        released = seen
        progressAt = now
      }
      const untilStall = progressAt + this.#stallMillisMax - now
      const untilLimit = start + this.#blockMillisMax - now
      if (untilStall <= 0) this.#stalledAt = released
      if (untilStall <= 0 || untilLimit <= 0) break
      // Positions are multiples of 8: this returns at the next release, whatever its size.
      writer.waitReleased(seen + 8, Math.min(untilStall, untilLimit))
    }
    this.#counters.blockedMillis += this.#clock.monotonic() - start
  }
}
