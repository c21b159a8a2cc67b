// Epsilon-greedy exploration by excursions: an exploring agent walks to a random cell and tries
// what is there, instead of stumbling for one step. Single random steps stay near the path that the
// policy walks anyway: with them a new stage's place was used once in 42 000 steps, and the agent
// never learned what it is for.
import type { Random } from '../../src/base/random.ts'
import { actions, gridSize, type World } from './world.ts'

/** Mean steps of an excursion on this grid: the walk and the try at its end. */
const excursionSteps = 6.3
/** How often an excursion that passes an open place tries it. */
const tryRate = 0.5

/** Decides when one environment's agent explores, and what it then does. */
export class Explorer {
  readonly #random: Random
  #exploring = false
  #goalX = 0
  #goalY = 0

  constructor(random: Random) {
    this.#random = random
  }

  /** Breaks off the excursion; call it when an episode begins. */
  reset(): void {
    this.#exploring = false
  }

  /** The exploring action, or -1 to act greedily. `epsilon` is the share of exploring steps. */
  next(world: World, epsilon: number): number {
    if (!this.#exploring) {
      const startRate = epsilon / (excursionSteps * (1 - epsilon) + epsilon)
      if (this.#random.next() >= startRate) return -1
      this.#exploring = true
      this.#goalX = this.#random.below(gridSize)
      this.#goalY = this.#random.below(gridSize)
    }
    if (world.place !== undefined && this.#random.next() < tryRate) return actions.use
    return this.#walk(world)
  }

  #walk({ position: [x, y] }: World): number {
    const dx = this.#goalX - x
    const dy = this.#goalY - y
    if (dx === 0 && dy === 0) {
      this.#exploring = false
      return this.#random.next() < 0.5 ? actions.use : actions.wait
    }
    const alongX = dy === 0 || (dx !== 0 && this.#random.next() < 0.5)
    if (alongX) return dx > 0 ? actions.right : actions.left
    return dy > 0 ? actions.down : actions.up
  }
}
