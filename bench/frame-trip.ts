// The way of one frame from the trainer to the canvas, stop by stop. The server's stops are in the
// frame's own header; those of the page and of its drawing thread are noted by probes that stand
// between the page and the browser, so that what is measured is the page as it is shipped.
import { quantileOf } from './statistics.ts'

/** Noted by the page: a frame that came in and was handed to the drawing thread. Unix milliseconds. */
export interface Hop {
  /** How many frames were handed over before it, and itself. */
  readonly hand: number
  readonly capturedAt: number
  readonly sentAt: number
  readonly cameAt: number
  readonly handedAt: number
}

/** Noted by the drawing thread: a draw, and the number that was read back. Unix milliseconds. */
export interface Draw {
  /** The number in the picture's corner. */
  readonly number: number
  readonly hand: number
  /** When the thread got to the frame. */
  readonly takenAt: number
  /** The same for pixels, which are not decoded. */
  readonly decodeAt: number
  readonly decodedAt: number
  readonly drawAt: number
  readonly drawnAt: number
  readonly readAt: number
}

/** What a stop costs begins at the one before it. */
export const stops = [
  'capture',
  'server',
  'socket',
  'page',
  'thread',
  'turn',
  'decode',
  'tick',
  'draw',
  'read back',
] as const

/** Milliseconds of each stop. */
export type Trip = Readonly<Record<(typeof stops)[number], number>>

/** `steppedAt` and the page's stamps by one clock. */
export function tripOf(steppedAt: number, hop: Hop, draw: Draw): Trip {
  return {
    capture: hop.capturedAt - steppedAt,
    server: hop.sentAt - hop.capturedAt,
    socket: hop.cameAt - hop.sentAt,
    page: hop.handedAt - hop.cameAt,
    thread: draw.takenAt - hop.handedAt,
    turn: draw.decodeAt - draw.takenAt,
    decode: draw.decodedAt - draw.decodeAt,
    tick: draw.drawAt - draw.decodedAt,
    draw: draw.drawnAt - draw.drawAt,
    'read back': draw.readAt - draw.drawnAt,
  }
}

/** Median and 99th percentile of each stop, in one line. */
export function describeTrips(trips: readonly Trip[]): string {
  const at = (stop: (typeof stops)[number], fraction: number): string =>
    quantileOf(
      trips.map(trip => trip[stop]),
      fraction,
    ).toFixed(1)
  return stops.map(stop => `${stop} ${at(stop, 0.5)} (${at(stop, 0.99)})`).join(', ')
}

/**
 * Runs in the page before its own scripts: notes frames that come in and are handed over, and when
 * the drawing thread has said something.
 */
export function installPageProbe(): void {
  const now = (): number => performance.timeOrigin + performance.now()
  const hops: Hop[] = []
  const came = new WeakMap<object, Pick<Hop, 'capturedAt' | 'sentAt' | 'cameAt'>>()
  const { WebSocket, Worker } = globalThis as unknown as {
    WebSocket: { prototype: object }
    Worker: { prototype: { postMessage: (this: object, ...args: unknown[]) => void } }
  }
  Object.assign(globalThis, { rollcastHops: hops, rollcastHasDrawn: false })
  const own = Object.getOwnPropertyDescriptor(WebSocket.prototype, 'onmessage')!
  Object.defineProperty(WebSocket.prototype, 'onmessage', {
    ...own,
    set(handle: (event: { data: unknown }) => void) {
      own.set!.call(this, (event: { data: unknown }) => {
        if (event.data instanceof ArrayBuffer) {
          const header = new DataView(event.data)
          const [capturedAt, sentAt] = [header.getFloat64(32, true), header.getFloat64(40, true)]
          came.set(event.data, { capturedAt, sentAt, cameAt: now() })
        }
        handle(event)
      })
    },
  })
  const heard = Object.getOwnPropertyDescriptor(Worker.prototype, 'onmessage')!
  Object.defineProperty(Worker.prototype, 'onmessage', {
    ...heard,
    set(handle: (event: unknown) => void) {
      heard.set!.call(this, (event: unknown) => {
        Object.assign(globalThis, { rollcastHasDrawn: true })
        handle(event)
      })
    },
  })
  const post = Worker.prototype.postMessage
  Worker.prototype.postMessage = function (...args) {
    const [message] = args as [{ number?: number; frame?: { pixels: Uint8Array } }]
    const hop = message.frame && came.get(message.frame.pixels.buffer)
    if (hop) hops.push({ hand: message.number!, ...hop, handedAt: now() })
    post.apply(this, args)
  }
}

/** Runs in the drawing thread: reads the number back after every draw. */
export function installDrawProbe(bits: number, square: number): void {
  const now = (): number => performance.timeOrigin + performance.now()
  type Method = (...args: unknown[]) => unknown
  const scope = globalThis as unknown as {
    OffscreenCanvasRenderingContext2D: { prototype: Record<string, Method> }
    ImageDecoder: { prototype: Record<string, Method> }
    VideoFrame: { prototype: Record<string, Method> }
    postMessage: (message: { type: string; number: number }) => void
    addEventListener(
      type: 'message',
      listener: (event: { timeStamp: number; data: { number?: number } }) => void,
    ): void
  }
  const draws: Draw[] = []
  const taken = new Map<number, number>()
  let newest = { decodeAt: 0, decodedAt: 0, drawAt: 0, drawnAt: 0, readAt: 0, number: 0 }
  Object.assign(globalThis, {
    // A frame that is drawn at once is drawn before the listener below has its turn.
    rollcastDraws: () => draws.map(draw => ({ ...draw, takenAt: taken.get(draw.hand) })),
  })
  scope.addEventListener('message', ({ timeStamp, data }) => {
    if (data.number !== undefined) taken.set(data.number, performance.timeOrigin + timeStamp)
  })
  const { decode } = scope.ImageDecoder.prototype
  scope.ImageDecoder.prototype['decode'] = function (this: unknown, ...args) {
    newest = { ...newest, decodeAt: now() }
    return decode!.apply(this, args)
  }
  const { copyTo } = scope.VideoFrame.prototype
  scope.VideoFrame.prototype['copyTo'] = async function (this: unknown, ...args) {
    const layout = await copyTo!.apply(this, args)
    newest = { ...newest, decodedAt: now() }
    return layout
  }
  const { prototype } = scope.OffscreenCanvasRenderingContext2D
  for (const name of ['putImageData', 'drawImage']) {
    const own = prototype[name]!
    prototype[name] = function (this: typeof prototype, ...args): void {
      const drawAt = now()
      own.apply(this, args)
      const drawnAt = now()
      const corner = this['getImageData']!(0, 0, bits * square, square) as { data: Uint8Array }
      let number = 0
      for (let bit = 0; bit < bits; bit++) {
        const middle = (square / 2) * bits * square + bit * square + square / 2
        if (corner.data[middle * 4]! > 127) number |= 1 << bit
      }
      newest = { ...newest, drawAt, drawnAt, number, readAt: now() }
    }
  }
  const tell = scope.postMessage
  scope.postMessage = message => {
    if (message.type === 'drawn') {
      const { decodeAt, drawAt } = newest
      // Of pixels there was no decoding since they came.
      const at = decodeAt === 0 ? { decodeAt: drawAt, decodedAt: drawAt } : {}
      draws.push({ ...newest, ...at, hand: message.number, takenAt: 0 })
      newest = { ...newest, decodeAt: 0, decodedAt: 0 }
    }
    tell.call(globalThis, message)
  }
}
