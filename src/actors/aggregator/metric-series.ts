// One metric's history in bounded memory: running mean, extremes, a window for the moving average
// and the trend, and a down-sampling that never loses an extreme.
import { limits } from '../../protocol/limits.ts'
import type { MetricSeries, TrendSign } from '../../protocol/projection.ts'

/** Values that the moving average and the trend look back on. */
const WINDOW = 100
/** A bucket gives up to two points: its smallest and its largest value. */
const BUCKETS_MAX = limits.metricPoints / 2
/** |slope| / standard error above which a trend is called one; about 1 in 400 by chance. */
const SIGNIFICANT_T = 3
const TREND_COUNT_MIN = 10

/** The extremes of `bucketSize` consecutive values: `[x, y]` of the smallest and the largest. */
type Bucket = { minX: number; minY: number; maxX: number; maxY: number }

/** Plain data, so that a snapshot of it is a copy of it. */
export interface SeriesState {
  count: number
  /** Values that were finite; all but `last` and `count` are about these. */
  finite: number
  last: number
  mean: number
  min: number
  max: number
  /** The last WINDOW finite values, oldest first. */
  windowX: number[]
  windowY: number[]
  bucketSize: number
  buckets: Bucket[]
  /** The bucket that is being filled, and how many values it has. */
  filling: Bucket | null
  filled: number
}

export function emptySeries(): SeriesState {
  return {
    count: 0,
    finite: 0,
    last: Number.NaN,
    mean: 0,
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
    windowX: [],
    windowY: [],
    bucketSize: 1,
    buckets: [],
    filling: null,
    filled: 0,
  }
}

/** Adds a value at `x` (a global step). A value that is not finite is counted and shown as last. */
export function addValue(series: SeriesState, x: number, y: number): void {
  series.count++
  series.last = y
  if (!Number.isFinite(y)) return
  series.finite++
  series.mean += (y - series.mean) / series.finite
  series.min = Math.min(series.min, y)
  series.max = Math.max(series.max, y)
  series.windowX.push(x)
  series.windowY.push(y)
  if (series.windowX.length > WINDOW) {
    series.windowX.shift()
    series.windowY.shift()
  }
  addPoint(series, x, y)
}

function addPoint(series: SeriesState, x: number, y: number): void {
  const point: Bucket = { minX: x, minY: y, maxX: x, maxY: y }
  series.filling = series.filling === null ? point : merge(series.filling, point)
  series.filled++
  if (series.filled < series.bucketSize) return
  series.buckets.push(series.filling)
  series.filling = null
  series.filled = 0
  if (series.buckets.length < BUCKETS_MAX) return
  const merged: Bucket[] = []
  for (let i = 0; i + 1 < series.buckets.length; i += 2) {
    merged.push(merge(series.buckets[i]!, series.buckets[i + 1]!))
  }
  series.buckets = merged
  series.bucketSize *= 2
}

function merge(a: Bucket, b: Bucket): Bucket {
  const low = b.minY < a.minY ? b : a
  const high = b.maxY > a.maxY ? b : a
  return { minX: low.minX, minY: low.minY, maxX: high.maxX, maxY: high.maxY }
}

/** The series as viewers get it. */
export function summarise(name: string, series: SeriesState): MetricSeries {
  const { windowX, windowY } = series
  const total = windowY.reduce((sum, y) => sum + y, 0)
  const fit = fitLine(windowX, windowY)
  return {
    name,
    count: series.count,
    last: series.last,
    mean: series.finite === 0 ? Number.NaN : series.mean,
    movingAverage: windowY.length === 0 ? Number.NaN : total / windowY.length,
    min: series.finite === 0 ? Number.NaN : series.min,
    max: series.finite === 0 ? Number.NaN : series.max,
    slope: fit.slope * 1000,
    trend: fit.trend,
    points: pointsOf(series),
  }
}

function pointsOf(series: SeriesState): [number, number][] {
  const points: [number, number][] = []
  const buckets = series.filling === null ? series.buckets : [...series.buckets, series.filling]
  for (const { minX, minY, maxX, maxY } of buckets) {
    // Several values may share one x (agents that report at the same global step).
    if (minX === maxX && minY === maxY) points.push([minX, minY])
    else if (minX <= maxX) points.push([minX, minY], [maxX, maxY])
    else points.push([maxX, maxY], [minX, minY])
  }
  return points
}

/** Least squares, with a t-test of the slope: a direction is claimed only when it is significant. */
export function fitLine(
  xs: readonly number[],
  ys: readonly number[],
): { slope: number; trend: TrendSign } {
  const n = xs.length
  if (n < 2) return { slope: 0, trend: 'flat' }
  const meanX = xs.reduce((sum, x) => sum + x, 0) / n
  const meanY = ys.reduce((sum, y) => sum + y, 0) / n
  let sxx = 0
  let sxy = 0
  let syy = 0
  for (let i = 0; i < n; i++) {
    const dx = xs[i]! - meanX
    const dy = ys[i]! - meanY
    sxx += dx * dx
    sxy += dx * dy
    syy += dy * dy
  }
  if (sxx === 0) return { slope: 0, trend: 'flat' }
  const slope = sxy / sxx
  const residual = Math.max(0, syy - slope * sxy)
  const error = Math.sqrt(residual / Math.max(1, n - 2) / sxx)
  const significant = n >= TREND_COUNT_MIN && Math.abs(slope) > SIGNIFICANT_T * error
  if (!significant || slope === 0) return { slope, trend: 'flat' }
  return { slope, trend: slope > 0 ? 'rising' : 'falling' }
}
