// Time is handed in. Code that paces, times out or stamps takes a Clock; tests pass a
// SimulatedClock and advance it.

/** A source of time, timers and turns. All times are milliseconds. */
export interface Clock {
  /** Wall-clock time since the Unix epoch; may jump. For stamps and display only. */
  now(): number
  /** Monotonic time from an arbitrary origin; never goes back. For pacing and timeouts. */
  monotonic(): number
  /** Calls `callback` once, `delayMillis` (>= 0) from now. Returns a function that cancels it. */
  schedule(delayMillis: number, callback: () => void): () => void
  /** Resolves when the thread's other work has had its turn. */
  turn(): Promise<void>
}

/** Resolves in `millis`; a pause cannot be cancelled. */
export const pause = (clock: Clock, millis: number): Promise<void> =>
  new Promise(resolve => clock.schedule(millis, resolve))

const JITTER_MILLIS_MAX = 20

/**
 * How much too early something of a rhythm may go. The rhythm itself does not move, so there is one
 * more than it allows at most; and what comes at the same pace, but from no clock, goes as it comes,
 * though it was late when the rhythm began.
 */
export const jitterMillisOf = (intervalMillis: number): number =>
  Math.min(intervalMillis, JITTER_MILLIS_MAX)

/** When something of a rhythm is due next, keeping the rhythm unless it was lost. */
export function nextDue(due: number, now: number, intervalMillis: number): number {
  return now - due > intervalMillis ? now + intervalMillis : due + intervalMillis
}

const nextTurn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** The machine's clock. Timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  monotonic: () => performance.now(),
  schedule(delayMillis, callback) {
    const timer = setTimeout(callback, delayMillis) as unknown as { unref?: () => void }
    timer.unref?.()
    return () => clearTimeout(timer as unknown as ReturnType<typeof setTimeout>)
  },
  turn: nextTurn,
}

type Timer = { readonly at: number; readonly callback: () => void }

/** A clock that moves only when told to; timers fire in order of time, then of creation. */
export class SimulatedClock implements Clock {
  #now: number
  #monotonic = 0
  /** In the order of firing. */
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
    const timer = { at: this.#monotonic + Math.max(0, delayMillis), callback }
    const later = this.#timers.findLastIndex(other => other.at <= timer.at) + 1
    this.#timers.splice(later, 0, timer)
    return () => {
      const index = this.#timers.indexOf(timer)
      if (index >= 0) this.#timers.splice(index, 1)
    }
  }

  /** A turn takes no time. */
  turn(): Promise<void> {
    return nextTurn()
  }

  /** How many timers wait. */
  get pending(): number {
    return this.#timers.length
  }

  /** When the next timer falls due, monotonic milliseconds; undefined when none waits. */
  get nextAt(): number | undefined {
    return this.#timers[0]?.at
  }

  /** Moves time forward to the next timer and fires it, and no other. False when none waits. */
  fireNext(): boolean {
    const due = this.#timers.shift()
    if (due === undefined) return false
    this.#move(Math.max(0, due.at - this.#monotonic))
    due.callback()
    return true
  }

  /** Moves time forward by `millis`, firing every timer that falls due on the way. */
  advance(millis: number): void {
    const end = this.#monotonic + millis
    while (this.nextAt !== undefined && this.nextAt <= end) this.fireNext()
    // A timer that advances the clock itself may have gone further.
    this.#move(Math.max(0, end - this.#monotonic))
  }

  /** Lets time pass with every timer held back, as when a process is stopped: they fire late. */
  sleep(millis: number): void {
    this.#move(millis)
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
