// Proximal policy optimisation (Schulman et al. 2017): some epochs of small steps on each rollout,
// with a policy and a critic that are networks of their own. What an update tells of itself is
// measured, never estimated from something else, and is what Stable-Baselines3 logs (ppo/ppo.py).
import { assert } from '../../src/base/assert.ts'
import type { Random } from '../../src/base/random.ts'
import { Network } from '../learning/network.ts'
import { type PolicyBatch, type PolicyFigures, policyLoss } from './policy-loss.ts'
import type { Rollout } from './rollout.ts'

export type PpoSettings = {
  readonly observationSize: number
  readonly actionCount: number
  readonly hiddenUnits: readonly number[]
  /** Rows of a minibatch; a rollout is a whole number of them. */
  readonly batchSize: number
  /** Passes over each rollout. */
  readonly epochs: number
  readonly discount: number
  /** Of generalised advantage estimation. */
  readonly lambda: number
  readonly entropyWeight: number
  readonly maxGradientNorm: number
}

/** What may change from update to update. */
export type UpdateRates = { readonly learningRate: number; readonly clipRange: number }

/** What an update measured: means over all minibatches, `approxKl` over those of the last epoch. */
export type UpdateFigures = PolicyFigures & {
  /** Mean squared error of the critic. */
  valueLoss: number
  /** The share of the returns' variance that the critic had foreseen: 1 all of it, 0 none, less than
   * 0 worse than a constant. NaN when the returns do not vary. */
  explainedVariance: number
}

/** So small that all actions are about equally likely at first. */
const policyOutputScale = 0.01
const normalizationEpsilon = 1e-8

export class Ppo {
  readonly policy: Network
  readonly #critic: Network
  readonly #settings: PpoSettings
  readonly #random: Random
  readonly #order: Int32Array
  readonly #observations: Float32Array
  readonly #batch: PolicyBatch
  readonly #returns: Float32Array
  readonly #policyGradients: Float32Array
  readonly #valueGradients: Float32Array
  readonly #policyFigures: PolicyFigures = noPolicyFigures()
  readonly #figures: UpdateFigures = { ...noPolicyFigures(), valueLoss: 0, explainedVariance: 0 }

