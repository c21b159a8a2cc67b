// PPO on cart-poles in lock step: every tick steps all environments once, and after so many ticks the
// policy is updated. Hooks are called synchronously; what they are handed is reused by the next
// call. Everything follows the seed and the count of ticks: the trainer reads no clock and never
// waits.
import { assert } from '../../src/base/assert.ts'
import { type Random, seededRandom } from '../../src/base/random.ts'
import { type LinearSchedule, RecentMean, scheduledValue } from '../learning/schedule.ts'
import {
  actionNames,
  angleLimit,
  CartPole,
  observationSize,
  positionLimit,
  solvedReturn,
} from './cart-pole.ts'
import { drawAction, logNormalizer } from './categorical.ts'
import { Commentary, type Remark } from './commentary.ts'
import { Ppo, type UpdateFigures, type UpdateRates } from './ppo.ts'
import { Rollout } from './rollout.ts'
import type {
  EpisodeBegin,
  EpisodeEnd,
  StepTaken,
  TrainerHooks,
  TrainerMetrics,
} from './trainer-hooks.ts'

type TrainerOptions = {
  readonly seed: number
  /** Default 8; an even number, so that a rollout is a whole number of minibatches, and 64 at most: a
   * tick asks the networks for all at once. */
  readonly environments?: number
}

export type Trainer = {
  /** The environments; read-only for callers. */
  readonly carts: readonly CartPole[]
  /** Environment steps taken, all environments together. */
  readonly globalStep: number
  /** The policy's weights, for hashing and saving. */
  readonly parameters: Float32Array
  /** Steps every environment once, and learns when it is time. */
  tick(hooks?: TrainerHooks): void
}

/**
 * 8 environments with 32 steps each between two updates are those of rl-baselines3-zoo
 * (hyperparams/ppo.yml, CartPole-v1), as is that rates fall over 100 000 steps; minibatches, discount,
 * lambda, first clip range, entropy weight and gradient norm the defaults of Stable-Baselines3's PPO.
 * Network, epochs and learning rate were found here: with them eight seeds of eight are solved after
 * 60 000 to 68 000 steps, with a third of the arithmetic of the zoo's.
 */
const ppoSettings = {
  observationSize,
  actionCount: actionNames.length,
  hiddenUnits: [64],
  batchSize: 64,
  epochs: 8,
  discount: 0.99,
  lambda: 0.95,
  entropyWeight: 0,
  maxGradientNorm: 0.5,
} as const
const rolloutTicks = 32
/** Neither falls to 0, because this training has no end. */
const learningRate: LinearSchedule = { from: 2.5e-3, to: 1e-4, steps: 100_000 }
const clipRange: LinearSchedule = { from: 0.2, to: 0.05, steps: 100_000 }
/** Gymnasium judges by the mean over so many episodes. */
const recentEpisodes = 100

/** One environment with what the trainer remembers of its episode. */
type Seat = { readonly cart: CartPole; return: number; playing: boolean }

/** Makes a trainer; the first tick begins the first episodes. */
export function createTrainer(options: TrainerOptions): Trainer {
  return new CartPoleTrainer(options)
}

