// Medians, quartiles and a bootstrap: the few statistics that a bench needs. Few rounds, unknown
// distribution, outliers from other programs: so ranks, not means and deviations.
import { assert } from '../src/base/assert.ts'
import type { Random } from '../src/base/random.ts'

/** The value at `fraction` (0..1) of the samples in order, between neighbours by proportion. */
export function quantileOf(samples: readonly number[], fraction: number): number {
  assert(samples.length > 0, 'a quantile of no samples')
  const sorted = samples.toSorted((a, b) => a - b)
  const at = fraction * (sorted.length - 1)
  const below = sorted[Math.floor(at)]!
  const above = sorted[Math.ceil(at)]!
  return below + (above - below) * (at - Math.floor(at))
}

export const medianOf = (samples: readonly number[]): number => quantileOf(samples, 0.5)

export const quartilesOf = (samples: readonly number[]): { low: number; high: number } => ({
  low: quantileOf(samples, 0.25),
  high: quantileOf(samples, 0.75),
})

/** The 95 % interval of the median of `samples`, by resampling them `resamples` times. */
export function bootstrapMedian(
  samples: readonly number[],
  random: Random,
  resamples = 4000,
): { low: number; high: number } {
  const medians: number[] = []
  for (let round = 0; round < resamples; round++) {
    medians.push(medianOf(samples.map(() => samples[random.below(samples.length)]!)))
  }
  return { low: quantileOf(medians, 0.025), high: quantileOf(medians, 0.975) }
}