  /** For rollouts of `rolloutSize` rows. */
  constructor(settings: PpoSettings, rolloutSize: number, random: Random) {
    const { observationSize, actionCount, hiddenUnits, batchSize: rows } = settings
    assert(rolloutSize % rows === 0, `${rolloutSize} rows are no whole number of ${rows}`)
    this.#settings = settings
    this.#random = random
    this.policy = new Network(
      [observationSize, ...hiddenUnits, actionCount],
      rows,
      random,
      policyOutputScale,
    )
    this.#critic = new Network([observationSize, ...hiddenUnits, 1], rows, random)
    this.#order = Int32Array.from({ length: rolloutSize }, (_, row) => row)
    this.#observations = new Float32Array(rows * observationSize)
    this.#batch = {
      rows,
      actions: new Uint8Array(rows),
      logProbabilities: new Float32Array(rows),
      advantages: new Float32Array(rows),
    }
    this.#returns = new Float32Array(rows)
    this.#policyGradients = new Float32Array(rows * actionCount)
    this.#valueGradients = new Float32Array(rows)
  }

  /** Of every action for `rows` observations (at most a minibatch), row-major; reused by the next
   * call. */
  logits(observations: Float32Array, rows: number): Float32Array {
    return this.policy.forward(observations, rows)
  }

  /** What the critic expects of `rows` observations; likewise. */
  values(observations: Float32Array, rows: number): Float32Array {
    return this.#critic.forward(observations, rows)
  }

  /** Learns from `rollout`, which was finished. The same object is returned by every call. */
  update(rollout: Rollout, { learningRate, clipRange }: UpdateRates): Readonly<UpdateFigures> {
    const { epochs, batchSize, maxGradientNorm } = this.#settings
    const figures = Object.assign(this.#figures, noPolicyFigures(), { valueLoss: 0 })
    figures.explainedVariance = explainedVariance(rollout.values, rollout.returns)
    const share = batchSize / rollout.size
    for (let epoch = 0; epoch < epochs; epoch++) {
      figures.approxKl = 0
      shuffle(this.#order, this.#random)
      for (let from = 0; from < rollout.size; from += batchSize) {
        this.#gather(rollout, from)
        const policy = this.#measurePolicy(clipRange)
        this.policy.backward(this.#policyGradients, batchSize)
        this.policy.adamStep(learningRate, maxGradientNorm)
        figures.valueLoss += (this.#measureCritic() * share) / epochs
        this.#critic.backward(this.#valueGradients, batchSize)
        this.#critic.adamStep(learningRate, maxGradientNorm)
        figures.approxKl += policy.approxKl * share
        figures.policyLoss += (policy.policyLoss * share) / epochs
        figures.entropy += (policy.entropy * share) / epochs
        figures.clipFraction += (policy.clipFraction * share) / epochs
      }
    }
    return figures
  }

  /** Fills the minibatch with the rows that stand in the order from `from` on. */
  #gather(rollout: Rollout, from: number): void {
    const { rows, actions, logProbabilities, advantages } = this.#batch
    const { observationSize } = this.#settings
    for (let row = 0; row < rows; row++) {
      const source = this.#order[from + row]!
      for (let i = 0; i < observationSize; i++) {
        const value = rollout.observations[source * observationSize + i]!
        this.#observations[row * observationSize + i] = value
      }
      actions[row] = rollout.actions[source]!
      logProbabilities[row] = rollout.logProbabilities[source]!
      advantages[row] = rollout.advantages[source]!
      this.#returns[row] = rollout.returns[source]!
    }
    normalize(advantages)
  }

  #measurePolicy(clipRange: number): PolicyFigures {
    const { actionCount, entropyWeight } = this.#settings
    const logits = this.policy.forward(this.#observations, this.#batch.rows)
    const settings = { actionCount, clipRange, entropyWeight }
    policyLoss(this.#batch, settings, logits, this.#policyGradients, this.#policyFigures)
    return this.#policyFigures
  }

  /** Mean squared error; the gradients are those of half of it, as Stable-Baselines3 weights it. */
  #measureCritic(): number {
    const { rows } = this.#batch
    const values = this.#critic.forward(this.#observations, rows)
    let loss = 0
    for (let row = 0; row < rows; row++) {
      const error = values[row]! - this.#returns[row]!
      loss += (error * error) / rows
      this.#valueGradients[row] = error / rows
    }
    return loss
  }
}

const noPolicyFigures = (): PolicyFigures => ({
  policyLoss: 0,
  entropy: 0,
  approxKl: 0,
  clipFraction: 0,
})

function shuffle(order: Int32Array, random: Random): void {
  for (let last = order.length - 1; last > 0; last--) {
    const other = random.below(last + 1)
    const held = order[last]!
    order[last] = order[other]!
    order[other] = held
  }
}

/** To mean 0 and standard deviation 1. */
function normalize(numbers: Float32Array): void {
  const { mean, variance } = momentsOf(numbers)
  const deviation = Math.sqrt((variance * numbers.length) / (numbers.length - 1))
  const scale = 1 / (deviation + normalizationEpsilon)
  for (let i = 0; i < numbers.length; i++) numbers[i] = (numbers[i]! - mean) * scale
}

/** 1 - Var(returns - values) / Var(returns). */
export function explainedVariance(values: Float32Array, returns: Float32Array): number {
  const { variance } = momentsOf(returns)
  const errors = momentsOf(returns.map((expected, i) => expected - values[i]!))
  return variance === 0 ? Number.NaN : 1 - errors.variance / variance
}

function momentsOf(numbers: Float32Array): { mean: number; variance: number } {
  let sum = 0
  for (let i = 0; i < numbers.length; i++) sum += numbers[i]!
  const mean = sum / numbers.length
  let squares = 0
  for (let i = 0; i < numbers.length; i++) squares += (numbers[i]! - mean) ** 2
  return { mean, variance: squares / numbers.length }
}