class CartPoleTrainer implements Trainer {
  readonly carts: readonly CartPole[]
  globalStep = 0
  readonly #random: Random
  readonly #seats: Seat[]
  /** `[environments][observationSize]`: what the policy sees next. */
  readonly #observations: Float32Array
  readonly #lastObservation = new Float32Array(observationSize)
  readonly #rollout: Rollout
  readonly #ppo: Ppo
  readonly #lengths = new RecentMean(recentEpisodes)
  readonly #returns = new RecentMean(recentEpisodes)
  readonly #commentary = new Commentary({ solvedReturn, episodes: recentEpisodes })
  readonly #begin: EpisodeBegin = { seed: 0 }
  readonly #step: StepTaken = {
    action: 0,
    reward: 0,
    terminated: false,
    truncated: false,
    logits: new Float32Array(actionNames.length),
    observation: new Float32Array(observationSize),
    position: [0],
    meters: { balance: 1, room: 1, push_right: 0.5, expected: 0 },
  }
  readonly #end: EpisodeEnd = { reason: '', steps: 0, return: 0 }
  #episodes = 0
  #epochs = 0

  constructor({ seed, environments = 8 }: TrainerOptions) {
    const { batchSize } = ppoSettings
    const fits = environments >= 2 && environments <= batchSize && environments % 2 === 0
    assert(fits, `environments must be an even number from 2 to ${batchSize}, got ${environments}`)
    this.#random = seededRandom(seed)
    this.#rollout = new Rollout(rolloutTicks, environments, observationSize)
    this.#ppo = new Ppo(ppoSettings, this.#rollout.size, this.#random)
    this.#observations = new Float32Array(environments * observationSize)
    this.#seats = Array.from({ length: environments }, () => ({
      cart: new CartPole(),
      return: 0,
      playing: false,
    }))
    this.carts = this.#seats.map(seat => seat.cart)
  }

  get parameters(): Float32Array {
    return this.#ppo.policy.parameters
  }

  tick(hooks: TrainerHooks = {}): void {
    const seats = this.#seats
    for (let index = 0; index < seats.length; index++) {
      if (!seats[index]!.playing) this.#beginEpisode(index, hooks)
    }
    const logits = this.#ppo.logits(this.#observations, seats.length)
    const values = this.#ppo.values(this.#observations, seats.length)
    const row = this.#rollout.beginTick(this.#observations, values)
    for (let index = 0; index < seats.length; index++) this.#play(index, row + index, logits, hooks)
    if (this.#rollout.full) this.#learn(hooks)
  }

  #beginEpisode(index: number, hooks: TrainerHooks): void {
    const seat = this.#seats[index]!
    this.#begin.seed = this.#random.below(0x1_0000_0000)
    seat.cart.reset(seededRandom(this.#begin.seed))
    seat.return = 0
    seat.playing = true
    this.#observations.set(seat.cart.state, index * observationSize)
    hooks.onBegin?.(index, this.#begin)
  }

  /** Takes the step of one environment, by its row of `logits`, into `row` of the rollout. */
  #play(index: number, row: number, logits: Float32Array, hooks: TrainerHooks): void {
    const seat = this.#seats[index]!
    const { cart } = seat
    const at = index * actionNames.length
    const normalizer = logNormalizer(logits, at, actionNames.length)
    const action = drawAction(logits, at, actionNames.length, normalizer, this.#random)
    const { reward, terminated, truncated } = cart.step(action)
    const rollout = this.#rollout
    rollout.actions[row] = action
    rollout.logProbabilities[row] = logits[at + action]! - normalizer
    rollout.rewards[row] = reward
    rollout.ended[row] = terminated || truncated ? 1 : 0
    seat.return += reward
    this.globalStep++
    if (hooks.onStep) {
      this.#describeStep(index, row, logits, normalizer)
      const step = this.#step
      step.action = action
      step.reward = reward
      step.terminated = terminated
      step.truncated = truncated
      hooks.onStep(index, step)
    }
    if (terminated || truncated) {
      rollout.nextValues[row] = terminated ? 0 : this.#valueOf(cart)
      this.#endEpisode(index, hooks)
    } else this.#observations.set(cart.state, index * observationSize)
  }

  #describeStep(index: number, row: number, logits: Float32Array, normalizer: number): void {
    const { cart } = this.#seats[index]!
    const { logits: told, observation, position, meters } = this.#step
    const at = index * actionNames.length
    for (let i = 0; i < actionNames.length; i++) told[i] = logits[at + i]!
    for (let i = 0; i < observationSize; i++) {
      observation[i] = this.#observations[index * observationSize + i]!
    }
    position[0] = cart.state[0]!
    meters.balance = Math.max(0, 1 - Math.abs(cart.state[2]!) / angleLimit)
    meters.room = Math.max(0, 1 - Math.abs(cart.state[0]!) / positionLimit)
    meters.push_right = Math.exp(logits[at + 1]! - normalizer)
    meters.expected = this.#rollout.values[row]! * (1 - ppoSettings.discount)
  }

  /** What the critic expects of a state after which only the clock ended the episode. */
  #valueOf({ state }: CartPole): number {
    this.#lastObservation.set(state)
    return this.#ppo.values(this.#lastObservation, 1)[0]!
  }

  #endEpisode(index: number, hooks: TrainerHooks): void {
    const seat = this.#seats[index]!
    const { cart } = seat
    seat.playing = false
    this.#episodes++
    this.#lengths.append(cart.steps)
    this.#returns.append(seat.return)
    const end = this.#end
    end.reason = cart.failure ?? 'time limit'
    end.steps = cart.steps
    end.return = seat.return
    hooks.onEnd?.(index, end)
    this.#remark(this.#commentary.episodeEnded(seat.return, this.globalStep), hooks)
  }

  #learn(hooks: TrainerHooks): void {
    const rates = {
      learningRate: scheduledValue(learningRate, this.globalStep),
      clipRange: scheduledValue(clipRange, this.globalStep),
    }
    const { discount, lambda, epochs } = ppoSettings
    const values = this.#ppo.values(this.#observations, this.#seats.length)
    this.#rollout.finish(values, discount, lambda)
    const figures = this.#ppo.update(this.#rollout, rates)
    this.#epochs += epochs
    hooks.onMetrics?.(this.#metricsOf(figures, rates), this.globalStep)
    this.#remark(this.#commentary.updated(figures), hooks)
  }

  #metricsOf(figures: UpdateFigures, { learningRate, clipRange }: UpdateRates): TrainerMetrics {
    return {
      'rollout/ep_len_mean': this.#lengths.mean,
      'rollout/ep_rew_mean': this.#returns.mean,
      'train/approx_kl': figures.approxKl,
      'train/clip_fraction': figures.clipFraction,
      'train/entropy': figures.entropy,
      'train/policy_gradient_loss': figures.policyLoss,
      'train/value_loss': figures.valueLoss,
      'train/explained_variance': figures.explainedVariance,
      'train/learning_rate': learningRate,
      'train/clip_range': clipRange,
      'train/n_updates': this.#epochs,
      'time/episodes': this.#episodes,
      'time/total_timesteps': this.globalStep,
    }
  }

  #remark(remark: Remark | undefined, hooks: TrainerHooks): void {
    if (remark !== undefined) hooks.onRemark?.(remark)
  }
}
