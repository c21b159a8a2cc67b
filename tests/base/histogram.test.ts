import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Histogram } from '../../src/base/histogram.ts'

function histogramOf(values: readonly number[]): Histogram {
  const histogram = new Histogram()
  for (const value of values) histogram.record(value)
  return histogram
}

const exactQuantile = (values: readonly number[], fraction: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(1, Math.ceil(fraction * sorted.length)) - 1]!
}

const inRange = fc.double({ min: 2 ** -20, max: 2 ** 43, noNaN: true })
const fractions = fc.double({ min: 0, max: 1, noNaN: true })

describe('a histogram', () => {
  test('gives quantiles that are at most 1/32 too large and never too small', () => {
    fc.assert(
      fc.property(fc.array(inRange, { minLength: 1, maxLength: 200 }), fractions, (values, q) => {
        const exact = exactQuantile(values, q)
        const found = histogramOf(values).quantile(q)
        expect(found).toBeGreaterThanOrEqual(exact)
        expect(found).toBeLessThanOrEqual(exact * (1 + 1 / 32))
      }),
    )
  })

  test('gives quantiles that rise with the fraction and stay within the extremes', () => {
    fc.assert(
      fc.property(fc.array(fc.double(), { minLength: 1 }), fractions, fractions, (values, a, b) => {
        const histogram = histogramOf(values)
        const [low, high] = [histogram.quantile(Math.min(a, b)), histogram.quantile(Math.max(a, b))]
        expect(low).toBeLessThanOrEqual(high)
        expect(low).toBeGreaterThanOrEqual(histogram.min)
        expect(high).toBeLessThanOrEqual(histogram.max)
      }),
    )
  })

  test('counts what is negative or not finite as 0', () => {
    const histogram = histogramOf([-1, Number.NaN, Infinity, -Infinity, 0])
    expect(histogram).toMatchObject({ count: 5, sum: 0, min: 0, max: 0, mean: 0 })
    expect(histogram.quantile(1)).toBe(0)
  })

  test('is all zeros when it is empty, and again after a reset', () => {
    const histogram = new Histogram()
    const empty = { count: 0, sum: 0, mean: 0, min: 0, max: 0 }
    expect(histogram).toMatchObject(empty)
    expect(histogram.quantile(0.5)).toBe(0)
    histogram.record(3)
    expect(histogram).toMatchObject({ count: 1, sum: 3, mean: 3, min: 3, max: 3 })
    histogram.reset()
    expect(histogram).toMatchObject(empty)
    expect(histogram.quantile(0.5)).toBe(0)
  })
})
