// Captured pixels to the canvas, one to one; CSS scales them up crisply. The image buffer is kept
// between frames of the same size, so that drawing allocates nothing.
import type { FrameMessage } from '../src/protocol/frame-message.ts'

/** Draws frames on one canvas. */
export class FramePainter {
  #image: ImageData | null = null

  /** Sizes the canvas to the frame and draws it. */
  draw(canvas: HTMLCanvasElement, frame: FrameMessage): void {
    const { width, height } = frame
    if (canvas.width !== width) canvas.width = width
    if (canvas.height !== height) canvas.height = height
    const context = canvas.getContext('2d', { alpha: false })
    if (context === null || width === 0 || height === 0) return
    if (this.#image?.width !== width || this.#image.height !== height) {
      this.#image = context.createImageData(width, height)
    }
    toRgba(frame, this.#image.data)
    context.putImageData(this.#image, 0, 0)
  }
}

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
