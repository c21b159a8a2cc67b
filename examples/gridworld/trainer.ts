// Double DQN on eight survival gridworlds in lock step. Environment 0 is the one on camera: it is
// stepped only every `cameraEvery`-th tick, so that a person can watch it while the others gather
// experience. Hooks are called synchronously; what they are handed is reused by the next call.
// Everything follows the seed and the count of ticks: the trainer reads no clock and never waits.
import { assert } from '../../src/base/assert.ts'
import { type Random, seededRandom } from '../../src/base/random.ts'
import { type LinearSchedule, RecentMean, scheduledValue } from '../learning/schedule.ts'
import { Curriculum } from './curriculum.ts'
import { Explorer } from './exploration.ts'
import { greedyAction, Learner } from './learner.ts'
import { NStepWindow } from './n-step.ts'
import { createBatch, ReplayBuffer } from './replay-buffer.ts'
import { actionNames, observationSize, World } from './world.ts'

type EpisodeBegin = { seed: number; stage: number; epsilon: number }

type StepTaken = {
  /** An index of `actionNames`. */
  action: number
  reward: number
  intrinsicReward: number
  terminated: boolean
  truncated: boolean
  /** What the network thought of each action before this step, in the order of `actionNames`. */
  readonly qValues: Float32Array
  /** `[x, y]` after the step. */
  position: readonly [number, number]
  /** In the order of `meterNames`, after the step. */
  meters: Float32Array
}

type EpisodeEnd = {
  /** `died: <meter>` or `time limit`. */
  reason: string
  steps: number
  /** Sum of the extrinsic rewards. */
  return: number
}

/** Real numbers under the names of Stable-Baselines3 where it has one. */
export type TrainerMetrics = {
  /** Mean steps survived over the newest 50 episodes of all environments; likewise the reward. */
  'rollout/ep_len_mean': number
  'rollout/ep_rew_mean': number
  'rollout/exploration_rate': number
  'rollout/stage': number
  /** Means over the updates since the metrics before. */
  'train/loss': number
  'train/td_error': number
  'train/q_mean': number
  'train/learning_rate': number
  'train/n_updates': number
  'train/replay_size': number
  'time/episodes': number
  'time/total_timesteps': number
}

/** All are optional; none may keep what it is handed beyond its return. */
export type TrainerHooks = {
  onBegin?(environment: number, begin: Readonly<EpisodeBegin>): void
  onStep?(environment: number, step: Readonly<StepTaken>): void
  onEnd?(environment: number, end: Readonly<EpisodeEnd>): void
  onMetrics?(metrics: Readonly<TrainerMetrics>, globalStep: number): void
}

type TrainerOptions = {
  readonly seed: number
  /** Default 8, at least 2. */
  readonly environments?: number
  /** Environment 0 steps once in this many ticks; 1 is like the others. Default 16. */
  readonly cameraEvery?: number
  /** Updates of the network between two calls of `onMetrics`. Default 50. */
  readonly metricsEvery?: number
}

export type Trainer = {
  /** The environments; read-only for callers. 0 is the one on camera. */
  readonly worlds: readonly World[]
  /** Environment steps taken, all environments together. */
  readonly globalStep: number
  /** The stage in which new episodes begin. */
  readonly stage: number
  /** The online network's weights, for hashing and saving. */
  readonly parameters: Float32Array
  /** Steps every environment that is due once, and learns. */
  tick(hooks?: TrainerHooks): void
}

const hiddenUnits = 100
const batchSize = 32
const learningRate = 1e-3
const discount = 0.97
const stepsPerTransition = 4
const targetRate = 0.01
const replayCapacity = 32_768
const learningStarts = 1000
const ticksPerUpdate = 3
/** Exploration starts over, from less, when a new stage brings new needs. */
const firstExploration: LinearSchedule = { from: 1, to: 0.03, steps: 30_000 }
const laterExploration: LinearSchedule = { from: 0.5, to: 0.03, steps: 30_000 }
const promotion = { episodes: 24, survivalSteps: 250 }
const recentEpisodes = 50

/** One environment with what the trainer remembers of its episode. */
type Seat = {
  readonly world: World
  readonly observation: Float32Array
  readonly nextObservation: Float32Array
  readonly window: NStepWindow
  readonly explorer: Explorer
  return: number
  playing: boolean
}

/** Makes a trainer; the first tick begins the first episodes. */
export function createTrainer(options: TrainerOptions): Trainer {
  return new GridworldTrainer(options)
}

class GridworldTrainer implements Trainer {
  readonly worlds: readonly World[]
  globalStep = 0
  readonly #seats: Seat[]
  readonly #random: Random
  readonly #cameraEvery: number
  readonly #metricsEvery: number
  readonly #learner: Learner
  readonly #replay = new ReplayBuffer(replayCapacity, observationSize)
  readonly #batch = createBatch(batchSize, observationSize)
  readonly #curriculum = new Curriculum(promotion)
  readonly #survivals = new RecentMean(recentEpisodes)
  readonly #returns = new RecentMean(recentEpisodes)
  readonly #begin: EpisodeBegin = { seed: 0, stage: 1, epsilon: 1 }
  readonly #step: StepTaken
  readonly #end: EpisodeEnd = { reason: '', steps: 0, return: 0 }
  readonly #sums = { loss: 0, tdError: 0, meanQ: 0 }
  #ticks = 0
  #episodes = 0
  #stageStart = 0

