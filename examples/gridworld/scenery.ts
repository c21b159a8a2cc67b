// What does not move: meadow, paths, hedges, and the eight places, drawn once for each curriculum
// stage. A place whose meter is not yet active is a faint outline in the grass.
import { seededRandom } from '../../src/base/random.ts'
import { type Canvas, drawSprite, fillRectangle, type Rgb } from '../drawing/canvas.ts'
import { compileSprite, meterColours, palette, placeArt } from './sprites.ts'
import {
  activeMeterCount,
  gridSize,
  meterNames,
  type PlaceName,
  placeNames,
  places,
} from './world.ts'

/** Frames are `frameSize` pixels wide and high, RGB8. */
export const frameSize = 96
export const cellSize = 10
/** Left edge of the grid; its upper edge is the frame's. */
export const gridLeft = 8
/** Upper edge of the strip of meters, as wide as the frame. */
export const stripTop = gridSize * cellSize

const meadow: readonly Rgb[] = [
  [150, 212, 112],
  [144, 207, 107],
]
const grass: Rgb = [118, 188, 88]
const petals: readonly Rgb[] = [palette.w, palette.y, palette.p]
const sand: Rgb = [236, 216, 164]
const hedge: Rgb = [58, 128, 74]
const hedgeLight: Rgb = [86, 162, 90]
const hedgeDark: Rgb = [40, 100, 62]
const paving: Rgb = [250, 243, 226]
const stripColour: Rgb = [34, 34, 48]

/** The order in which the path visits the places. */
const path: readonly PlaceName[] = [
  'bed',
  'gym',
  'kitchen',
  'park',
  'clinic',
  'office',
  'cafe',
  'shower',
  'bed',
]
const scenerySeed = 7

const icons = placeNames.map(name => compileSprite(placeArt[name]))

/** The picture behind everything in `stage`: `frameSize * frameSize * 3` bytes. */
export function drawScenery(stage: number): Uint8Array {
  const canvas = { pixels: new Uint8Array(frameSize * frameSize * 3), width: frameSize }
  drawMeadow(canvas)
  drawPath(canvas)
  drawHedges(canvas)
  const active = activeMeterCount(stage)
  placeNames.forEach((_, index) => {
    drawPlace(canvas, index, index < active)
  })
  fillRectangle(canvas, 0, stripTop, frameSize, frameSize - stripTop, stripColour)
  return canvas.pixels
}

/** Flowers stand in the corners of cells, where no path runs. */
function drawMeadow(canvas: Canvas): void {
  const random = seededRandom(scenerySeed)
  for (let y = 0; y < gridSize; y++) {
    for (let x = 0; x < gridSize; x++) {
      const left = gridLeft + x * cellSize
      const top = y * cellSize
      fillRectangle(canvas, left, top, cellSize, cellSize, meadow[(x + y) % 2]!)
      const tuftX = left + 1 + random.below(6)
      const tuftY = top + 2 + random.below(6)
      fillRectangle(canvas, tuftX, tuftY, 1, 2, grass)
      fillRectangle(canvas, tuftX + 2, tuftY, 1, 2, grass)
      if (random.next() > 0.3) continue
      const petal = petals[random.below(petals.length)]!
      const flowerX = left + 7 * random.below(2)
      const flowerY = top + 7 * random.below(2)
      fillRectangle(canvas, flowerX, flowerY + 1, 3, 1, petal)
      fillRectangle(canvas, flowerX + 1, flowerY, 1, 3, petal)
      fillRectangle(canvas, flowerX + 1, flowerY + 1, 1, 1, palette.o)
    }
  }
}

/** Four pixels wide, along the row first and then along the column. */
function drawPath(canvas: Canvas): void {
  for (let i = 1; i < path.length; i++) {
    const from = places[path[i - 1]!]
    const to = places[path[i]!]
    const left = gridLeft + Math.min(from.x, to.x) * cellSize + 3
    const top = Math.min(from.y, to.y) * cellSize + 3
    const columns = Math.abs(from.x - to.x) * cellSize + 4
    const rows = Math.abs(from.y - to.y) * cellSize + 4
    fillRectangle(canvas, left, from.y * cellSize + 3, columns, 4, sand)
    fillRectangle(canvas, gridLeft + to.x * cellSize + 3, top, 4, rows, sand)
  }
}

function drawHedges(canvas: Canvas): void {
  const rightHedge = gridLeft + gridSize * cellSize
  for (const left of [0, rightHedge]) {
    const width = left === 0 ? gridLeft : frameSize - rightHedge
    fillRectangle(canvas, left, 0, width, stripTop, hedge)
    for (let y = 0; y < stripTop; y += 8) {
      fillRectangle(canvas, left + 1, y + 1, 3, 2, hedgeLight)
      fillRectangle(canvas, left + 5, y + 5, 2, 1, hedgeLight)
      fillRectangle(canvas, left, y + 7, width, 1, hedgeDark)
    }
  }
}

function drawPlace(canvas: Canvas, index: number, open: boolean): void {
  const { x, y } = places[placeNames[index]!]
  const left = gridLeft + x * cellSize
  const top = y * cellSize
  if (open) {
    fillRectangle(canvas, left, top, cellSize, cellSize, meterColours[meterNames[index]!])
    fillRectangle(canvas, left + 1, top + 1, cellSize - 2, cellSize - 2, paving)
  }
  drawSprite(canvas, icons[index]!, left + 1, top + 1, open ? 1 : 0.22)
}
