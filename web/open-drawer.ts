// A drawer of frames on a canvas of this browser, in the page or in a worker.
import { hasPixels } from '../src/protocol/frame-encoding.ts'
import { type Picture, PictureDecoder } from './decode-picture.ts'
import { FramePainter } from './draw-frame.ts'
import { type Drawable, type DrawerOptions, FrameDrawer } from './frame-drawer.ts'

export function openDrawer<F extends Drawable>(
  canvas: HTMLCanvasElement | OffscreenCanvas,
  events: Pick<DrawerOptions<Picture, F>, 'onDrawn' | 'onFailed'>,
): FrameDrawer<Picture, F> {
  const painter = new FramePainter(canvas)
  return new FrameDrawer<Picture, F>({
    decode: new PictureDecoder().decode,
    draw(frame, picture) {
      if (picture !== null) painter.drawPicture(picture)
      else if (hasPixels(frame)) painter.drawPixels(frame)
    },
    nextTick: () => new Promise(resolve => requestAnimationFrame(resolve)),
    ...events,
  })
}
