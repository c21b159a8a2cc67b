// A viewer that comes back as soon as it is cut off, and remembers when each frame came.
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { stringifyMessage, VIEWER_PROTOCOL } from '../../src/protocol/viewer-messages.ts'

const RECONNECT_MILLIS = 10

export interface SteadyViewer {
  /** When frames came, Unix milliseconds, in their order. */
  readonly frameTimes: readonly number[]
  close(): void
}

export function watch(url: string): SteadyViewer {
  const address = new URL('/ws', url.replace('http', 'ws'))
  const frameTimes: number[] = []
  let closed = false
  let socket: WebSocket
  const connect = (): void => {
    if (closed) return
    socket = new WebSocket(address, VIEWER_PROTOCOL)
    socket.on('open', () => {
      socket.send(stringifyMessage({ type: 'hello', v: 1, delivery: 'newest', max_fps: 60 }))
    })
    socket.on('message', (_data, isBinary) => {
      if (isBinary) frameTimes.push(performance.timeOrigin + performance.now())
    })
    socket.on('error', () => {})
    socket.on('close', () => setTimeout(connect, RECONNECT_MILLIS))
  }
  connect()
  const close = (): void => {
    closed = true
    socket.terminate()
  }
  onTestFinished(close)
  return { frameTimes, close }
}

/** The longest time without a frame that touches each interval; one that never ended, so far. */
export function longestGaps(
  frameTimes: readonly number[],
  intervals: readonly (readonly [from: number, to: number])[],
): number[] {
  const times = [...frameTimes, performance.timeOrigin + performance.now()]
  return intervals.map(([from, to]) => {
    let longest = 0
    const first = Math.max(
      0,
      times.findLastIndex(time => time <= from),
    )
    for (let i = first; i + 1 < times.length && times[i]! <= to; i++) {
      longest = Math.max(longest, times[i + 1]! - times[i]!)
    }
    return longest
  })
}
