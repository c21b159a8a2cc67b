// What the environments went through since the last update, in lock step: one row for each step of
// each environment, `[ticks][environments]`. The arrays are made once and filled again and again.
import { assert } from '../../src/base/assert.ts'
import { estimateAdvantages } from './advantages.ts'

export class Rollout {
  readonly environments: number
  /** Rows: ticks times environments. */
  readonly size: number
  /** `[size][observationSize]`: what each action was chosen by. */
  readonly observations: Float32Array
  readonly actions: Uint8Array
  readonly logProbabilities: Float32Array
  readonly rewards: Float32Array
  /** As `AdvantageInput` says. */
  readonly values: Float32Array
  readonly nextValues: Float32Array
  readonly ended: Uint8Array
  /** Filled by `finish`. */
  readonly advantages: Float32Array
  readonly returns: Float32Array
  readonly #observationSize: number
  #rows = 0

  constructor(ticks: number, environments: number, observationSize: number) {
    this.environments = environments
    this.size = ticks * environments
    this.#observationSize = observationSize
    this.observations = new Float32Array(this.size * observationSize)
    this.actions = new Uint8Array(this.size)
    this.logProbabilities = new Float32Array(this.size)
    this.rewards = new Float32Array(this.size)
    this.values = new Float32Array(this.size)
    this.nextValues = new Float32Array(this.size)
    this.ended = new Uint8Array(this.size)
    this.advantages = new Float32Array(this.size)
    this.returns = new Float32Array(this.size)
  }

  get full(): boolean {
    return this.#rows === this.size
  }

  /** Begins the next tick with what the environments show and the critic expects of it; returns the
   * row of environment 0. */
  beginTick(observations: Float32Array, values: Float32Array): number {
    assert(!this.full, 'a full rollout takes no tick')
    const at = this.#rows
    this.#continue(values)
    this.observations.set(observations, at * this.#observationSize)
    for (let i = 0; i < this.environments; i++) this.values[at + i] = values[i]!
    this.#rows += this.environments
    return at
  }

  /** Estimates the advantages of a full rollout, `values` being what the critic expects of what the
   * environments show now, and begins the next one. */
  finish(values: Float32Array, discount: number, lambda: number): void {
    assert(this.full, 'a rollout is finished when it is full')
    this.#continue(values)
    estimateAdvantages(this, discount, lambda, this.advantages, this.returns)
    this.#rows = 0
  }

  /** What the steps of the newest tick led to, where their episodes go on. */
  #continue(values: Float32Array): void {
    const at = this.#rows - this.environments
    if (at < 0) return
    for (let i = 0; i < this.environments; i++) {
      if (this.ended[at + i] === 0) this.nextValues[at + i] = values[i]!
    }
  }
}
