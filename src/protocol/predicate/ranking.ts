// The returns of all episodes that ended, in order, so that an episode's place is found in the time
// of a binary search. 8 bytes an episode; episodes whose return is no number take the last places.
import type { EpisodeRow } from '../projection.ts'

export class Ranking {
  /** In ascending order. */
  #returns = new Float64Array(64)
  #count = 0

  /** Adds an episode and tells its place among those before it. */
  add(row: EpisodeRow): { readonly better: number; readonly worse: number } {
    const value = Number.isNaN(row.totalReward) ? Number.NEGATIVE_INFINITY : row.totalReward
    const below = this.#position(value, false)
    const upTo = this.#position(value, true)
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

  /** How many are smaller than `value`, or not greater when `inclusive`. */
  #position(value: number, inclusive: boolean): number {
    let low = 0
    let high = this.#count
    while (low < high) {
      const middle = (low + high) >>> 1
      const other = this.#returns[middle]!
      if (other < value || (inclusive && other === value)) low = middle + 1
      else high = middle
    }
    return low
  }
}

/**
 * The places of all episodes of a run that is over, by their returns in the order of the episodes:
 * as `Subject` has them.
 */
export function rankAll(returns: Float64Array): (at: number) => { better: number; worse: number } {
  const values = returns.map(value => (Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value))
  const placesBy = (sign: 1 | -1): Uint32Array => {
    const order = Uint32Array.from(values, (_, at) => at)
    // Infinity - Infinity is NaN: compared, not subtracted.
    order.sort((a, b) => {
      const [x, y] = [sign * values[a]!, sign * values[b]!]
      return x === y ? a - b : x < y ? -1 : 1
    })
    const places = new Uint32Array(order.length)
    for (const [place, at] of order.entries()) places[at] = place
    return places
  }
  const better = placesBy(-1)
  const worse = placesBy(1)
  return at => ({ better: better[at]!, worse: worse[at]! })
}
