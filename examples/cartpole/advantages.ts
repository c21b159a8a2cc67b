// Generalised advantage estimation (Schulman et al. 2016): how much better each action was than the
// critic expected, by the rewards that followed and what the critic expects after them.

/** Steps of several environments in lock step; all arrays are `[ticks][environments]`. */
export type AdvantageInput = {
  readonly environments: number
  readonly rewards: Float32Array
  /** What the critic expected before each step. */
  readonly values: Float32Array
  /** What it expects after the step: 0 where the episode was terminated, and where it was truncated
   * the value of the last state, because only the clock ended it. */
  readonly nextValues: Float32Array
  /** 1 where the step was the last of its episode. */
  readonly ended: Uint8Array
}

/** Fills `advantages`, and `returns`: what the critic should have expected. */
export function estimateAdvantages(
  { environments, rewards, values, nextValues, ended }: AdvantageInput,
  discount: number,
  lambda: number,
  advantages: Float32Array,
  returns: Float32Array,
): void {
  const size = rewards.length
  for (let at = size - 1; at >= 0; at--) {
    const surprise = rewards[at]! + discount * nextValues[at]! - values[at]!
    const isLast = ended[at] === 1 || at + environments >= size
    const later = isLast ? 0 : discount * lambda * advantages[at + environments]!
    advantages[at] = surprise + later
    returns[at] = advantages[at]! + values[at]!
  }
}
