// Where an agent went in an episode, and the bounds to draw it in. Bounds only widen, so that the
// picture stands still from one episode to the next.
import { type Range, widen } from './meter-range.ts'

/** Places kept of one episode. */
export const TRAIL_PLACES_MAX = 512

export interface Place {
  readonly x: number
  readonly y: number
}

export interface Bounds {
  readonly x: Range
  readonly y: Range
}

/** The first two coordinates; a single one is drawn over the steps. Null when not drawable. */
export function placeOf(position: readonly number[] | null, step: number): Place | null {
  const x = position?.[0]
  if (position === null || x === undefined) return null
  const y = position[1]
  const place = y === undefined ? { x: step, y: x } : { x, y }
  return Number.isFinite(place.x) && Number.isFinite(place.y) ? place : null
}

export const widenBounds = (bounds: Bounds | null, place: Place): Bounds => ({
  x: widen(bounds?.x, place.x),
  y: widen(bounds?.y, place.y),
})
