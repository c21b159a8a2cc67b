/** A line through one point has no length: who draws `values` as a line shows the point itself. */
export function isLone(values: Iterable<number | null | undefined>): boolean {
  let known = 0
  for (const value of values) {
    if (value === null || value === undefined) continue
    if (++known > 1) return false
  }
  return known === 1
}
