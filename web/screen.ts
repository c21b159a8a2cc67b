// Where frames are seen: a canvas that a thread of its own draws on, or the page itself in a browser
// without OffscreenCanvas. What it is handed it may show later, or never when a newer one comes.
import { systemClock } from '../src/base/clock.ts'
import { describeError } from '../src/base/errors.ts'
import type { FrameMessage } from '../src/protocol/frame-message.ts'
import workerUrl from './drawing.worker.ts?worker&url'
import { openDrawer } from './open-drawer.ts'
import type { FromDrawing, ToDrawing } from './screen-messages.ts'

export interface ScreenEvents {
  /** `at`: Unix milliseconds. */
  onDrawn(frame: FrameMessage, at: number): void
  /** The frame cannot be drawn. */
  onFailed(frame: FrameMessage, problem: string): void
}

export interface Screen {
  show(frame: FrameMessage): void
  close(): void
}

/** Opens a screen on a canvas of its own in `place`, of the given class. */
export function openScreen(place: HTMLElement, className: string, events: ScreenEvents): Screen {
  const addCanvas = (): HTMLCanvasElement => {
    const canvas = document.createElement('canvas')
    canvas.className = className
    place.append(canvas)
    return canvas
  }
  let canvas = addCanvas()
  let newest: FrameMessage | null = null
  /** Without its thread a canvas that was handed over is dead. */
  const goOnHere = (): void => {
    canvas.remove()
    canvas = addCanvas()
    screen = drawHere(canvas, events)
    if (newest !== null) screen.show(newest)
  }
  const canHandOver = 'transferControlToOffscreen' in canvas && typeof Worker === 'function'
  let screen = canHandOver ? drawInThread(canvas, events, goOnHere) : drawHere(canvas, events)
  return {
    show(frame) {
      newest = frame
      screen.show(frame)
    },
    close() {
      screen.close()
      canvas.remove()
    },
  }
}

function drawHere(canvas: HTMLCanvasElement, events: ScreenEvents): Screen {
  const drawer = openDrawer<FrameMessage>(canvas, {
    onDrawn: frame => events.onDrawn(frame, systemClock.now()),
    onFailed: (frame, error) => events.onFailed(frame, describeError(error)),
  })
  return { show: frame => drawer.show(frame), close() {} }
}

function drawInThread(
  canvas: HTMLCanvasElement,
  events: ScreenEvents,
  onBroken: () => void,
): Screen {
  const worker = new Worker(trusted(workerUrl) as string, { type: 'module' })
  const offscreen = canvas.transferControlToOffscreen()
  const post = (message: ToDrawing, transfer: Transferable[] = []): void =>
    worker.postMessage(message, transfer)
  post({ type: 'open', canvas: offscreen }, [offscreen])
  /** Handed over and not drawn yet, oldest first. */
  const handed = new Map<number, FrameMessage>()
  let count = 0
  worker.onmessage = ({ data }: MessageEvent<FromDrawing>) => {
    const frame = handed.get(data.number)
    for (const number of handed.keys()) if (number <= data.number) handed.delete(number)
    if (frame === undefined) return
    if (data.type === 'drawn') events.onDrawn(frame, data.at)
    else events.onFailed(frame, data.problem)
  }
  worker.onerror = () => {
    worker.terminate()
    onBroken()
  }
  return {
    show(frame) {
      const { width, height, format, pixels } = frame
      handed.set(++count, frame)
      if (handed.size > HANDED_MAX) handed.delete(count - HANDED_MAX)
      post({ type: 'show', number: count, frame: { width, height, format, pixels } })
    },
    close: () => worker.terminate(),
  }
}

/** Frames whose drawing may still be told of. */
const HANDED_MAX = 64

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL: (url: string) => string },
  ): { createScriptURL(url: string): unknown }
}

/** The page's policy wants to be told that a script's address is our own. */
function trusted(url: string): unknown {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes }
  policy ??= trustedTypes?.createPolicy('rollcast', { createScriptURL: own => own })
  return policy?.createScriptURL(url) ?? url
}

let policy: ReturnType<TrustedTypes['createPolicy']> | undefined
