// A drawer of frames on a canvas of this browser, in the page or in a worker.

import { hasPixels } from '../src/protocol/frame-encoding.ts'
import { decodePicture, FramePainter } from './draw-frame.ts'
import { type Drawable, type DrawerOptions, FrameDrawer } from './frame-drawer.ts'

export function openDrawer<F extends Drawable>(
  canvas: HTMLCanvasElement | OffscreenCanvas,
  events: Pick<DrawerOptions<ImageBitmap, F>, 'onDrawn' | 'onFailed'>,
): FrameDrawer<ImageBitmap, F> {
  const painter = new FramePainter(canvas)
  return new FrameDrawer<ImageBitmap, F>({
    decode: decodePicture,
    draw(frame, picture) {
      if (picture === null) {
        if (hasPixels(frame)) painter.drawPixels(frame)
        return
      }
      painter.drawPicture(picture)
      picture.close()
    },
    nextTick: () => new Promise(resolve => requestAnimationFrame(resolve)),
    ...events,
  })
}
