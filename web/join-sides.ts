// Two curves over one axis, as a chart wants them: every x of either, and at each what the curve was
// there. A curve ends where its episode does; between two of its points it keeps the last value.

interface Curve {
  /** Rising. */
  readonly x: readonly number[]
  readonly y: readonly number[]
}

/** The x of both, then a value of each for every x; null before a curve begins and after its end. */
export function joinSides(
  left: Curve,
  right: Curve,
): [number[], (number | null)[], (number | null)[]] {
  const xs = [...new Set([...left.x, ...right.x])].sort((a, b) => a - b)
  return [xs, valuesAt(left, xs), valuesAt(right, xs)]
}

function valuesAt({ x, y }: Curve, xs: readonly number[]): (number | null)[] {
  const end = x.at(-1) ?? Number.NEGATIVE_INFINITY
  let next = 0
  return xs.map(at => {
    while (next < x.length && x[next]! <= at) next++
    const value = next === 0 || at > end ? undefined : y[next - 1]
    return value !== undefined && Number.isFinite(value) ? value : null
  })
}
