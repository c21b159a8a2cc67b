// The returns of all episodes that ended, in order, so that an episode's place is found in the time
// of a binary search. 8 bytes an episode; episodes whose return is no number take the last places.
import type { EpisodeRow } from '../projection.ts'

/** The place of an episode that counts for nothing. */
export const noPlace = { better: Infinity, worse: Infinity } as const

export class Ranking {
  /** In ascending order. */
  #returns = new Float64Array(64)
  #count = 0

  /** Adds an episode and tells its place among those before it. */
  add(row: EpisodeRow): { readonly better: number; readonly worse: number } {
    const value = Number.isNaN(row.totalReward) ? Number.NEGATIVE_INFINITY : row.totalReward
    const below = countBelow(this.#returns, this.#count, value, false)
    const upTo = countBelow(this.#returns, this.#count, value, true)
    if (this.#count === this.#returns.length) {
      const larger = new Float64Array(2 * this.#count)
      larger.set(this.#returns)
      this.#returns = larger
    }
    this.#returns.copyWithin(upTo + 1, upTo, this.#count)
    this.#returns[upTo] = value
    this.#count++
    return { better: this.#count - 1 - below, worse: upTo }
  }
}

/**
 * The places of all episodes of a run that is over, by their returns in the order of the episodes:
 * as `Subject` has them.
 */
export function rankAll(returns: Float64Array): (at: number) => { better: number; worse: number } {
  const values = returns.map(value => (Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value))
  const sorted = values.toSorted()
  const better = new Uint32Array(values.length)
  const worse = new Uint32Array(values.length)
  /** How many of the same value came before, kept where the first of them is in `sorted`. */
  const before = new Uint32Array(values.length)
  for (const [at, value] of values.entries()) {
    const below = countBelow(sorted, sorted.length, value, false)
    const earlier = before[below]!++
    better[at] = sorted.length - countBelow(sorted, sorted.length, value, true) + earlier
    worse[at] = below + earlier
  }
  return at => ({ better: better[at]!, worse: worse[at]! })
}

/** How many of the first `count` are smaller than `value`, or not greater when `inclusive`. */
function countBelow(
  sorted: Float64Array,
  count: number,
  value: number,
  inclusive: boolean,
): number {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >>> 1
    const other = sorted[middle]!
    if (other < value || (inclusive && other === value)) low = middle + 1
    else high = middle
  }
  return low
}
