// What the trainer tells while it learns. It hands out the same objects again and again: nothing may
// be kept beyond the call.
import type { Remark } from './commentary.ts'

export type EpisodeBegin = { seed: number }

export type StepTaken = {
  /** An index of `actionNames`. */
  action: number
  reward: number
  terminated: boolean
  truncated: boolean
  /** What the action was drawn by, in the order of `actionNames`. */
  readonly logits: Float32Array
  /** What the policy saw before the step. */
  readonly observation: Float32Array
  /** The cart's after the step, m. */
  readonly position: [number]
  readonly meters: {
    /** After the step: 1 upright, 0 at the angle that ends the episode; likewise the track. */
    balance: number
    room: number
    /** The probability of `push right` before the step. */
    push_right: number
    /** What the critic expected before it: 1 is balance for ever, 0 the end at once. */
    expected: number
  }
}

export type EpisodeEnd = {
  /** `pole fell`, `left the track` or `time limit`. */
  reason: string
  steps: number
  return: number
}

/** Real numbers under the names of Stable-Baselines3, but for the entropy, which is not negated. */
export type TrainerMetrics = {
  /** Means over the newest 100 episodes of all environments. */
  'rollout/ep_len_mean': number
  'rollout/ep_rew_mean': number
  /** Of the update before; see `UpdateFigures`. */
  'train/approx_kl': number
  'train/clip_fraction': number
  'train/entropy': number
  'train/policy_gradient_loss': number
  'train/value_loss': number
  'train/explained_variance': number
  'train/learning_rate': number
  'train/clip_range': number
  /** Epochs, as Stable-Baselines3 counts updates. */
  'train/n_updates': number
  'time/episodes': number
  'time/total_timesteps': number
}

/** All are optional; none may keep what it is handed beyond its return. */
export type TrainerHooks = {
  onBegin?(environment: number, begin: Readonly<EpisodeBegin>): void
  onStep?(environment: number, step: Readonly<StepTaken>): void
  onEnd?(environment: number, end: Readonly<EpisodeEnd>): void
  onMetrics?(metrics: Readonly<TrainerMetrics>, globalStep: number): void
  /** Told when there is something worth saying beside the figures. */
  onRemark?(remark: Readonly<Remark>): void
}
