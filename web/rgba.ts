// Captured pixel layouts to the one that a canvas takes.
import type { FrameMessage } from '../src/protocol/frame-message.ts'

/** Writes the frame's pixels as RGBA, opaque. `target` has 4 bytes for each pixel. */
export function toRgba(
  { format, pixels }: Pick<FrameMessage, 'format' | 'pixels'>,
  target: Uint8ClampedArray,
): void {
  if (format === 'rgba8') {
    target.set(pixels)
    return
  }
  const stride = format === 'rgb8' ? 3 : 1
  const green = format === 'rgb8' ? 1 : 0
  const blue = format === 'rgb8' ? 2 : 0
  for (let from = 0, to = 0; to < target.length; from += stride, to += 4) {
    target[to] = pixels[from]!
    target[to + 1] = pixels[from + green]!
    target[to + 2] = pixels[from + blue]!
    target[to + 3] = 255
  }
}
