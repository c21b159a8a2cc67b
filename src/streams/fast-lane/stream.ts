// What of one layout is wanted, as its producer sees it: one load a frame while nobody watches, and
// never more frames than were wished for.
import { jitterMillisOf, nextDue } from '../../base/clock.ts'
import { wordOfRate } from './layout.ts'

/** Frames a second of one layout that a producer agrees to, whatever is wished for. */
export interface RateBounds {
  readonly min: number
  readonly max: number
}

/** The wishes for one layout, and their rhythm. */
export class LaneStream {
  readonly #words: Int32Array
  readonly #word: number
  readonly #bounds: RateBounds
  #due = 0

  constructor(words: Int32Array, layout: number, bounds: RateBounds) {
    this.#words = words
    this.#word = wordOfRate(layout)
    this.#bounds = bounds
  }

  /**
   * Whether a frame at `now` (milliseconds that never go back) is wanted and due. True takes the
   * turn: over any time there are at most as many turns as were wished for, and two.
   */
  isDue(now: number): boolean {
    const rate = Atomics.load(this.#words, this.#word)
    return rate !== 0 && this.#takeTurn(rate / 1000, now)
  }

  #takeTurn(wished: number, now: number): boolean {
    const intervalMillis = 1000 / Math.min(this.#bounds.max, Math.max(this.#bounds.min, wished))
    const jitter = jitterMillisOf(intervalMillis)
    // The turn after a slower wish may be far away.
    const due = Math.min(this.#due, now + intervalMillis + jitter)
    this.#due = due
    if (now < due - jitter) return false
    this.#due = nextDue(due, now, intervalMillis)
    return true
  }
}
