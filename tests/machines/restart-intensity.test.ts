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

test('S3: the first restart is at once; then waits grow from 50 ms to 5 s, spread by a fifth', () => {
  const waits = [0, 1, 2, 3, 4, 5, 12, 13, 100].map(n => backOffMillis(n, 0, restartLimits))
  expect(waits.map(Math.round)).toEqual([0, 50, 75, 113, 169, 253, 4325, 5000, 5000])
  expect(backOffMillis(0, 1, restartLimits)).toBe(0)
  expect(backOffMillis(1, 1, restartLimits)).toBe(60)
  fc.assert(
    fc.property(fc.nat(2000), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, jitter) => {
      const wait = backOffMillis(attempt + 1, jitter, restartLimits)
      expect(wait).toBeGreaterThanOrEqual(50)
      expect(wait).toBeLessThanOrEqual(5000)
    }),
  )
})

test('S3: the waits of a child that never gets going leave half a second for its starts', () => {
  const attempts = Array.from({ length: restartLimits.restartsMax }, (_, attempt) => attempt)
  const longest = attempts.reduce((sum, n) => sum + backOffMillis(n, 1, restartLimits), 0)
  expect(longest).toBeLessThanOrEqual(500)
})

test('a jitter outside 0..1 is a programming error', () => {
  for (const jitter of [-0.1, 1.1, Number.NaN]) {
    expect(() => backOffMillis(0, jitter, restartLimits)).toThrow('jitter')
  }
})
