import { describe, expect, test } from 'vitest'
import { CostGuard, createCostWords, readCost, timedEvery } from '../../src/runtime/cost-guard.ts'

describe('what recording costs (L5)', () => {
  test('is measured on one call in 64, the first among them', () => {
    const guard = new CostGuard(createCostWords(), 0)
    const timed = Array.from({ length: timedEvery * 3 }, () => guard.count())
    expect(timed.flatMap((isTimed, i) => (isTimed ? [i] : []))).toEqual([0, 64, 128])
  })

  test('is the mean of the timed calls times all of them, and every frame', () => {
    const words = createCostWords()
    const guard = new CostGuard(words, 1_000)
    for (let i = 0; i < 128; i++) if (guard.count()) guard.addTimed(i === 0 ? 0.001 : 0.003)
    guard.addFrame(0.5)
    guard.addFrame(1.5)
    const figures = readCost(words, 2_000)
    expect(figures).toMatchObject({ calls: 128, frames: 2 })
    expect(figures.meanNanos).toBeCloseTo(2_000, 6)
    expect(figures.meanFrameNanos).toBeCloseTo(1e6, 3)
    // 128 calls of 2 us and 2 ms of frames in one second.
    expect(figures.percent).toBeCloseTo(0.2256, 9)
  })

  test('is nothing before the first call, also at the very start', () => {
    const words = createCostWords()
    const nothing = { calls: 0, frames: 0, meanNanos: 0, meanFrameNanos: 0, percent: 0 }
    expect(new CostGuard(words, 5)).toBeDefined()
    expect(readCost(words, 5)).toEqual(nothing)
  })
})
