// At most one item an interval, and the newest wins: the first goes out at once, what comes too soon
// waits for its time and is replaced by what comes after it.
import { type Clock, nextDue } from '../base/clock.ts'

interface Pending<T> {
  readonly item: T
}

/** Holds at most one item. */
export class Throttle<T> {
  intervalMillis: number
  readonly #early: number
  readonly #clock: Clock
  readonly #emit: (item: T) => void
  /** When the next item is; undefined before the first. */
  #due: number | undefined
  #pending: Pending<T> | undefined
  #cancelTimer: (() => void) | undefined

  /**
   * `early`: the part of an interval by which an item may be early and still go out at once. The
   * rhythm stays, but a source of the same pace that is no clock is not late all the time.
   */
  constructor(clock: Clock, intervalMillis: number, emit: (item: T) => void, early = 0) {
    this.#clock = clock
    this.#early = early
    this.intervalMillis = intervalMillis
    this.#emit = emit
  }

  offer(item: T): void {
    const now = this.#clock.monotonic()
    const due = this.#due ?? now
    if (now < due - this.#early * this.intervalMillis) {
      this.#pending = { item }
      this.#arm(now, due)
    } else this.#release(item, due, now)
  }

  /** Forgets what waits and when anything was due. */
  reset(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#due = undefined
    this.#pending = undefined
  }

  #release(item: T, due: number, now: number): void {
    this.#pending = undefined
    this.#due = nextDue(due, now, this.intervalMillis)
    this.#emit(item)
  }

  #arm(now: number, due: number): void {
    this.#cancelTimer ??= this.#clock.schedule(Math.max(0, due - now), () => {
      this.#cancelTimer = undefined
      this.#releaseDue()
    })
  }

  #releaseDue(): void {
    if (this.#pending === undefined) return
    const now = this.#clock.monotonic()
    const due = this.#due ?? now
    // Timers may fire a fraction of a millisecond early.
    if (due > now + 0.5) this.#arm(now, due)
    else this.#release(this.#pending.item, due, now)
  }
}
