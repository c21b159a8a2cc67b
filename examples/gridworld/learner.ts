// Double DQN (van Hasselt et al. 2016): the online network chooses the next action, the slowly
// following target network values it, and the Huber loss keeps single surprises from ruling.
import type { Random } from '../../src/base/random.ts'
import { Network } from '../learning/network.ts'
import type { Batch } from './replay-buffer.ts'

type LearnerOptions = {
  readonly observationSize: number
  readonly actionCount: number
  readonly hiddenUnits: number
  readonly batchSize: number
  readonly learningRate: number
  /** The share of the way that the target network moves to the online one at each update. */
  readonly targetRate: number
  readonly random: Random
}

/** What an update measured; the same object is returned by every update of a learner. */
type UpdateResult = {
  /** Mean Huber loss of the batch. */
  loss: number
  /** Mean of |TD error| over the batch. */
  tdError: number
  /** Mean value of the actions taken, by the online network. */
  meanQ: number
}

const maxGradientNorm = 10

/** Learns the values of actions from batches of transitions. */
export class Learner {
  readonly online: Network
  readonly learningRate: number
  updates = 0
  readonly #target: Network
  readonly #targetRate: number
  readonly #actionCount: number
  readonly #goals: Float32Array
  readonly #outputGradients: Float32Array
  readonly #result: UpdateResult = { loss: 0, tdError: 0, meanQ: 0 }

  constructor(options: LearnerOptions) {
    const { observationSize, actionCount, hiddenUnits, batchSize, random } = options
    const sizes = [observationSize, hiddenUnits, hiddenUnits, actionCount]
    this.online = new Network(sizes, batchSize, random)
    this.#target = new Network(sizes, batchSize, random)
    this.#target.parameters.set(this.online.parameters)
    this.learningRate = options.learningRate
    this.#targetRate = options.targetRate
    this.#actionCount = actionCount
    this.#goals = new Float32Array(batchSize)
    this.#outputGradients = new Float32Array(batchSize * actionCount)
  }

  /** The values of every action for `rows` observations, row-major; reused by the next call. */
  qValues(observations: Float32Array, rows: number): Float32Array {
    return this.online.forward(observations, rows)
  }

  /** One gradient step on `batch`. */
  update(batch: Batch): UpdateResult {
    this.#measureGoals(batch)
    const values = this.online.forward(batch.observations, batch.rows)
    const result = this.#result
    result.loss = 0
    result.tdError = 0
    result.meanQ = 0
    this.#outputGradients.fill(0)
    for (let row = 0; row < batch.rows; row++) {
      const at = row * this.#actionCount + batch.actions[row]!
      const error = values[at]! - this.#goals[row]!
      const size = Math.abs(error)
      result.loss += (size <= 1 ? 0.5 * error * error : size - 0.5) / batch.rows
      result.tdError += size / batch.rows
      result.meanQ += values[at]! / batch.rows
      this.#outputGradients[at] = Math.max(-1, Math.min(1, error)) / batch.rows
    }
    this.online.backward(this.#outputGradients, batch.rows)
    this.online.adamStep(this.learningRate, maxGradientNorm)
    this.#followOnline()
    this.updates++
    return result
  }

  #measureGoals(batch: Batch): void {
    const online = this.online.forward(batch.nextObservations, batch.rows)
    const target = this.#target.forward(batch.nextObservations, batch.rows)
    for (let row = 0; row < batch.rows; row++) {
      const best = row * this.#actionCount + greedyAction(online, row, this.#actionCount)
      this.#goals[row] = batch.rewards[row]! + batch.discounts[row]! * target[best]!
    }
  }

  #followOnline(): void {
    const from = this.online.parameters
    const to = this.#target.parameters
    for (let i = 0; i < to.length; i++) to[i] = to[i]! + this.#targetRate * (from[i]! - to[i]!)
  }
}

/** The index of the largest of the `count` values of row `row`; the first of equals. */
export function greedyAction(values: Float32Array, row: number, count: number): number {
  const from = row * count
  let best = 0
  for (let action = 1; action < count; action++) {
    if (values[from + action]! > values[from + best]!) best = action
  }
  return best
}
