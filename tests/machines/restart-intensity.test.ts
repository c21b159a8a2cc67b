import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  backOffMillis,
  exceedsIntensity,
  recordDeath,
  restartLimits,
} from '../../src/machines/restart-intensity.ts'

const countAfter = (times: readonly number[]): number =>
  times.reduce<readonly number[]>((deaths, at) => recordDeath(deaths, at, restartLimits), []).length

test('P11: the 6th death within 10 s exceeds the intensity, the 5th does not', () => {
  const five = [0, 1, 2, 3, 4].reduce<readonly number[]>(
    (deaths, at) => recordDeath(deaths, at, restartLimits),
    [],
  )
  expect(exceedsIntensity(five, restartLimits)).toBe(false)
  expect(exceedsIntensity(recordDeath(five, 10_000, restartLimits), restartLimits)).toBe(true)
})

test('a death exactly 10 s ago counts, one a millisecond older does not', () => {
  expect(countAfter([0, 10_000])).toBe(2)
  expect(countAfter([0, 10_001])).toBe(1)
})

test('P11: waits double from 50 ms, are spread by half, and end at 5 s', () => {
  const waits = [0, 1, 2, 3, 4, 5, 6, 7, 100].map(n => backOffMillis(n, 0, restartLimits))
  expect(waits).toEqual([50, 100, 200, 400, 800, 1600, 3200, 5000, 5000])
  expect(backOffMillis(0, 1, restartLimits)).toBe(75)
  fc.assert(
    fc.property(fc.nat(2000), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, jitter) => {
      const wait = backOffMillis(attempt, jitter, restartLimits)
      expect(wait).toBeGreaterThanOrEqual(50)
      expect(wait).toBeLessThanOrEqual(5000)
    }),
  )
})

test('a jitter outside 0..1 is a programming error', () => {
  expect(() => backOffMillis(0, 1.1, restartLimits)).toThrow('jitter')
})
