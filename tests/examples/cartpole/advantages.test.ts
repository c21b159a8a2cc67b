// Advantages in one pass backwards against their definition: a sum of discounted surprises.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AdvantageInput, estimateAdvantages } from '../../../examples/cartpole/advantages.ts'
import { seededRandom } from '../../../src/base/random.ts'

function randomInput(seed: number, ticks: number, environments: number): AdvantageInput {
  const random = seededRandom(seed)
  const numbers = () => new Float32Array(ticks * environments).map(() => 4 * random.next() - 2)
  const ended = new Uint8Array(ticks * environments).map(() => (random.next() < 0.2 ? 1 : 0))
  return { environments, rewards: numbers(), values: numbers(), nextValues: numbers(), ended }
}

/** By definition: the surprises of the episode from this step on, each discounted by its distance. */
function advantageOf(input: AdvantageInput, at: number, discount: number, lambda: number): number {
  const { environments, rewards, values, nextValues, ended } = input
  let sum = 0
  let weight = 1
  for (let i = at; i < rewards.length; i += environments) {
    sum += weight * (rewards[i]! + discount * nextValues[i]! - values[i]!)
    if (ended[i] === 1) break
    weight *= discount * lambda
  }
  return sum
}

const rate = fc.double({ min: 0, max: 1, noNaN: true })

describe('advantages', () => {
  test('are the discounted sums of surprises, for every rollout', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 5 }),
        rate,
        rate,
        (seed, ticks, environments, discount, lambda) => {
          const input = randomInput(seed, ticks, environments)
          const advantages = new Float32Array(ticks * environments)
          const returns = new Float32Array(ticks * environments)
          estimateAdvantages(input, discount, lambda, advantages, returns)
          for (let at = 0; at < advantages.length; at++) {
            expect(advantages[at]).toBeCloseTo(advantageOf(input, at, discount, lambda), 3)
            expect(returns[at]).toBeCloseTo(advantages[at]! + input.values[at]!, 5)
          }
        },
      ),
    )
  })

  test('with lambda 1 the returns are those of the rewards', () => {
    const input = {
      environments: 1,
      rewards: new Float32Array([1, 1, 1, 1]),
      values: new Float32Array([5, 6, 7, 8]),
      nextValues: new Float32Array([6, 0, 8, 10]),
      ended: new Uint8Array([0, 1, 0, 0]),
    }
    const returns = new Float32Array(4)
    estimateAdvantages(input, 0.5, 1, new Float32Array(4), returns)
    // Terminated after the second step; what comes after the fourth is worth 10.
    expect([...returns]).toEqual([1.5, 1, 1 + 0.5 * 6, 6])
  })
})
