// A channel: the only place where items wait between two parts. It has a name, a bound in count
// and in bytes, a policy for when it is full, and counters.
//
// Invariant: offered = taken + dropped + depth. An offer answered `full` is not counted: the item
// never left the caller's hands.
import { assert } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import { type ChannelCounters, type ChannelSpec, emptyCounters } from '../protocol/policies.ts'
import { BoundedQueue } from './bounded-queue.ts'
import type { Admission, AdmissionContext, OfferResult } from './policies/admission.ts'
import { block, disconnect, dropNewest } from './policies/refusing.ts'
import { dropOldest, latest, sample } from './policies/replacing.ts'
import { spill } from './policies/spill.ts'

export interface ChannelOptions<T> {
  readonly clock: Clock
  /** Bytes that the item is accounted at; finite, at least 0, the same every time. */
  readonly sizeOf: (item: T) => number
  /** What `latest` keeps one item of; needed by that policy only. */
  readonly keyOf?: (item: T) => string | number
  /** Called once with each item that was accepted or dropped, when it is not held any more. */
  readonly onLeft?: (item: T) => void
}

export class Channel<T> {
  readonly spec: ChannelSpec
  /** Called when an item comes into an empty channel, and on close. Drain until undefined. */
  onReadable: () => void = () => {}
  /**
   * Called once after one or more offers answered `full`, when the first of them would get another
   * answer. Offering from within it is fine.
   */
  onWritable: () => void = () => {}

  readonly #queue: BoundedQueue<T>
  readonly #admission: Admission<T>
  readonly #clock: Clock
  readonly #sizeOf: (item: T) => number
  readonly #onLeft: ((item: T) => void) | undefined
  readonly #counters = emptyCounters()
  #closed = false
  /** Inside `take`: its caller is reading already and needs no call of `onReadable`. */
  #taking = false
  /** The first refused offer that still waits for room, and since when. */
  #refused: { readonly bytes: number; readonly since: number } | undefined

  constructor(spec: ChannelSpec, options: ChannelOptions<T>) {
    this.spec = spec
    this.#clock = options.clock
    this.#sizeOf = options.sizeOf
    this.#onLeft = options.onLeft
    this.#queue = new BoundedQueue(spec.countMax, spec.bytesMax)
    this.#admission = admissionOf(spec, {
      queue: this.#queue,
      clock: options.clock,
      keyOf: options.keyOf,
      onDropped: options.onLeft,
      counters: this.#counters,
    })
  }

  /**
   * Offers one item; never waits. An item larger than `bytesMax` could never get in and is
   * `dropped` under every policy.
   */
  offer(item: T): OfferResult {
    if (this.#closed) return this.#refuse('closed', item)
    const bytes = this.#sizeOf(item)
    assert(bytes >= 0 && bytes < Number.POSITIVE_INFINITY, `${this.spec.name}: size ${bytes}`)
    if (bytes > this.spec.bytesMax) return this.#refuse('dropped', item)
    const depthBefore = this.depth
    const result = this.#admission.admit(item, bytes)
    if (result === 'full') {
      this.#refused ??= { bytes, since: this.#clock.monotonic() }
      return result
    }
    if (result !== 'accepted') {
      if (result === 'closed') this.close('discard')
      return this.#refuse(result, item)
    }
    this.#counters.offered++
    const depth = this.depth
    if (depth > this.#counters.highWater) this.#counters.highWater = depth
    if (depthBefore === 0 && !this.#taking) this.onReadable()
    return result
  }

  /** The oldest item, or undefined when there is none. What was held at `close` still comes out. */
  take(): T | undefined {
    const entry = this.#queue.shift()
    if (entry === undefined) return undefined
    this.#counters.taken++
    this.#admission.taken?.(entry)
    this.#onLeft?.(entry.item)
    if (this.#refused !== undefined && this.#queue.fits(this.#refused.bytes)) {
      this.#taking = true
      this.#unblock()
      this.#taking = false
    }
    return entry.item
  }

  /**
   * Up to `countMax` items of together up to `bytesMax` bytes, oldest first. The first is taken
   * however large it is, so that a small `bytesMax` cannot stall the reader.
   */
  takeBatch(countMax: number, bytesMax: number): T[] {
    const batch: T[] = []
    let bytes = 0
    while (batch.length < countMax && this.depth > 0) {
      bytes += this.nextBytes
      if (batch.length > 0 && bytes > bytesMax) break
      batch.push(this.take() as T)
    }
    return batch
  }

  /** Ends the offers. What is held can still be taken (`keep`) or is dropped (`discard`). */
  close(held: 'keep' | 'discard' = 'keep'): void {
    if (held === 'discard') this.#discard()
    if (this.#closed) return
    this.#closed = true
    this.#unblock()
    this.onReadable()
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Items held now. */
  get depth(): number {
    return this.#queue.count + (this.#admission.overflow?.count ?? 0)
  }

  /** The size of what `take` would give next; 0 when there is nothing. */
  get nextBytes(): number {
    return this.#queue.oldest?.bytes ?? 0
  }

  /** A snapshot; `blockedMillis` includes a wait that is still going on. */
  get counters(): ChannelCounters {
    const waiting = this.#refused ? this.#clock.monotonic() - this.#refused.since : 0
    return {
      ...this.#counters,
      blockedMillis: this.#counters.blockedMillis + waiting,
      depth: this.depth,
      depthBytes: this.#queue.bytes + (this.#admission.overflow?.bytes ?? 0),
    }
  }

  #refuse(result: OfferResult, item: T): OfferResult {
    this.#onLeft?.(item)
    this.#counters.offered++
    this.#counters.dropped++
    return result
  }

  #discard(): void {
    for (let entry = this.#queue.shift(); entry !== undefined; entry = this.#queue.shift()) {
      this.#counters.dropped++
      this.#admission.taken?.(entry)
      this.#onLeft?.(entry.item)
    }
  }

  #unblock(): void {
    if (this.#refused === undefined) return
    this.#counters.blockedMillis += this.#clock.monotonic() - this.#refused.since
    this.#refused = undefined
    this.onWritable()
  }
}

function admissionOf<T>({ policy }: ChannelSpec, context: AdmissionContext<T>): Admission<T> {
  switch (policy.kind) {
    case 'block':
      return block(context)
    case 'drop-oldest':
      return dropOldest(context)
    case 'drop-newest':
      return dropNewest(context)
    case 'latest':
      return latest(context)
    case 'sample':
      return sample(context, policy.everyMillis)
    case 'spill':
      return spill(context, policy.spillCountMax, policy.spillBytesMax)
    case 'disconnect':
      return disconnect(context)
  }
}
