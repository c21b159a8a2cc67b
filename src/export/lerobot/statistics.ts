// Statistics as training normalises with them: of one episode exactly as LeRobot's histogram method
// gives them, and their aggregate over episodes. Everything in float64; never NaN or infinite,
// because JSON has neither.
import { assert } from '../../base/assert.ts'

/** Names of the quantiles with the fraction of samples below each. */
const quantileFractions = { q01: 0.01, q10: 0.1, q50: 0.5, q90: 0.9, q99: 0.99 } as const

type QuantileName = keyof typeof quantileFractions
const quantileNames = Object.keys(quantileFractions) as QuantileName[]

/** The statistics that have one value for each component, in the format's order. */
export const valueNames = ['min', 'max', 'mean', 'std', ...quantileNames] as const

type ValueName = (typeof valueNames)[number]

/**
 * Statistics of one feature. Each list has a number for each component; of pictures: for each
 * channel, divided by 255. `count`: frames, or pixels of streamed pictures; 0 when no sample was
 * finite.
 */
export type FeatureStatistics = Readonly<Record<ValueName, readonly number[]>> & {
  readonly count: number
}

const BINS = 5000
const PADDING = 1e-10
/** Beyond this squares may overflow: such samples are scaled down and their results up again. */
const SQUARE_SAFE = 2 ** 500
const DOWN = 2 ** -520

type Component = Record<ValueName, number> & { count: number }

const nothing = (): Component => ({
  ...{ min: 0, max: 0, mean: 0, std: 0 },
  ...{ q01: 0, q10: 0, q50: 0, q90: 0, q99: 0, count: 0 },
})

/**
 * Statistics of rows of `width` numbers each, one row behind the other. Samples that are not finite
 * are left out; a component without any other has zeros, and `count` is that of the component with
 * the most.
 */
export function numericStatistics(values: ArrayLike<number>, width: number): FeatureStatistics {
  assert(width >= 1 && values.length % width === 0, 'whole rows')
  const components: Component[] = []
  const samples = new Float64Array(values.length / width)
  for (let component = 0; component < width; component++) {
    let count = 0
    for (let at = component; at < values.length; at += width) {
      const value = values[at]!
      if (Number.isFinite(value)) samples[count++] = value
    }
    components.push(componentStatistics(samples.subarray(0, count)))
  }
  return gather(components)
}

function gather(components: readonly Component[]): FeatureStatistics {
  const lists = valueNames.map(name => [name, components.map(each => each[name])] as const)
  const values = Object.fromEntries(lists) as Record<ValueName, number[]>
  return { ...values, count: Math.max(...components.map(each => each.count)) }
}

function componentStatistics(samples: Float64Array): Component {
  const count = samples.length
  if (count === 0) return nothing()
  let min = samples[0]!
  let max = min
  for (const value of samples) {
    if (value < min) min = value
    if (value > max) max = value
  }
  if (Math.max(Math.abs(min), Math.abs(max)) > SQUARE_SAFE) {
    const small = componentStatistics(samples.map(value => value * DOWN))
    const large = Object.fromEntries(valueNames.map(name => [name, clamp(small[name] / DOWN)]))
    return { ...(large as Component), min, max, count }
  }
  let sum = 0
  let squares = 0
  for (const value of samples) {
    sum += value
    squares += value * value
  }
  const mean = sum / count
  if (count === 1) return { ...nothing(), ...same(mean), min, max, mean, count }
  const std = Math.sqrt(Math.max(0, squares / count - mean * mean))
  return { min, max, mean, std, ...histogramQuantiles(samples, min, max), count }
}

const same = (value: number): Record<QuantileName, number> => ({
  ...{ q01: value, q10: value, q50: value, q90: value, q99: value },
})

const clamp = (value: number): number =>
  Math.min(Number.MAX_VALUE, Math.max(-Number.MAX_VALUE, value))

function histogramQuantiles(
  samples: Float64Array,
  min: number,
  max: number,
): Record<QuantileName, number> {
  const low = min - PADDING
  const high = max + PADDING
  // Large numbers swallow the padding: all samples are one number then.
  if (!(high > low)) return same(min)
  const edge = (bin: number): number => (bin === BINS ? high : bin * ((high - low) / BINS) + low)
  const counts = new Float64Array(BINS)
  for (const value of samples) {
    let bin = Math.min(BINS - 1, Math.floor(((value - low) / (high - low)) * BINS))
    while (bin > 0 && value < edge(bin)) bin--
    while (bin < BINS - 1 && value >= edge(bin + 1)) bin++
    counts[bin] = counts[bin]! + 1
  }
  const result = same(0)
  for (const name of quantileNames) {
    result[name] = quantileOf(counts, quantileFractions[name] * samples.length, edge)
  }
  return result
}

/** Where `target` samples lie below, straight within a bin. */
function quantileOf(counts: Float64Array, target: number, edge: (bin: number) => number): number {
  let before = 0
  for (let bin = 0; bin < BINS; bin++) {
    const until = before + counts[bin]!
    if (until >= target) {
      if (bin === 0) return edge(0)
      return edge(bin) + ((target - before) / (until - before)) * (edge(bin + 1) - edge(bin))
    }
    before = until
  }
  return edge(BINS)
}

/**
 * The statistics of `total` and `next` together. Quantiles become an envelope: the smaller of two
 * up to the median, the larger above it.
 */
export function aggregateStatistics(
  total: FeatureStatistics | undefined,
  next: FeatureStatistics,
): FeatureStatistics {
  if (!total || total.count === 0) return next
  if (next.count === 0) return total
  assert(total.mean.length === next.mean.length, 'the same components')
  const share = next.count / (total.count + next.count)
  const components = total.mean.map((_, at): Component => {
    const a = componentAt(total, at)
    const b = componentAt(next, at)
    const mean = weigh(a, b)
    const std = Math.hypot(
      Math.sqrt(1 - share) * Math.hypot(a.std, a.mean - mean),
      Math.sqrt(share) * Math.hypot(b.std, b.mean - mean),
    )
    return {
      min: Math.min(a.min, b.min),
      max: Math.max(a.max, b.max),
      mean,
      std: clamp(std),
      ...envelope(a, b),
      count: a.count + b.count,
    }
  })
  return gather(components)
}

const componentAt = (statistics: FeatureStatistics, at: number): Component => {
  const values = valueNames.map(name => [name, statistics[name][at]] as const)
  return { ...(Object.fromEntries(values) as Component), count: statistics.count }
}

function weigh(a: Component, b: Component): number {
  const count = a.count + b.count
  const sum = a.count * a.mean + b.count * b.mean
  return Number.isFinite(sum)
    ? sum / count
    : a.mean * (a.count / count) + b.mean * (b.count / count)
}

function envelope(a: Component, b: Component): Record<QuantileName, number> {
  const result = same(0)
  for (const name of quantileNames) {
    const outer = quantileFractions[name] <= 0.5 ? Math.min : Math.max
    result[name] = outer(a[name], b[name])
  }
  return result
}
