// When the next ticks of a training are due, so that a person can watch it. The pace decides only
// when something is computed, never what.
import { setImmediate, setTimeout } from 'node:timers/promises'

const SLICE_MILLIS = 10
/** What a slow machine has fallen behind by more than this is forgiven, not caught up with. */
const BEHIND_MILLIS_MAX = 100

/** Lets a loop go on in slices of some milliseconds, other work in between. */
export class Pace {
  readonly #ticksPerSecond: number | null
  readonly #mustWait: () => boolean
  #due = 0
  #dueAt = performance.now()
  #sliceEnd = 0
  #waits = false

  /** Null: as fast as the machine can. A slice that begins while `mustWait` says so has no ticks. */
  constructor(ticksPerSecond: number | null, mustWait: () => boolean) {
    this.#ticksPerSecond = ticksPerSecond
    this.#mustWait = mustWait
  }

  /** Waits for the next slice. */
  async nextSlice(): Promise<void> {
    const isFree = this.#ticksPerSecond === null && !this.#waits
    await (isFree ? setImmediate() : setTimeout(SLICE_MILLIS))
    this.#waits = this.#mustWait()
    const now = performance.now()
    const passedMillis = Math.min(BEHIND_MILLIS_MAX, now - this.#dueAt)
    if (!this.#waits) this.#due += (passedMillis * (this.#ticksPerSecond ?? 0)) / 1000
    this.#dueAt = now
    this.#sliceEnd = now + SLICE_MILLIS
  }

  /** True when another tick is due in this slice; it counts as taken. */
  takeTick(): boolean {
    if (this.#waits || performance.now() >= this.#sliceEnd) return false
    if (this.#ticksPerSecond === null) return true
    if (this.#due < 1) return false
    this.#due--
    return true
  }
}
