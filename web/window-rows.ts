// Which rows of a long list to draw: those in sight and a few around them.

export interface RowWindow {
  /** Index of the first row to draw. */
  readonly from: number
  /** Index after the last one. */
  readonly to: number
}

const OVERSCAN = 6

/** All in the same unit, pixels; `rowHeight` > 0. */
export function windowRows(
  count: number,
  rowHeight: number,
  scrollTop: number,
  viewHeight: number,
): RowWindow {
  const first = Math.floor(Math.max(0, scrollTop) / rowHeight)
  const last = Math.ceil((Math.max(0, scrollTop) + viewHeight) / rowHeight)
  const from = Math.max(0, Math.min(count, first - OVERSCAN))
  return { from, to: Math.max(from, Math.min(count, last + OVERSCAN)) }
}
