// Chance for the simulation: everything that is drawn, is drawn from one seed.
import { type Random, seededRandom } from '../../src/base/random.ts'

export class Chance {
  readonly random: Random

  constructor(seed: number) {
    this.random = seededRandom(seed)
  }

  /** True once in so many times. */
  onceIn(times: number): boolean {
    return this.random.below(times) === 0
  }

  /** An integer from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.random.below(high - low + 1)
  }

  pick<T>(items: readonly T[]): T {
    return items[this.random.below(items.length)]!
  }

  /** The items in another order. */
  shuffle<T>(items: readonly T[]): T[] {
    const left = [...items]
    return items.map(() => left.splice(this.random.below(left.length), 1)[0]!)
  }
}
