// An update of PPO: it makes good actions likelier, by no more than it may, foresees better, and
// measures what it did.
import { describe, expect, test } from 'vitest'
import { logNormalizer } from '../../../examples/cartpole/categorical.ts'
import { explainedVariance, Ppo } from '../../../examples/cartpole/ppo.ts'
import { Rollout } from '../../../examples/cartpole/rollout.ts'
import { type Random, seededRandom } from '../../../src/base/random.ts'

const environments = 8
const ticks = 32
const settings = {
  observationSize: 2,
  actionCount: 2,
  hiddenUnits: [16],
  batchSize: 64,
  epochs: 10,
  discount: 0.9,
  lambda: 0.9,
  entropyWeight: 0,
  maxGradientNorm: 0.5,
}
const rates = { learningRate: 3e-3, clipRange: 0.2 }

/** Episodes of one step: the right action is the side on which the first number lies. */
function play(ppo: Ppo, random: Random): Rollout {
  const rollout = new Rollout(ticks, environments, 2)
  const observations = new Float32Array(environments * 2)
  for (let tick = 0; tick < ticks; tick++) {
    for (let i = 0; i < observations.length; i++) observations[i] = 2 * random.next() - 1
    const logits = ppo.logits(observations, environments)
    const row = rollout.beginTick(observations, ppo.values(observations, environments))
    for (let i = 0; i < environments; i++) {
      const normalizer = logNormalizer(logits, i * 2, 2)
      const action = random.next() < Math.exp(logits[i * 2]! - normalizer) ? 0 : 1
      rollout.actions[row + i] = action
      rollout.logProbabilities[row + i] = logits[i * 2 + action]! - normalizer
      rollout.rewards[row + i] = (observations[i * 2]! > 0 ? 1 : 0) === action ? 1 : -1
      rollout.ended[row + i] = 1
      rollout.nextValues[row + i] = 0
    }
  }
  rollout.finish(ppo.values(observations, environments), settings.discount, settings.lambda)
  return rollout
}

const meanReward = ({ rewards }: Rollout): number =>
  rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length

/** Logarithms of how much likelier each choice of `rollout` is now. */
function logRatios(ppo: Ppo, rollout: Rollout): number[] {
  return Array.from(rollout.actions, (action, row) => {
    const logits = ppo.logits(rollout.observations.subarray(row * 2, row * 2 + 2), 1)
    return logits[action]! - logNormalizer(logits, 0, 2) - rollout.logProbabilities[row]!
  })
}

describe('an update of PPO', () => {
  test('improves the policy and the critic, until the right action is certain', () => {
    const random = seededRandom(1)
    const ppo = new Ppo(settings, ticks * environments, random)
    const rewards: number[] = []
    const losses: number[] = []
    for (let update = 0; update < 30; update++) {
      const rollout = play(ppo, random)
      rewards.push(meanReward(rollout))
      losses.push(ppo.update(rollout, rates).valueLoss)
    }
    expect(Math.abs(rewards[0]!)).toBeLessThan(0.25)
    expect(rewards.at(-1)).toBeGreaterThan(0.9)
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 3)
  })

  test('makes choices likelier by their advantages, and measures by how much', () => {
    const random = seededRandom(2)
    const ppo = new Ppo({ ...settings, batchSize: 256 }, ticks * environments, random)
    const rollout = play(ppo, random)
    const figures = ppo.update(rollout, rates)
    const changes = logRatios(ppo, rollout)
    const gain = changes.reduce((sum, change, row) => sum + change * rollout.advantages[row]!, 0)
    expect(gain).toBeGreaterThan(1)
    expect(figures.policyLoss).toBeLessThan(0)
    expect(figures.entropy).toBeGreaterThan(0.6)
    expect(figures.entropy).toBeLessThanOrEqual(Math.log(2))
    // What was measured before the last step, against what is there after it.
    const divergence =
      changes.reduce((sum, change) => sum + Math.exp(change) - 1 - change, 0) / changes.length
    expect(figures.approxKl).toBeGreaterThan(0)
    expect(figures.approxKl).toBeLessThan(1.5 * divergence)
    expect(figures.approxKl).toBeGreaterThan(0.5 * divergence)
    expect(figures.clipFraction).toBeGreaterThanOrEqual(0)
    expect(figures.clipFraction).toBeLessThan(1)
  })

  test('changes a policy hardly at all within a narrow clip range', () => {
    const divergences = [0.2, 0.001].map(clipRange => {
      const random = seededRandom(3)
      const ppo = new Ppo(settings, ticks * environments, random)
      return ppo.update(play(ppo, random), { ...rates, clipRange }).approxKl
    })
    expect(divergences[1]).toBeLessThan(divergences[0]! / 4)
  })

  test('refuses a rollout that is no whole number of minibatches', () => {
    expect(() => new Ppo(settings, 100, seededRandom(1))).toThrow('100 rows')
  })
})

describe('explained variance', () => {
  test('is 1 for a critic that knew, 0 for a constant, and less for one that was wrong', () => {
    const returns = new Float32Array([1, 2, 3, 6])
    expect(explainedVariance(returns, returns)).toBe(1)
    expect(
      explainedVariance(
        returns.map(x => x + 7),
        returns,
      ),
    ).toBe(1)
    expect(explainedVariance(new Float32Array(4).fill(5), returns)).toBe(0)
    expect(
      explainedVariance(
        returns.map(x => -x),
        returns,
      ),
    ).toBe(-3)
    expect(explainedVariance(returns, new Float32Array(4).fill(5))).toBeNaN()
  })
})

describe('a rollout', () => {
  test('takes what a step led to from the next tick, unless its episode ended', () => {
    const rollout = new Rollout(2, 2, 1)
    const first = rollout.beginTick(new Float32Array([1, 2]), new Float32Array([10, 20]))
    rollout.ended[first + 1] = 1
    rollout.nextValues[first + 1] = 7
    expect(rollout.full).toBe(false)
    rollout.beginTick(new Float32Array([3, 4]), new Float32Array([30, 40]))
    expect(rollout.full).toBe(true)
    expect(() => rollout.beginTick(new Float32Array(2), new Float32Array(2))).toThrow('full')
    rollout.rewards.set([1, 2, 3, 4])
    rollout.finish(new Float32Array([50, 60]), 0.5, 0.5)
    expect([...rollout.observations]).toEqual([1, 2, 3, 4])
    expect([...rollout.values]).toEqual([10, 20, 30, 40])
    expect([...rollout.nextValues]).toEqual([30, 7, 50, 60])
    // Of the second step the end is what counts, of the first also the surprise of the third.
    expect([...rollout.returns]).toEqual([1 + 15 - 0.25 * 2, 2 + 3.5, 3 + 25, 4 + 30])
    expect(rollout.full).toBe(false)
    expect(() => rollout.finish(new Float32Array(2), 1, 1)).toThrow('when it is full')
  })
})