  constructor({ seed, environments = 8, cameraEvery = 16, metricsEvery = 50 }: TrainerOptions) {
    assert(environments >= 2, `environments must be at least 2, got ${environments}`)
    assert(cameraEvery >= 1, `cameraEvery must be at least 1, got ${cameraEvery}`)
    assert(metricsEvery >= 1, `metricsEvery must be at least 1, got ${metricsEvery}`)
    this.#random = seededRandom(seed)
    this.#cameraEvery = cameraEvery
    this.#metricsEvery = metricsEvery
    this.#learner = new Learner({
      observationSize,
      actionCount: actionNames.length,
      hiddenUnits,
      batchSize,
      learningRate,
      targetRate,
      random: this.#random,
    })
    this.#seats = Array.from({ length: environments }, () => ({
      world: new World(),
      observation: new Float32Array(observationSize),
      nextObservation: new Float32Array(observationSize),
      window: new NStepWindow(stepsPerTransition, discount, observationSize, this.#replay),
      explorer: new Explorer(this.#random),
      return: 0,
      playing: false,
    }))
    this.worlds = this.#seats.map(seat => seat.world)
    const { position, meters } = this.worlds[0]!
    this.#step = {
      action: 0,
      reward: 0,
      intrinsicReward: 0,
      terminated: false,
      truncated: false,
      qValues: new Float32Array(actionNames.length),
      position,
      meters,
    }
  }

  get stage(): number {
    return this.#curriculum.stage
  }

  get parameters(): Float32Array {
    return this.#learner.online.parameters
  }

  get #epsilon(): number {
    const schedule = this.stage === 1 ? firstExploration : laterExploration
    return scheduledValue(schedule, this.globalStep - this.#stageStart)
  }

  tick(hooks: TrainerHooks = {}): void {
    const first = this.#ticks % this.#cameraEvery === 0 ? 0 : 1
    for (let index = first; index < this.#seats.length; index++) this.#play(index, hooks)
    this.#ticks++
    if (this.globalStep >= learningStarts && this.#ticks % ticksPerUpdate === 0) this.#learn(hooks)
  }

  #play(index: number, hooks: TrainerHooks): void {
    const seat = this.#seats[index]!
    const epsilon = this.#epsilon
    if (!seat.playing) this.#beginEpisode(index, seat, epsilon, hooks)
    const { world, observation, nextObservation } = seat
    const step = this.#step
    const values = this.#learner.qValues(observation, 1)
    for (let i = 0; i < actionNames.length; i++) step.qValues[i] = values[i]!
    const exploring = seat.explorer.next(world, epsilon)
    step.action = exploring >= 0 ? exploring : greedyAction(values, 0, actionNames.length)
    const result = world.step(step.action)
    const { reward, intrinsicReward, terminated } = result
    world.observe(nextObservation)
    seat.window.append(observation, step.action, reward + intrinsicReward, nextObservation, result)
    observation.set(nextObservation)
    seat.return += reward
    this.globalStep++
    step.reward = reward
    step.intrinsicReward = intrinsicReward
    step.terminated = terminated
    step.truncated = result.truncated
    step.position = world.position
    step.meters = world.meters
    hooks.onStep?.(index, step)
    if (terminated || result.truncated) this.#endEpisode(index, seat, hooks)
  }

  #beginEpisode(index: number, seat: Seat, epsilon: number, hooks: TrainerHooks): void {
    const begin = this.#begin
    begin.seed = this.#random.below(0x1_0000_0000)
    begin.stage = this.#curriculum.stage
    begin.epsilon = epsilon
    seat.world.reset(seededRandom(begin.seed), begin.stage)
    seat.world.observe(seat.observation)
    seat.explorer.reset()
    seat.return = 0
    seat.playing = true
    hooks.onBegin?.(index, begin)
  }

  #endEpisode(index: number, seat: Seat, hooks: TrainerHooks): void {
    const { world } = seat
    seat.playing = false
    this.#episodes++
    this.#survivals.append(world.steps)
    this.#returns.append(seat.return)
    if (this.#curriculum.episodeEnded(world.stage, world.steps)) this.#stageStart = this.globalStep
    this.#end.reason = world.diedOf === undefined ? 'time limit' : `died: ${world.diedOf}`
    this.#end.steps = world.steps
    this.#end.return = seat.return
    hooks.onEnd?.(index, this.#end)
  }

  #learn(hooks: TrainerHooks): void {
    this.#replay.sample(this.#batch, this.#random)
    const { loss, tdError, meanQ } = this.#learner.update(this.#batch)
    this.#sums.loss += loss
    this.#sums.tdError += tdError
    this.#sums.meanQ += meanQ
    if (this.#learner.updates % this.#metricsEvery === 0) this.#report(hooks)
  }

  #report(hooks: TrainerHooks): void {
    const metrics: TrainerMetrics = {
      'rollout/ep_len_mean': this.#survivals.mean,
      'rollout/ep_rew_mean': this.#returns.mean,
      'rollout/exploration_rate': this.#epsilon,
      'rollout/stage': this.#curriculum.stage,
      'train/loss': this.#sums.loss / this.#metricsEvery,
      'train/td_error': this.#sums.tdError / this.#metricsEvery,
      'train/q_mean': this.#sums.meanQ / this.#metricsEvery,
      'train/learning_rate': this.#learner.learningRate,
      'train/n_updates': this.#learner.updates,
      'train/replay_size': this.#replay.size,
      'time/episodes': this.#episodes,
      'time/total_timesteps': this.globalStep,
    }
    this.#sums.loss = 0
    this.#sums.tdError = 0
    this.#sums.meanQ = 0
    hooks.onMetrics?.(metrics, this.globalStep)
  }
}
