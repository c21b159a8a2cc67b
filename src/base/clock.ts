// Time is handed in. Code that paces, times out or stamps takes a Clock; tests pass a
// SimulatedClock and advance it.

/** A source of time and timers. All times are milliseconds. */
export interface Clock {
  /** Wall-clock time since the Unix epoch; may jump. For stamps and display only. */
  now(): number
  /** Monotonic time from an arbitrary origin; never goes back. For pacing and timeouts. */
  monotonic(): number
  /** Calls `callback` once, `delayMillis` (>= 0) from now. Returns a function that cancels it. */
  schedule(delayMillis: number, callback: () => void): () => void
}

/** The machine's clock. Timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  monotonic: () => performance.now(),
  schedule(delayMillis, callback) {
    const timer = setTimeout(callback, delayMillis) as unknown as { unref?: () => void }
    timer.unref?.()
    return () => clearTimeout(timer as unknown as ReturnType<typeof setTimeout>)
  },
}

type Timer = { at: number; order: number; callback: () => void }

/** A clock that moves only when told to; timers fire in order of time, then of creation. */
export class SimulatedClock implements Clock {
  #now: number
  #monotonic = 0
  #order = 0
  #timers: Timer[] = []

  constructor(startMillis = 1_700_000_000_000) {
    this.#now = startMillis
  }

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#monotonic
  }

  schedule(delayMillis: number, callback: () => void): () => void {
    const timer = { at: this.#monotonic + Math.max(0, delayMillis), order: this.#order++, callback }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter(other => other !== timer)
    }
  }

  /** How many timers wait. */
  get pending(): number {
    return this.#timers.length
  }

  /** Moves time forward by `millis`, firing every timer that falls due on the way. */
  advance(millis: number): void {
    const end = this.#monotonic + millis
    for (;;) {
      const due = this.#timers
        .filter(timer => timer.at <= end)
        .sort((a, b) => a.at - b.at || a.order - b.order)[0]
      if (!due) break
      this.#timers = this.#timers.filter(timer => timer !== due)
      this.#move(Math.max(0, due.at - this.#monotonic))
      due.callback()
    }
    // A timer that advances the clock itself may have gone further.
    this.#move(Math.max(0, end - this.#monotonic))
  }

  /** Makes the wall clock jump without moving monotonic time or firing timers. */
  jumpWall(millis: number): void {
    this.#now += millis
  }

  #move(millis: number): void {
    this.#now += millis
    this.#monotonic += millis
  }
}
