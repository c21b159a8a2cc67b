// Drawing into an RGB8 picture: rectangles and sprites, never clipped, because whoever draws
// knows where the edges are. Fast enough to be forgotten: a sprite is some eighty pixels.
import type { Rgb, Sprite } from './sprites.ts'

/** Row-major RGB8 pixels, `width * height * 3` bytes. */
export type Canvas = { readonly pixels: Uint8Array; readonly width: number }

/** Fills the rectangle; it must lie inside the canvas. */
export function fillRectangle(
  { pixels, width }: Canvas,
  x: number,
  y: number,
  columns: number,
  rows: number,
  [red, green, blue]: Rgb,
): void {
  for (let row = y; row < y + rows; row++) {
    for (let at = (row * width + x) * 3, end = at + columns * 3; at < end; at += 3) {
      pixels[at] = red
      pixels[at + 1] = green
      pixels[at + 2] = blue
    }
  }
}

/** Draws the sprite with its upper left corner at x, y; `opacity` 0..1 mixes it with what is there.
 * It must lie inside the canvas. */
export function drawSprite(
  canvas: Canvas,
  sprite: Sprite,
  x: number,
  y: number,
  opacity = 1,
): void {
  const { pixels, width } = canvas
  const { rgb, opaque } = sprite
  for (let from = 0; from < opaque.length; from++) {
    if (opaque[from] === 0) continue
    const row = Math.floor(from / sprite.width)
    const at = ((y + row) * width + x + (from - row * sprite.width)) * 3
    for (let channel = 0; channel < 3; channel++) {
      const under = pixels[at + channel]!
      pixels[at + channel] = under + (rgb[from * 3 + channel]! - under) * opacity
    }
  }
}
