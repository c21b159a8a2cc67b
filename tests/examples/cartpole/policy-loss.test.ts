// PPO's loss against its formulas, and its gradient against finite differences.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { drawAction, logNormalizer } from '../../../examples/cartpole/categorical.ts'
import {
  type PolicyBatch,
  type PolicyFigures,
  type PolicyLossSettings,
  policyLoss,
} from '../../../examples/cartpole/policy-loss.ts'
import { seededRandom } from '../../../src/base/random.ts'

function measure(
  batch: PolicyBatch,
  settings: PolicyLossSettings,
  logits: Float32Array,
): PolicyFigures & { gradients: Float32Array; total: number } {
  const gradients = new Float32Array(logits.length)
  const figures = { policyLoss: 0, entropy: 0, approxKl: 0, clipFraction: 0 }
  policyLoss(batch, settings, logits, gradients, figures)
  const total = figures.policyLoss - settings.entropyWeight * figures.entropy
  return { ...figures, gradients, total }
}

/** A step that float32 holds exactly. */
const step = 2 ** -8

function randomCase(seed: number, rows: number, actionCount: number) {
  const random = seededRandom(seed)
  const number = () => 4 * random.next() - 2
  const logits = new Float32Array(rows * actionCount).map(number)
  const before = logits.map(logit => logit + 0.4 * number())
  const actions = new Uint8Array(rows).map(() => random.below(actionCount))
  const logProbabilities = new Float32Array(rows).map(
    (_, row) =>
      before[row * actionCount + actions[row]!]! -
      logNormalizer(before, row * actionCount, actionCount),
  )
  const advantages = new Float32Array(rows).map(number)
  return { logits, batch: { rows, actions, logProbabilities, advantages } }
}

/** Whether a step of finite differences could cross a corner of the clipping. */
function isAtCorner(
  { actions, logProbabilities }: PolicyBatch,
  { actionCount, clipRange }: PolicyLossSettings,
  logits: Float32Array,
): boolean {
  return actions.some((action, row) => {
    const at = row * actionCount
    const logProbability = logits[at + action]! - logNormalizer(logits, at, actionCount)
    const ratio = Math.exp(logProbability - logProbabilities[row]!)
    return [1 - clipRange, 1 + clipRange].some(edge => Math.abs(ratio - edge) < 4 * step * ratio)
  })
}

describe('the loss of the policy', () => {
  test('has the gradient that finite differences find', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 2, max: 5 }),
        fc.constantFrom(0, 0.01, 0.5),
        (seed, rows, actionCount, entropyWeight) => {
          const { logits, batch } = randomCase(seed, rows, actionCount)
          const settings = { actionCount, clipRange: 0.2, entropyWeight }
          fc.pre(!isAtCorner(batch, settings, logits))
          const { gradients } = measure(batch, settings, logits)
          gradients.forEach((gradient, i) => {
            const shifted = (by: number) => logits.map((logit, j) => (i === j ? logit + by : logit))
            const above = measure(batch, settings, shifted(step)).total
            const below = measure(batch, settings, shifted(-step)).total
            expect(gradient).toBeCloseTo((above - below) / (2 * step), 3)
          })
        },
      ),
      { numRuns: 200 },
    )
  })

  test('measures an unchanged policy as no change, and its entropy', () => {
    const settings = { actionCount: 2, clipRange: 0.2, entropyWeight: 0 }
    const batch = {
      rows: 2,
      actions: new Uint8Array([0, 1]),
      logProbabilities: new Float32Array(2).fill(Math.log(0.5)),
      advantages: new Float32Array([1, -3]),
    }
    const found = measure(batch, settings, new Float32Array([1, 1, -2, -2]))
    expect(found.policyLoss).toBeCloseTo(1, 6)
    expect(found.entropy).toBeCloseTo(Math.log(2), 6)
    expect(found.approxKl).toBeCloseTo(0, 6)
    expect(found.clipFraction).toBe(0)
    // More of the action that was good, less of the one that was bad.
    expect([...found.gradients]).toEqual([-0.25, 0.25, -0.75, 0.75].map(Math.fround))
  })

  test('counts what is clipped, and no longer rewards it', () => {
    const settings = { actionCount: 2, clipRange: 0.2, entropyWeight: 0 }
    // All four are three times as likely, or a third, of what they were: 0.75 and 0.25.
    const logits = new Float32Array(4 * 2).fill(0)
    for (let row = 0; row < 4; row++) logits[row * 2] = Math.log(3)
    const batch = {
      rows: 4,
      actions: new Uint8Array([0, 0, 1, 1]),
      logProbabilities: new Float32Array([0.25, 0.25, 0.75, 0.75].map(Math.log)),
      advantages: new Float32Array([1, -1, 1, -1]),
    }
    const found = measure(batch, settings, logits)
    expect(found.clipFraction).toBe(1)
    // min(3, 1.2), min(-3, -1.2), min(1/3, 0.8), min(-1/3, -0.8)
    expect(found.policyLoss).toBeCloseTo(-(1.2 - 3 + 1 / 3 - 0.8) / 4, 6)
    // Of r - 1 - log r: twice that of 3, twice that of 1/3.
    expect(found.approxKl).toBeCloseTo((3 - 1 + (1 / 3 - 1)) / 2, 6)
    const isStill = [0, 1, 2, 3].map(row => found.gradients[row * 2] === 0)
    expect(isStill).toEqual([true, false, false, true])
  })
})

describe('a choice by logits', () => {
  test('is drawn as often as its probability says, however large the logits are', () => {
    const random = seededRandom(3)
    const logits = new Float32Array([9, 9, 1000, 1000 + Math.log(3), 1000])
    const normalizer = logNormalizer(logits, 2, 3)
    expect(normalizer).toBeCloseTo(1000 + Math.log(5), 3)
    const counts = [0, 0, 0]
    const draws = 20_000
    for (let i = 0; i < draws; i++) {
      const action = drawAction(logits, 2, 3, normalizer, random)
      counts[action] = counts[action]! + 1
    }
    const expected = [0.2, 0.6, 0.2]
    expected.forEach((share, action) => {
      expect(Math.abs(counts[action]! / draws - share)).toBeLessThan(0.015)
    })
  })
})
