// Captured pixels to the canvas, one to one; CSS scales them up crisply. The image buffer is kept
// between frames of the same size, so that drawing allocates nothing.
import type { FrameMessage } from '../src/protocol/frame-message.ts'
import { toRgba } from './rgba.ts'

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
