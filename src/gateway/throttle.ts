// At most one item an interval, and the newest wins: the first goes out at once, what comes too soon
// waits for its time and is replaced by what comes after it.
import { type Clock, jitterMillisOf, nextDue } from '../base/clock.ts'

interface Pending<T> {
  readonly item: T
}

/** Holds at most one item. */
export class Throttle<T> {
  intervalMillis: number
  readonly #allowsJitter: boolean
  readonly #clock: Clock
  readonly #emit: (item: T) => void
  /** When the next item is; undefined before the first. */
  #due: number | undefined
  #pending: Pending<T> | undefined
  #cancelTimer: (() => void) | undefined

  /**
   * `allowsJitter`: an item may be a little early (`jitterMillisOf`) and still go out at once, so that a
   * source of the same pace is not kept waiting all the time.
   */
  constructor(
    clock: Clock,
    intervalMillis: number,
    emit: (item: T) => void,
    { allowsJitter = false } = {},
  ) {
    this.#clock = clock
    this.#allowsJitter = allowsJitter
    this.intervalMillis = intervalMillis
    this.#emit = emit
  }

  offer(item: T): void {
    const now = this.#clock.monotonic()
    const due = this.#due ?? now
    const from = this.#from(due)
    if (now < from) {
      this.#pending = { item }
      this.#arm(now, from)
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

  #from(due: number): number {
    return this.#allowsJitter ? due - jitterMillisOf(this.intervalMillis) : due
  }

  #arm(now: number, from: number): void {
    this.#cancelTimer ??= this.#clock.schedule(Math.max(0, from - now), () => {
      this.#cancelTimer = undefined
      this.#releaseDue()
    })
  }

  #releaseDue(): void {
    if (this.#pending === undefined) return
    const now = this.#clock.monotonic()
    const due = this.#due ?? now
    const from = this.#from(due)
    // Timers may fire a fraction of a millisecond early.
    if (from > now + 0.5) this.#arm(now, from)
    else this.#release(this.#pending.item, due, now)
  }
}
