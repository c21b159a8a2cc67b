import { describe, expect, test } from 'vitest'
import { CostGuard, createCostWords, readCost } from '../../src/runtime/cost-guard.ts'

describe('what recording costs (L5)', () => {
  test('is measured on one call in 64, at distances that no rhythm of the trainer meets', () => {
    const guard = new CostGuard(createCostWords(), 0)
    const calls = 64 * 1000
    const timed: number[] = []
    for (let call = 0; call < calls; call++) if (guard.count()) timed.push(call)
    expect(timed.length).toBeGreaterThan(950)
    expect(timed.length).toBeLessThan(1050)
    const distances = new Set(timed.slice(1).map((call, i) => call - (timed[i] ?? 0)))
    expect(distances.size).toBeGreaterThan(40)
    // Of each place in a rhythm of eight environments, about an eighth is timed.
    for (let place = 0; place < 8; place++) {
      const share = timed.filter(call => call % 8 === place).length / timed.length
      expect(share).toBeGreaterThan(0.09)
      expect(share).toBeLessThan(0.16)
    }
  })

  test('is the mean of the timed calls times all of them, and every frame', () => {
    const words = createCostWords()
    const guard = new CostGuard(words, 1_000)
    for (let i = 0; i < 128; i++) guard.count()
    guard.addTimed(0.001)
    guard.addTimed(0.003)
    guard.addFrame(0.5)
    guard.addFrame(1.5)
    const figures = readCost(words, 2_000)
    expect(figures).toMatchObject({ calls: 128, frames: 2 })
    expect(figures.meanNanos).toBeCloseTo(2_000, 6)
    expect(figures.meanFrameNanos).toBeCloseTo(1e6, 3)
    // 128 calls of 2 us and 2 ms of frames in one second.
    expect(figures.percent).toBeCloseTo(0.2256, 9)
    guard.addOther(1)
    expect(readCost(words, 2_000).percent).toBeCloseTo(0.3256, 9)
  })

  test('is nothing before the first call, also at the very start', () => {
    const words = createCostWords()
    const nothing = { calls: 0, frames: 0, meanNanos: 0, meanFrameNanos: 0, percent: 0 }
    expect(new CostGuard(words, 5)).toBeDefined()
    expect(readCost(words, 5)).toEqual(nothing)
  })
})
