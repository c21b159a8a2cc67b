// Statistics against the test vectors of the format (its section 15), and for any samples.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  aggregateStatistics,
  type FeatureStatistics,
  numericStatistics,
  valueNames,
} from '../../../src/export/lerobot/statistics.ts'

const scalar = (samples: readonly number[]): Record<string, number> => {
  const statistics = numericStatistics(samples, 1)
  const values = valueNames.map(name => [name, statistics[name][0]])
  return { ...Object.fromEntries(values), count: statistics.count }
}

describe('the vectors of the format', () => {
  test('0 to 4', () => {
    expect(scalar([0, 1, 2, 3, 4])).toEqual({
      ...{ min: 0, max: 4, mean: 2, std: Math.SQRT2, q01: -1e-10, q10: -1e-10 },
      ...{ q50: 2.0004000000000204, q90: 3.99960000009998, q99: 3.999960000099998, count: 5 },
    })
  })

  test('0 to 3', () => {
    expect(scalar([0, 1, 2, 3])).toMatchObject({
      ...{ mean: 1.5, std: 1.118033988749895, q50: 1.00019999996668 },
      ...{ q90: 2.999760000099984, q99: 2.9999760000999984 },
    })
  })

  const low = 9.9999999999
  test('10 and 20', () => {
    expect(scalar([10, 20])).toMatchObject({
      ...{ mean: 15, std: 5, q01: low, q10: low, q50: low },
      ...{ q90: 19.99960000009999, q99: 19.999960000099996 },
    })
  })

  test('the aggregate of the last two', () => {
    const total = aggregateStatistics(
      numericStatistics([0, 1, 2, 3], 1),
      numericStatistics([10, 20], 1),
    )
    expect(total).toEqual({
      ...{ min: [0], max: [20], mean: [6], std: [7.047458170621991], count: 6 },
      ...{ q01: [-1e-10], q10: [-1e-10], q50: [1.00019999996668] },
      ...{ q90: [19.99960000009999], q99: [19.999960000099996] },
    })
  })

  test('five zeros', () => {
    const found = scalar([0, 0, 0, 0, 0])
    expect(found).toMatchObject({ min: 0, max: 0, mean: 0, std: 0, q01: 3.9999999999994176e-16 })
    expect(found['q50']).toBeCloseTo(2e-14, 20)
    expect(found['q99']).toBeCloseTo(3.96e-14, 20)
  })

  test('a single 3', () => {
    const three = { min: 3, max: 3, mean: 3, q01: 3, q10: 3, q50: 3, q90: 3, q99: 3 }
    expect(scalar([3])).toEqual({ ...three, std: 0, count: 1 })
  })
})

test('components are apart: rows of two numbers', () => {
  const both = numericStatistics([0, 10, 1, 20, 2, 10, 3, 20], 2)
  const first = numericStatistics([0, 1, 2, 3], 1)
  const second = numericStatistics([10, 20, 10, 20], 1)
  for (const name of valueNames) expect(both[name]).toEqual([...first[name], ...second[name]])
  expect(both.count).toBe(4)
})

test('samples that are not finite are left out, and without others there are zeros (B3)', () => {
  const { NaN: nan, POSITIVE_INFINITY: infinite } = Number
  expect(scalar([0, nan, 1, 2, infinite, 3, -infinite])).toEqual(scalar([0, 1, 2, 3]))
  expect(scalar([nan, infinite])).toMatchObject({ min: 0, max: 0, mean: 0, std: 0, count: 0 })
  const some = numericStatistics([5, 6], 1)
  expect(aggregateStatistics(some, numericStatistics([nan], 1))).toEqual(some)
  expect(aggregateStatistics(numericStatistics([nan], 1), some)).toEqual(some)
})

/** Where `fraction` of the samples end, with a sample more on each side. */
function neighbours(samples: readonly number[], fraction: number): [number, number] {
  const sorted = samples.toSorted((a, b) => a - b)
  const at = Math.ceil(fraction * sorted.length) - 1
  return [sorted[Math.max(0, at)]!, sorted[Math.min(sorted.length - 1, at + 1)]!]
}

test('quantiles are within a bin of the neighbouring samples, whatever the samples are', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 2 }),
      all => {
        const found = scalar(all)
        const slack = (found['max']! - found['min']!) / 5000 + 1e-9
        const fractions = { q01: 0.01, q10: 0.1, q50: 0.5, q90: 0.9, q99: 0.99 }
        for (const [name, fraction] of Object.entries(fractions)) {
          const [below, above] = neighbours(all, fraction)
          expect(found[name]).toBeGreaterThanOrEqual(below - slack)
          expect(found[name]).toBeLessThanOrEqual(above + slack)
        }
      },
    ),
  )
})

const areFinite = (statistics: FeatureStatistics): boolean =>
  valueNames.every(name => statistics[name].every(Number.isFinite))

test('whatever doubles come, statistics are finite, and so are aggregates of them', () => {
  const samples = fc.array(fc.double(), { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(samples, samples, (a, b) => {
      const [first, second] = [numericStatistics(a, 1), numericStatistics(b, 1)]
      const total = aggregateStatistics(first, second)
      for (const each of [first, second, total]) expect(areFinite(each)).toBe(true)
      expect(total.count).toBe([...a, ...b].filter(Number.isFinite).length)
    }),
  )
})

test('the aggregate has the moments of all samples together', () => {
  const samples = fc.array(fc.double({ min: -1000, max: 1000, noNaN: true }), { minLength: 1 })
  fc.assert(
    fc.property(samples, samples, (a, b) => {
      const total = aggregateStatistics(numericStatistics(a, 1), numericStatistics(b, 1))
      const whole = numericStatistics([...a, ...b], 1)
      expect(total.min).toEqual(whole.min)
      expect(total.max).toEqual(whole.max)
      expect(total.mean[0]).toBeCloseTo(whole.mean[0]!, 6)
      expect(total.std[0]).toBeCloseTo(whole.std[0]!, 3)
    }),
  )
})
