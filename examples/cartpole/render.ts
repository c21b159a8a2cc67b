// The picture of a cart-pole: the track between its two ends, the cart with the push that it gets, the
// pole, redder the further it leans, and a strip that fills up to the time limit. Drawn for being
// scaled up; takes some 5 us.
import { assert } from '../../src/base/assert.ts'
import { type Canvas, drawBar, fillRectangle, type Rgb } from '../drawing/canvas.ts'
import { angleLimit, type CartPole, maxSteps, positionLimit } from './cart-pole.ts'

/** Pixels; frames are RGB8, row-major from the upper left. */
export const frameWidth = 128
export const frameHeight = 64
export const frameBytes = frameWidth * frameHeight * 3

const pixelsPerMetre = 22
const centre = frameWidth / 2
const trackTop = 52
const stripTop = frameHeight - 4
const cartWidth = 13
const cartHeight = 7
const poleMetres = 1
/** Where the pole stands on the cart. */
const jointTop = trackTop - cartHeight - 1.5
/** The cart ends up a little beyond the limit; further out it would leave the picture. */
const drawnPositionMax = positionLimit + 0.1

const sky: readonly [Rgb, Rgb] = [
  [205, 228, 244],
  [242, 240, 232],
]
const ground: Rgb = [104, 114, 92]
const rail: Rgb = [66, 70, 78]
const post: Rgb = [212, 86, 78]
const middle: Rgb = [168, 178, 158]
const cartColour: Rgb = [52, 74, 112]
const cartLight: Rgb = [92, 120, 168]
const wheel: Rgb = [34, 36, 44]
const upright: Rgb = [206, 152, 96]
const leaning: Rgb = [222, 62, 60]
const joint: Rgb = [240, 240, 246]
const push: Rgb = [246, 190, 60]
const stripBack: Rgb = [40, 42, 52]
const stripFill: Rgb = [110, 200, 130]

const scenery = drawScenery()

/** Draws `cart` into `out`, all of its `frameBytes` bytes. Asserts that `out` has that size. */
export function renderFrame(cart: CartPole, out: Uint8Array): void {
  assert(out.length === frameBytes, `out must have ${frameBytes} bytes, got ${out.length}`)
  out.set(scenery)
  const canvas = { pixels: out, width: frameWidth }
  const position = Math.max(-drawnPositionMax, Math.min(drawnPositionMax, cart.state[0]!))
  const x = centre + position * pixelsPerMetre
  drawCart(canvas, x)
  if (cart.lastAction !== undefined) drawPush(canvas, x, cart.lastAction === 1 ? 1 : -1)
  drawPole(canvas, x, cart.state[2]!)
  fillRectangle(canvas, 0, stripTop, Math.round((frameWidth * cart.steps) / maxSteps), 4, stripFill)
}

function drawScenery(): Uint8Array {
  const pixels = new Uint8Array(frameBytes)
  const canvas = { pixels, width: frameWidth }
  for (let y = 0; y < trackTop; y++) {
    fillRectangle(canvas, 0, y, frameWidth, 1, between(sky[0], sky[1], y / trackTop))
  }
  fillRectangle(canvas, 0, trackTop, frameWidth, stripTop - trackTop, ground)
  fillRectangle(canvas, 0, trackTop, frameWidth, 2, rail)
  for (const end of [-positionLimit, positionLimit]) {
    fillRectangle(canvas, Math.round(centre + end * pixelsPerMetre) - 1, trackTop - 6, 2, 8, post)
  }
  fillRectangle(canvas, centre - 1, trackTop + 3, 2, 3, middle)
  fillRectangle(canvas, 0, stripTop, frameWidth, 4, stripBack)
  return pixels
}

function drawCart(canvas: Canvas, x: number): void {
  const left = Math.round(x - cartWidth / 2)
  const top = trackTop - cartHeight - 1
  fillRectangle(canvas, left, top, cartWidth, cartHeight - 1, cartColour)
  fillRectangle(canvas, left, top, cartWidth, 1, cartLight)
  drawBar(canvas, left + 3, trackTop - 1.5, left + 3, trackTop - 1.5, 1.5, wheel)
  drawBar(canvas, left + 10, trackTop - 1.5, left + 10, trackTop - 1.5, 1.5, wheel)
}

/** At the side from which the cart is pushed. */
function drawPush(canvas: Canvas, x: number, direction: 1 | -1): void {
  const left = Math.round(x - direction * (cartWidth / 2 - 2)) - 1
  fillRectangle(canvas, left, trackTop - cartHeight + 1, 3, 3, push)
}

function drawPole(canvas: Canvas, x: number, angle: number): void {
  const length = poleMetres * pixelsPerMetre
  const tipX = x + Math.sin(angle) * length
  const tipY = jointTop - Math.cos(angle) * length
  const colour = between(upright, leaning, Math.min(1, Math.abs(angle) / angleLimit))
  drawBar(canvas, x, jointTop, tipX, tipY, 1.4, colour)
  drawBar(canvas, x, jointTop, x, jointTop, 1, joint)
}

function between(from: Rgb, to: Rgb, share: number): Rgb {
  const mix = (channel: 0 | 1 | 2): number =>
    Math.round(from[channel] + (to[channel] - from[channel]) * share)
  return [mix(0), mix(1), mix(2)]
}
