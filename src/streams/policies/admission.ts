// The seam between a channel and its policy. A policy decides one thing: what gives way when an
// item is offered to a full queue. The channel keeps the books around it.
import type { Clock } from '../../base/clock.ts'
import type { BoundedQueue, Entry } from '../bounded-queue.ts'

/**
 * - `accepted`: the item is in (another may have given way; that one is counted as dropped).
 * - `full`: not taken, not counted; it is still the caller's, who may offer it again.
 * - `dropped`: given up and counted.
 * - `closed`: the channel is closed, or this offer closed it (`disconnect`); counted as dropped.
 */
export type OfferResult = 'accepted' | 'full' | 'dropped' | 'closed'

/** What a policy works on. It counts items that were in and gave way, and items that spill. */
export interface AdmissionContext<T> {
  readonly queue: BoundedQueue<T>
  readonly clock: Clock
  readonly keyOf: ((item: T) => string | number) | undefined
  readonly counters: { dropped: number; spilled: number }
  /** Told of each item that was in and gave way. */
  readonly onDropped: ((item: T) => void) | undefined
}

/** One policy at work on one channel. */
export interface Admission<T> {
  /** Decides about an item that is not larger than the queue's bytesMax. */
  admit(item: T, bytes: number): OfferResult
  /** Told of every entry that was taken out at the other end. */
  taken?(entry: Entry<T>): void
  /** Where items wait that do not fit into the queue; only `spill` has one. */
  readonly overflow?: BoundedQueue<T>
}
