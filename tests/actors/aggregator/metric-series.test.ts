import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  addValue,
  emptySeries,
  fitLine,
  type SeriesState,
  summarise,
} from '../../../src/actors/aggregator/metric-series.ts'
import { type Random, seededRandom } from '../../../src/base/random.ts'
import { limits } from '../../../src/protocol/limits.ts'

type Point = readonly [x: number, y: number]

function seriesOf(points: readonly Point[]): SeriesState {
  const series = emptySeries()
  for (const [x, y] of points) addValue(series, x, y)
  return series
}

const summaryOf = (points: readonly Point[]) => summarise('m', seriesOf(points))

const steps = (count: number, valueAt: (i: number) => number): Point[] =>
  Array.from({ length: count }, (_, i) => [i * 100, valueAt(i)])

const values = fc.double({ min: -1e9, max: 1e9, noNaN: true })

/**
 * x rises, or stands still as it does when several agents report at one global step. Drawn from a
 * seed: a counterexample then shrinks by its length alone.
 */
const histories = fc
  .record({ seed: fc.integer(), count: fc.integer({ min: 1, max: 5000 }), standing: fc.boolean() })
  .map(({ seed, count, standing }) => {
    const random = seededRandom(seed)
    let x = 0
    return Array.from({ length: count }, (): Point => {
      x += standing ? random.below(2) : 1 + random.below(10)
      return [x, random.next() ** 5 - 0.1]
    })
  })

/** Normal by Box and Muller. */
const noise = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next())

describe('the points of a series', () => {
  test('A5 are within the bound, in order, real values, and hold the extremes of the whole', () => {
    fc.assert(
      fc.property(histories, history => {
        const { points, min, max, count } = summaryOf(history)
        const ys = points.map(([, y]) => y)
        expect(points.length).toBeLessThanOrEqual(limits.metricPoints)
        expect(Math.min(...ys)).toBe(Math.min(...history.map(([, y]) => y)))
        expect(Math.max(...ys)).toBe(Math.max(...history.map(([, y]) => y)))
        expect([min, max]).toEqual([Math.min(...ys), Math.max(...ys)])
        expect(count).toBe(history.length)
        const given = new Set(history.map(String))
        expect(points.every(point => given.has(String(point)))).toBe(true)
        const xs = points.map(([x]) => x)
        expect(xs).toEqual([...xs].sort((a, b) => a - b))
      }),
      { numRuns: 60 },
    )
  })

  test('are all the values while there are few', () => {
    const history = steps(limits.metricPoints / 2 - 1, i => Math.sin(i))
    expect(summaryOf(history).points).toEqual(history)
  })

  test('keep both extremes of values that share one global step', () => {
    const { points } = summaryOf(Array.from({ length: 1000 }, (_, i): Point => [7, i]))
    const ys = points.map(([, y]) => y)
    expect([Math.min(...ys), Math.max(...ys)]).toEqual([0, 999])
  })

  test('stay bounded over a million values, and so does the state', () => {
    const series = emptySeries()
    for (let i = 0; i < 1_000_000; i++) addValue(series, i, i === 123_456 ? 99 : i % 7)
    const { points, max } = summarise('m', series)
    expect(points.length).toBeLessThanOrEqual(limits.metricPoints)
    expect(max).toBe(99)
    expect(points.some(([, y]) => y === 99)).toBe(true)
    expect(series.windowX.length + series.buckets.length).toBeLessThan(400)
  })
})

describe('the figures of a series', () => {
  test('are those of its finite values; what is not finite is counted and shown as last', () => {
    const summary = summaryOf([
      ...([0, 1, 2].map(i => [i, i + 1]) as Point[]),
      ...([Infinity, -Infinity, Number.NaN].map(y => [3, y]) as Point[]),
    ])
    expect(summary).toMatchObject({ count: 6, last: Number.NaN, mean: 2, min: 1, max: 3 })
    expect(summary.movingAverage).toBe(2)
    expect(summary.points.map(([, y]) => y)).toEqual([1, 2, 3])
  })

  test('are NaN, and not 0, while there is no finite value', () => {
    const nothing = {
      mean: Number.NaN,
      movingAverage: Number.NaN,
      min: Number.NaN,
      max: Number.NaN,
    }
    expect(summaryOf([[1, Number.NaN]])).toMatchObject({ ...nothing, trend: 'flat', points: [] })
    expect(summarise('m', emptySeries())).toMatchObject({ ...nothing, count: 0, last: Number.NaN })
  })

  test('have the mean of all and the moving average of the last hundred', () => {
    fc.assert(
      fc.property(fc.array(values, { minLength: 1, maxLength: 250, size: 'max' }), ys => {
        const { mean, movingAverage } = summaryOf(ys.map((y, i) => [i, y]))
        const meanOf = (list: number[]): number => list.reduce((a, b) => a + b, 0) / list.length
        const close = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9 * 1e9
        expect(close(mean, meanOf(ys))).toBe(true)
        expect(close(movingAverage, meanOf(ys.slice(-100)))).toBe(true)
      }),
    )
  })
})

describe('the trend of a series', () => {
  test('A5 is flat on noise, but for about one in a hundred', () => {
    let claimed = 0
    for (let seed = 0; seed < 1000; seed++) {
      const random = seededRandom(seed)
      if (summaryOf(steps(100, () => noise(random))).trend !== 'flat') claimed++
    }
    expect(claimed).toBeLessThan(10)
  })

  test('rises and falls with a signal that stands out of the noise', () => {
    for (let seed = 0; seed < 100; seed++) {
      const random = seededRandom(seed)
      const history = steps(100, i => i / 20 + noise(random))
      expect(summaryOf(history).trend).toBe('rising')
      expect(summaryOf(history.map(([x, y]): Point => [x, -y])).trend).toBe('falling')
    }
  })

  test('looks at the last hundred values only', () => {
    const peak = steps(300, i => (i < 200 ? i : 400 - i))
    expect(summaryOf(peak.slice(0, 200)).trend).toBe('rising')
    expect(summaryOf(peak).trend).toBe('falling')
  })

  test('needs ten values, and is flat on a constant', () => {
    expect(summaryOf(steps(9, i => i)).trend).toBe('flat')
    expect(summaryOf(steps(10, i => i)).trend).toBe('rising')
    for (const constant of [0, 0.1, -1e9, 1e-9]) {
      expect(summaryOf(steps(200, () => constant)).trend).toBe('flat')
    }
  })

  test('has the slope of the line, per thousand global steps', () => {
    expect(summaryOf(steps(50, i => 3 + i * 0.2)).slope).toBeCloseTo(2, 9)
    expect(fitLine([5, 5, 5], [1, 2, 3])).toEqual({ slope: 0, trend: 'flat' })
    expect(fitLine([1], [1])).toEqual({ slope: 0, trend: 'flat' })
  })
})
