// The drawing thread: decodes and draws frames on the canvas that the page has handed over, so that
// neither charts nor React ever hold a picture up, nor a picture them.
import { systemClock } from '../src/base/clock.ts'
import { describeError } from '../src/base/errors.ts'
import { openDrawer } from './open-drawer.ts'
import type { FromDrawing, ToDrawing } from './screen-messages.ts'

const tell = (message: FromDrawing): void => postMessage(message)
let drawer: ReturnType<typeof openDrawer<NumberedFrame>> | undefined

type NumberedFrame = Extract<ToDrawing, { type: 'show' }>['frame'] & { readonly number: number }

addEventListener('message', ({ data }: MessageEvent<ToDrawing>) => {
  if (data.type === 'show') drawer?.show({ ...data.frame, number: data.number })
  else {
    drawer = openDrawer<NumberedFrame>(data.canvas, {
      onDrawn: ({ number }) => tell({ type: 'drawn', number, at: systemClock.now() }),
      onFailed: ({ number }, error) =>
        tell({ type: 'failed', number, problem: describeError(error) }),
    })
  }
})
