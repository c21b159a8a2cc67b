import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RollcastError } from '../../src/base/errors.ts'
import type { StepLayout } from '../../src/protocol/events.ts'
import { type StepInput, shapeOf } from '../../src/protocol/step-layout.ts'
import { hasRewards, StepLayouts } from '../../src/runtime/step-layouts.ts'

/** Learns the steps one after the other, as a recorder does. */
function learnt(...steps: StepInput[]): StepLayouts {
  const layouts = new StepLayouts('a')
  for (const [i, step] of steps.entries()) {
    const layout: StepLayout = { kind: 'step', layout: i + 1, agent: 'a', ...layouts.check(step) }
    layouts.add(layout)
  }
  return layouts
}

describe('the layouts of an agent', () => {
  test('are found again by what a step has, whichever came last', () => {
    const layouts = learnt({ reward: 0 }, { reward: 0, position: [1] }, { reward: 0, action: 1 })
    expect(layouts.find({ reward: 5 })?.layout).toBe(1)
    expect(layouts.find({ reward: 5, position: new Float32Array(1) })?.layout).toBe(2)
    expect(layouts.find({ reward: 5, action: -1 })?.layout).toBe(3)
    expect(layouts.find({ reward: 5, action: [1] })).toBeUndefined()
  })

  test('let fields come and go, in any of their 64 combinations and no more', () => {
    const fields: [keyof StepInput, unknown][] = [
      ...([
        ['position', [1, 2]],
        ['action', 1],
        ['qValues', [1]],
      ] as const),
      ...([
        ['logits', [1]],
        ['meters', { hp: 1 }],
        ['observation', [1, 2, 3]],
      ] as const),
    ].map(([field, value]) => [field, value])
    const steps = Array.from(
      { length: 64 },
      (_, bits): StepInput => ({
        reward: 0,
        ...Object.fromEntries(fields.filter((_, i) => bits & (1 << i))),
      }),
    )
    const layouts = learnt(...steps)
    for (const [i, step] of steps.entries()) expect(layouts.find(step)?.layout).toBe(i + 1)
    expect(() => layouts.check({ reward: 0, action: [1] })).toThrow('at most 64 shapes of steps')
  })

  test('keep the length of a list and the names of the meters, over all layouts', () => {
    const layouts = learnt({ reward: 0, position: [1, 2], meters: { hp: 1 } }, { reward: 0 })
    const check = (step: StepInput) => () => layouts.check(step)
    expect(check({ reward: 0, position: [1, 2] })).not.toThrow()
    expect(check({ reward: 0, position: [1], qValues: [1] })).toThrow('expected 2 position')
    expect(check({ reward: 0, meters: { mp: 1 } })).toThrow('expected meters hp, as before')
  })

  test('say whose step it was', () => {
    expect(() => new StepLayouts('env-3').check({} as StepInput)).toThrow('agent env-3: expected')
  })
})

describe('what is no step', () => {
  test('is BAD_STEP for anything, and what passes has a shape of whole numbers', () => {
    const odd = fc.oneof(
      fc.anything({ withNullPrototype: true, withBigInt: true }),
      fc.record(
        {
          reward: fc.double(),
          intrinsicReward: fc.anything(),
          position: fc.oneof(fc.anything(), fc.record({ length: fc.anything() })),
          action: fc.anything(),
          meters: fc.anything(),
        },
        { requiredKeys: ['reward'] },
      ),
    )
    fc.assert(
      fc.property(odd, value => {
        const layouts = new StepLayouts('a')
        const step = value as StepInput
        try {
          const shape = layouts.check(step)
          const { meters, actionScalar: _, ...lengths } = shape
          for (const length of Object.values(lengths)) {
            expect(Number.isSafeInteger(length) && length >= 0).toBe(true)
          }
          expect(meters.every(name => typeof name === 'string')).toBe(true)
          expect(shape).toEqual(shapeOf(step))
          expect(hasRewards(step)).toBe(true)
        } catch (error) {
          expect(error).toBeInstanceOf(RollcastError)
          expect((error as RollcastError).code).toBe('BAD_STEP')
        }
      }),
      { numRuns: 500 },
    )
  })

  test('finds no layout without rewards that are numbers', () => {
    const layouts = learnt({ reward: 0 })
    for (const reward of [undefined, null, '1', 1n]) {
      expect(layouts.find({ reward } as never)).toBeUndefined()
    }
    expect(layouts.find({ reward: 1, intrinsicReward: '1' } as never)).toBeUndefined()
  })
})
