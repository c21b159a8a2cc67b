// Drawing into an RGB8 picture: rectangles, sprites and bars, never clipped, because whoever draws
// knows where the edges are. Fast enough to be forgotten: a sprite is some eighty pixels.

/** Row-major RGB8 pixels, `width * height * 3` bytes. */
export type Canvas = { readonly pixels: Uint8Array; readonly width: number }

export type Rgb = readonly [number, number, number]

/** A picture with holes; `opaque` holds 1 where a pixel is drawn. Row-major RGB8. */
export type Sprite = {
  readonly width: number
  readonly height: number
  readonly rgb: Uint8Array
  readonly opaque: Uint8Array
}

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

/** Draws a bar with round ends and smooth edges from `x0, y0` to `x1, y1`, in pixels: the middle of
 * the first pixel is 0.5, 0.5. It must lie inside the canvas. */
export function drawBar(
  { pixels, width }: Canvas,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  radius: number,
  [red, green, blue]: Rgb,
): void {
  const dx = x1 - x0
  const dy = y1 - y0
  const scale = 1 / Math.max(dx * dx + dy * dy, Number.EPSILON)
  const reach = radius + 0.5
  const right = Math.ceil(Math.max(x0, x1) + reach)
  const bottom = Math.ceil(Math.max(y0, y1) + reach)
  for (let y = Math.floor(Math.min(y0, y1) - reach); y < bottom; y++) {
    for (let x = Math.floor(Math.min(x0, x1) - reach); x < right; x++) {
      const px = x + 0.5 - x0
      const py = y + 0.5 - y0
      // The nearest place on the bar's axis, 0..1.
      const along = Math.max(0, Math.min(1, (px * dx + py * dy) * scale))
      const cover = reach - Math.hypot(px - along * dx, py - along * dy)
      if (cover <= 0) continue
      const opacity = Math.min(1, cover)
      const at = (y * width + x) * 3
      pixels[at] = pixels[at]! + (red - pixels[at]!) * opacity
      pixels[at + 1] = pixels[at + 1]! + (green - pixels[at + 1]!) * opacity
      pixels[at + 2] = pixels[at + 2]! + (blue - pixels[at + 2]!) * opacity
    }
  }
}
