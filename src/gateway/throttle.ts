// At most one item a key and interval, and the newest wins: the first goes out at once, what comes
// too soon waits for its time and is replaced by what comes after it.
import { type Clock, nextDue } from '../base/clock.ts'

/** Holds at most one item a key; the caller keeps the number of keys small. */
export class Throttle<T> {
  intervalMillis: number
  readonly #early: number
  readonly #clock: Clock
  readonly #emit: (key: string, item: T) => void
  readonly #due = new Map<string, number>()
  readonly #pending = new Map<string, T>()
  #cancelTimer: (() => void) | undefined

  /**
   * `early`: the part of an interval by which an item may be early and still go out at once. The
   * rhythm stays, but a source of the same pace that is no clock is not late all the time.
   */
  constructor(
    clock: Clock,
    intervalMillis: number,
    emit: (key: string, item: T) => void,
    early = 0,
  ) {
    this.#clock = clock
    this.#early = early
    this.intervalMillis = intervalMillis
    this.#emit = emit
  }

  offer(key: string, item: T): void {
    const now = this.#clock.monotonic()
    const due = this.#due.get(key) ?? now
    if (now < due - this.#early * this.intervalMillis) {
      this.#pending.set(key, item)
      this.#arm(now)
    } else {
      this.#pending.delete(key)
      this.#release(key, item, due, now)
    }
  }

  /** Forgets what waits and when anything was due. */
  reset(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#due.clear()
    this.#pending.clear()
  }

  #release(key: string, item: T, due: number, now: number): void {
    this.#due.set(key, nextDue(due, now, this.intervalMillis))
    this.#emit(key, item)
  }

  #arm(now: number): void {
    if (this.#cancelTimer !== undefined || this.#pending.size === 0) return
    const soonest = Math.min(...[...this.#pending.keys()].map(key => this.#due.get(key)!))
    this.#cancelTimer = this.#clock.schedule(Math.max(0, soonest - now), () => {
      this.#cancelTimer = undefined
      this.#releaseDue()
    })
  }

  #releaseDue(): void {
    const now = this.#clock.monotonic()
    for (const [key, item] of [...this.#pending]) {
      const due = this.#due.get(key)!
      // Timers may fire a fraction of a millisecond early.
      if (due > now + 0.5) continue
      this.#pending.delete(key)
      this.#release(key, item, due, now)
    }
    this.#arm(now)
  }
}
