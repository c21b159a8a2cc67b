// A frame to a canvas, one to one; CSS scales it up crisply. The image buffer is kept between frames
// of the same size, so that drawing pixels allocates nothing.
import type { FrameFormat } from '../src/protocol/events.ts'
import type { Picture } from './decode-picture.ts'
import type { Drawable } from './frame-drawer.ts'
import { toRgba } from './rgba.ts'

/** Draws frames on one canvas, in the page or in a worker. */
export class FramePainter {
  readonly #canvas: HTMLCanvasElement | OffscreenCanvas
  #image: ImageData | null = null

  constructor(canvas: HTMLCanvasElement | OffscreenCanvas) {
    this.#canvas = canvas
  }

  /** Sizes the canvas to the frame and draws its pixels. */
  drawPixels(frame: Drawable & { readonly format: FrameFormat }): void {
    const { width, height } = frame
    const context = this.#resize(width, height)
    if (width === 0 || height === 0) return
    if (this.#image?.width !== width || this.#image.height !== height) {
      this.#image = context.createImageData(width, height)
    }
    toRgba(frame, this.#image.data)
    context.putImageData(this.#image, 0, 0)
  }

  /** Sizes the canvas to the picture, draws it and lets go of it. */
  drawPicture(picture: Picture): void {
    const context = this.#resize(picture.width, picture.height)
    if (picture instanceof ImageData) context.putImageData(picture, 0, 0)
    else {
      context.drawImage(picture, 0, 0)
      picture.close()
    }
  }

  /** Throws where the browser has no 2D context for this canvas. */
  #resize(
    width: number,
    height: number,
  ): CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D {
    const canvas = this.#canvas
    if (canvas.width !== width) canvas.width = width
    if (canvas.height !== height) canvas.height = height
    const options = { alpha: false }
    // The same call for both kinds, which TypeScript does not see.
    const context = (canvas as OffscreenCanvas).getContext('2d', options)
    if (context === null) throw new Error('this browser gives no 2D context for the stage')
    return context
  }
}
