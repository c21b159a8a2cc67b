// The range over which a gauge is drawn: a meter says no bounds of its own, so it is what was seen,
// widened to 0..1, the range that most meters have.

export interface Range {
  readonly min: number
  readonly max: number
}

const UNIT: Range = { min: 0, max: 1 }

/** `range` (0..1 when there is none) widened to hold `value`; values that are not finite do not. */
export function widen(range: Range | undefined, value: number): Range {
  const { min, max } = range ?? UNIT
  if (!Number.isFinite(value) || (value >= min && value <= max)) return range ?? UNIT
  return { min: Math.min(min, value), max: Math.max(max, value) }
}

/** Where `value` stands in `range`, 0..1; 0 when it is not finite. */
export function fractionOf(range: Range, value: number): number {
  const fraction = (value - range.min) / (range.max - range.min)
  return Number.isFinite(fraction) ? Math.max(0, Math.min(1, fraction)) : 0
}

/**
 * A range for values that matter relative to each other (Q-values): from a little below the lowest,
 * so that its bar still shows, to the highest.
 */
export function relativeRange(values: readonly number[]): Range {
  const finite = values.filter(Number.isFinite)
  if (finite.length === 0) return UNIT
  const min = Math.min(...finite)
  const max = Math.max(...finite)
  const span = max - min || Math.abs(max) || 1
  return { min: min - span * 0.12, max }
}
