// The simulation itself: it is reproducible, and seeds that failed once are played for ever. A seed
// that fails is seen again by `node tests/simulation/run.ts --seed N --trace` on the commit that the
// failure names, and then stays in seeds.ts. The campaigns are in even-seeds and odd-seeds.
import { describe, expect, test } from 'vitest'
import { runs } from '../faults/tier.ts'
import { expectWell, firstSeed } from './campaign.ts'
import { seeds as failedOnce } from './seeds.ts'
import { simulate } from './simulate.ts'

describe('the whole system, simulated', () => {
  for (const [seed, found] of Object.entries(failedOnce)) {
    test(`seed ${seed}, which found: ${found}`, async () => {
      expectWell(await simulate(Number(seed)))
    })
  }

  test('the same seed plays the same story twice, and another seed another one', async () => {
    const [first, again, other] = [await simulate(5), await simulate(5), await simulate(6)]
    expect(again).toEqual(first)
    expect(other.traceHash).not.toBe(first.traceHash)
  })

  test('a commit is held to the same seeds every day, the slow tier plays new ones', () => {
    expect(firstSeed('commit', 20_001)).toBe(firstSeed('commit', 20_000))
    const perDay = firstSeed('slow', 20_001) - firstSeed('slow', 20_000)
    expect(perDay).toBeGreaterThanOrEqual(runs(500, 10_000))
    expect(firstSeed('slow', 20_000)).toBeGreaterThan(firstSeed('commit', 20_000) + perDay)
  })
})
