// PPO's loss of the policy (Schulman et al. 2017) with its gradient by the logits: the clipped
// surrogate, which stops rewarding a change of an action's probability beyond the clip range, and a
// bonus for entropy. What it measures of an update is what Stable-Baselines3 logs, by its formulas.
import { logNormalizer } from './categorical.ts'

/** Choices that were made, and what came of them. */
export type PolicyBatch = {
  readonly rows: number
  readonly actions: Uint8Array
  /** Logarithms of the actions' probabilities when they were chosen. */
  readonly logProbabilities: Float32Array
  readonly advantages: Float32Array
}

export type PolicyLossSettings = {
  readonly actionCount: number
  /** Beyond 1 - clipRange .. 1 + clipRange times its old probability an action gains no more. */
  readonly clipRange: number
  readonly entropyWeight: number
}

/** Means over a batch. */
export type PolicyFigures = {
  /** Minus the clipped surrogate, without the bonus. */
  policyLoss: number
  /** Nats. */
  entropy: number
  /** Of the new policy from the old: mean of r - 1 - log r, r the ratio of the probabilities
   * (Schulman, Approximating KL Divergence, 2020). */
  approxKl: number
  /** The share of choices whose ratio was beyond the clip range. */
  clipFraction: number
}

/** Measures `logits`, `[rows][actionCount]`, into `figures`, and fills `gradients`, of the same
 * shape, with the derivatives of `policyLoss - entropyWeight * entropy`. */
export function policyLoss(
  { rows, actions, logProbabilities, advantages }: PolicyBatch,
  { actionCount, clipRange, entropyWeight }: PolicyLossSettings,
  logits: Float32Array,
  gradients: Float32Array,
  figures: PolicyFigures,
): void {
  let surrogate = 0
  let entropies = 0
  let divergence = 0
  let clipped = 0
  for (let row = 0; row < rows; row++) {
    const at = row * actionCount
    const action = actions[row]!
    const advantage = advantages[row]!
    const normalizer = logNormalizer(logits, at, actionCount)
    const logRatio = logits[at + action]! - normalizer - logProbabilities[row]!
    const ratio = Math.exp(logRatio)
    const nearby = Math.max(1 - clipRange, Math.min(1 + clipRange, ratio))
    const gains = ratio * advantage <= nearby * advantage
    surrogate += gains ? ratio * advantage : nearby * advantage
    divergence += ratio - 1 - logRatio
    if (nearby !== ratio) clipped++
    const entropy = entropyOf(logits, at, actionCount, normalizer)
    entropies += entropy
    const pull = gains ? ratio * advantage : 0
    for (let i = 0; i < actionCount; i++) {
      const logProbability = logits[at + i]! - normalizer
      const probability = Math.exp(logProbability)
      const bonus = -probability * (logProbability + entropy)
      const towards = (i === action ? 1 : 0) - probability
      gradients[at + i] = -(pull * towards + entropyWeight * bonus) / rows
    }
  }
  figures.policyLoss = -surrogate / rows
  figures.entropy = entropies / rows
  figures.approxKl = divergence / rows
  figures.clipFraction = clipped / rows
}

function entropyOf(logits: Float32Array, at: number, count: number, normalizer: number): number {
  let entropy = 0
  for (let i = 0; i < count; i++) {
    const logProbability = logits[at + i]! - normalizer
    entropy -= Math.exp(logProbability) * logProbability
  }
  return entropy
}
