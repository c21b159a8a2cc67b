// Gathers items into batches: a batch closes at a count, at a size, or some time after its first
// item. The time is kept by a timer, so a lone item never waits for the next one to push it out.
import { assert } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'

export interface BatchLimits {
  /** Most items in a batch; at least 1. */
  readonly countMax: number
  /** Most bytes in a batch; an item larger than this makes a batch of its own. */
  readonly bytesMax: number
  /** Longest time that a batch stays open after its first item; at least 0. */
  readonly delayMillisMax: number
}

export interface BatcherOptions<T> {
  readonly clock: Clock
  readonly sizeOf: (item: T) => number
  /** Receives every batch, once, in order, never empty. Must not add to the same batcher. */
  readonly onBatch: (items: readonly T[], bytes: number) => void
}

/** Holds at most one batch: never more than `countMax` items, nor `bytesMax` bytes. */
export class Batcher<T> {
  readonly #limits: BatchLimits
  readonly #options: BatcherOptions<T>
  #items: T[] = []
  #bytes = 0
  #cancelTimer: (() => void) | undefined

  constructor(limits: BatchLimits, options: BatcherOptions<T>) {
    assert(limits.countMax >= 1, `countMax ${limits.countMax}: expected 1 or more`)
    this.#limits = limits
    this.#options = options
  }

  /** Items in the open batch. */
  get count(): number {
    return this.#items.length
  }

  /** Bytes in the open batch. */
  get bytes(): number {
    return this.#bytes
  }

  /** Adds an item; hands over the batch when this fills it, the one before when it has no room. */
  add(item: T): void {
    const { countMax, bytesMax, delayMillisMax } = this.#limits
    const bytes = this.#options.sizeOf(item)
    if (this.#bytes + bytes > bytesMax) this.flush()
    this.#items.push(item)
    this.#bytes += bytes
    if (this.#items.length >= countMax || this.#bytes >= bytesMax) this.flush()
    else this.#cancelTimer ??= this.#options.clock.schedule(delayMillisMax, () => this.flush())
  }

  /** Hands over what has been gathered, if anything. */
  flush(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    if (this.#items.length === 0) return
    const items = this.#items
    const bytes = this.#bytes
    this.#items = []
    this.#bytes = 0
    this.#options.onBatch(items, bytes)
  }
}
