// A choice between actions by logits: the probability of action i is exp(logits[i]) over the sum of
// them all. Rows of logits lie in row-major arrays, so nothing is allocated for a choice.
import type { Random } from '../../src/base/random.ts'

/** The logarithm of the sum of exp over the `count` logits from `at` on: a logit minus this is the
 * logarithm of its action's probability. */
export function logNormalizer(logits: Float32Array, at: number, count: number): number {
  let highest = logits[at]!
  for (let i = 1; i < count; i++) highest = Math.max(highest, logits[at + i]!)
  let sum = 0
  for (let i = 0; i < count; i++) sum += Math.exp(logits[at + i]! - highest)
  return highest + Math.log(sum)
}

/** Draws an action; `normalizer` is `logNormalizer` of the same logits. */
export function drawAction(
  logits: Float32Array,
  at: number,
  count: number,
  normalizer: number,
  random: Random,
): number {
  let left = random.next()
  for (let action = 0; action < count - 1; action++) {
    left -= Math.exp(logits[at + action]! - normalizer)
    if (left < 0) return action
  }
  return count - 1
}
