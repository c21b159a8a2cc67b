// The newest transitions in flat arrays: a ring that overwrites the oldest. Sampling is uniform and
// with replacement, by the generator that is handed in.
import { assert } from '../../src/base/assert.ts'
import type { Random } from '../../src/base/random.ts'

/** A batch of transitions, row-major; filled by `sample` and owned by whoever made it. */
export type Batch = {
  readonly rows: number
  readonly observations: Float32Array
  readonly nextObservations: Float32Array
  readonly actions: Uint8Array
  readonly rewards: Float32Array
  /** The weight of the next observation's value: 0 after death, when nothing is worth anything. */
  readonly discounts: Float32Array
}

/** A batch of `rows` transitions of zeros. */
export function createBatch(rows: number, observationSize: number): Batch {
  return {
    rows,
    observations: new Float32Array(rows * observationSize),
    nextObservations: new Float32Array(rows * observationSize),
    actions: new Uint8Array(rows),
    rewards: new Float32Array(rows),
    discounts: new Float32Array(rows),
  }
}

/** Holds at most `capacity` transitions. */
export class ReplayBuffer {
  readonly capacity: number
  readonly #rows: Batch
  readonly #observationSize: number
  #next = 0
  #size = 0

  constructor(capacity: number, observationSize: number) {
    this.capacity = capacity
    this.#observationSize = observationSize
    this.#rows = createBatch(capacity, observationSize)
  }

  get size(): number {
    return this.#size
  }

  /** Copies one transition in, over the oldest when full. */
  append(
    observation: Float32Array,
    action: number,
    reward: number,
    nextObservation: Float32Array,
    discount: number,
  ): void {
    const row = this.#next
    const at = row * this.#observationSize
    this.#rows.observations.set(observation, at)
    this.#rows.nextObservations.set(nextObservation, at)
    this.#rows.actions[row] = action
    this.#rows.rewards[row] = reward
    this.#rows.discounts[row] = discount
    this.#next = (row + 1) % this.capacity
    this.#size = Math.min(this.capacity, this.#size + 1)
  }

  /** Fills `batch` with transitions drawn uniformly. Asserts that the buffer is not empty. */
  sample(batch: Batch, random: Random): void {
    assert(this.#size > 0, 'cannot sample from an empty replay buffer')
    const width = this.#observationSize
    for (let row = 0; row < batch.rows; row++) {
      const drawn = random.below(this.#size)
      const from = drawn * width
      const { observations, nextObservations, actions, rewards, discounts } = this.#rows
      batch.observations.set(observations.subarray(from, from + width), row * width)
      batch.nextObservations.set(nextObservations.subarray(from, from + width), row * width)
      batch.actions[row] = actions[drawn]!
      batch.rewards[row] = rewards[drawn]!
      batch.discounts[row] = discounts[drawn]!
    }
  }
}
