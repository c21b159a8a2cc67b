// Where an agent without a camera went: a line that fades with age, and a dot where it is now.
import { fractionOf, type Range } from './meter-range.ts'
import type { Bounds, Place } from './trail.ts'

const MARGIN = 0.12
/** The line is drawn in pieces of one opacity each. */
const PIECES = 16

/** Draws the trail over the whole canvas, which is in device pixels; y points up. */
export function drawTrail(
  canvas: HTMLCanvasElement,
  trail: readonly Place[],
  bounds: Bounds,
  colours: { readonly ground: string; readonly line: string; readonly grid: string },
): void {
  const context = canvas.getContext('2d', { alpha: false })
  if (context === null) return
  const { width, height } = canvas
  const size = Math.min(width, height)
  const across = (range: Range, value: number, from: number, to: number): number =>
    from + (to - from) * (MARGIN + (1 - 2 * MARGIN) * fractionOf(range, value))
  const left = (width - size) / 2
  const top = (height - size) / 2
  const x = (place: Place): number => across(bounds.x, place.x, left, left + size)
  const y = (place: Place): number => across(bounds.y, place.y, top + size, top)

  context.globalAlpha = 1
  context.fillStyle = colours.ground
  context.fillRect(0, 0, width, height)
  context.strokeStyle = colours.grid
  context.lineWidth = Math.max(1, size / 500)
  const inset = size * MARGIN * 0.6
  context.strokeRect(left + inset, top + inset, size - 2 * inset, size - 2 * inset)

  context.strokeStyle = colours.line
  context.lineWidth = Math.max(2, size / 160)
  context.lineJoin = 'round'
  context.lineCap = 'round'
  for (let piece = 0; piece < PIECES; piece++) {
    const from = Math.floor((trail.length * piece) / PIECES)
    const to = Math.floor((trail.length * (piece + 1)) / PIECES)
    if (to <= from) continue
    context.globalAlpha = 0.08 + 0.92 * ((piece + 1) / PIECES) ** 2
    context.beginPath()
    for (let index = Math.max(0, from - 1); index < to; index++) {
      const place = trail[index]!
      if (index === Math.max(0, from - 1)) context.moveTo(x(place), y(place))
      else context.lineTo(x(place), y(place))
    }
    context.stroke()
  }
  context.globalAlpha = 1
  const here = trail.at(-1)
  if (here === undefined) return
  context.fillStyle = colours.line
  context.beginPath()
  context.arc(x(here), y(here), Math.max(4, size / 55), 0, 2 * Math.PI)
  context.fill()
}
