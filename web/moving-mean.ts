// The mean of the last values at each place, for drawing.

/**
 * The mean of the finite ones among the last `window` (>= 1) values, at each place; null where
 * there is none. One pass.
 */
export function movingMean(values: readonly number[], window: number): (number | null)[] {
  let sum = 0
  let count = 0
  return values.map((value, index) => {
    if (Number.isFinite(value)) {
      sum += value
      count++
    }
    const leaving = values[index - window]
    if (leaving !== undefined && Number.isFinite(leaving)) {
      sum -= leaving
      count--
    }
    return count === 0 ? null : sum / count
  })
}
