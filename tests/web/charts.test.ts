import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { plotSteps, plottable } from '../../web/episode-plot.ts'
import { LiveSteps } from '../../web/episode-steps.ts'
import { joinSides } from '../../web/join-sides.ts'
import { thinPoints } from '../../web/thin-points.ts'
import { update } from './messages.ts'

describe('what is drawn of an episode', () => {
  test('is what its steps carry, and nothing else', () => {
    const keys = (step: ReturnType<typeof update>) => plottable(step).map(({ key }) => key)
    expect(keys(update())).toEqual(['return', 'reward'])
    expect(keys(update({ q_values: [1, 2], meters: { energy: 1 } }))).toEqual([
      'return',
      'reward',
      'value',
      'chosen',
      'meter:energy',
    ])
    expect(keys(update({ q_values: [1], action: [0.5] }))).not.toContain('chosen')
  })

  test('has gaps where a value is missing or not finite', () => {
    const steps = [
      update({ step: 0, q_values: [1, 4], action: 0, meters: { energy: 0.5 } }),
      update({ step: 1, q_values: [Number.NaN, 1], action: 5 }),
      update({ step: 2, q_values: null }),
    ]
    const drawn = Object.fromEntries(
      plottable(steps[0]!).map(one => [one.key, plotSteps(steps, one)[1]]),
    )
    expect(drawn['value']).toEqual([4, null, null])
    expect(drawn['chosen']).toEqual([1, null, null])
    expect(drawn['meter:energy']).toEqual([0.5, null, null])
  })
})

describe('the steps of the live episode', () => {
  test('are bounded, in order, from its first one on, and of one episode only', () => {
    const numbers = fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 300 })
    fc.assert(
      fc.property(numbers, gaps => {
        const steps = new LiveSteps(16)
        let step = 0
        for (const gap of gaps) {
          steps.add(1, update({ step }))
          step += gap
        }
        const held = steps.of(1).map(one => one.step)
        expect(held.length).toBeLessThanOrEqual(16)
        if (gaps.length > 0) expect(held[0]).toBe(0)
        expect(held).toEqual([...new Set(held)].sort((a, b) => a - b))
        expect(steps.of(2)).toEqual([])
      }),
    )
  })

  test('start anew with another episode, and when one is played over again', () => {
    const steps = new LiveSteps()
    for (const step of [0, 1, 2]) steps.add(1, update({ step }))
    expect(steps.of(1)).toHaveLength(3)
    steps.add(1, update({ step: 0 }))
    expect(steps.of(1)).toHaveLength(1)
    steps.add(2, update({ step: 7 }))
    expect(steps.of(1)).toEqual([])
    expect(steps.of(2)).toHaveLength(1)
  })
})

test('S6 a chart with fewer points keeps the extremes and the order', () => {
  const values = fc.array(fc.option(fc.integer({ min: -1000, max: 1000 })), { maxLength: 400 })
  fc.assert(
    fc.property(values, fc.integer({ min: 2, max: 50 }), (all, pointsMax) => {
      const kept = thinPoints(all, pointsMax)
      expect(kept.length).toBeLessThanOrEqual(Math.max(pointsMax, 2))
      expect(kept).toEqual([...new Set(kept)].sort((a, b) => a - b))
      const numbers = all.filter(value => value !== null)
      const drawn = kept.map(index => all[index]).filter(value => value !== null)
      if (numbers.length === 0) return
      expect(Math.max(...(drawn as number[]))).toBe(Math.max(...numbers))
      expect(Math.min(...(drawn as number[]))).toBe(Math.min(...numbers))
    }),
  )
})

test('two curves share an axis, each as far as it goes', () => {
  const joined = joinSides({ x: [0, 2, 4], y: [1, 2, 3] }, { x: [1, 2], y: [7, Number.NaN] })
  expect(joined).toEqual([
    [0, 1, 2, 4],
    [1, 1, 2, 3],
    [null, 7, null, null],
  ])
})
