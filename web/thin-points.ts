// Fewer points for a chart that has no room for all, with the extremes kept: an outlier that is not
// drawn would be a lie.

/**
 * Indices of at most `pointsMax` (>= 2) of `values`, rising: of each stretch its lowest and its
 * highest. All of them when there are no more. Nulls are drawn as gaps and count as nothing.
 */
export function thinPoints(values: readonly (number | null)[], pointsMax: number): number[] {
  if (values.length <= pointsMax) return values.map((_, index) => index)
  const stretches = Math.floor(pointsMax / 2)
  const kept: number[] = []
  for (let stretch = 0; stretch < stretches; stretch++) {
    const from = Math.floor((values.length * stretch) / stretches)
    const to = Math.floor((values.length * (stretch + 1)) / stretches)
    let lowest = from
    let highest = from
    for (let index = from; index < to; index++) {
      const value = values[index]!
      if (value === null) continue
      if (values[lowest] === null || value < values[lowest]!) lowest = index
      if (values[highest] === null || value > values[highest]!) highest = index
    }
    kept.push(Math.min(lowest, highest))
    if (lowest !== highest) kept.push(Math.max(lowest, highest))
  }
  return kept
}
