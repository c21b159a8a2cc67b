// A viewer's connection that comes back as soon as it is cut off.
import { WebSocket } from 'ws'
import { stringifyMessage } from '../../src/protocol/message-text.ts'
import { VIEWER_PROTOCOL } from '../../src/protocol/viewer-protocol.ts'

const RECONNECT_MILLIS = 10
const REQUEST = 1

export interface Connection {
  /** Resolves when the server has read the log for it, by a thread that then stays for a while. */
  browse(): Promise<void>
  /** From now on nothing is read: what comes waits in the server. */
  stopReading(): void
  close(): void
}

/** Watches the page at `url` from now on; `onFrame` is told of every frame. */
export function stayConnected(url: string, maxFps: number, onFrame: () => void): Connection {
  const address = new URL('/ws', url.replace('http', 'ws'))
  let closed = false
  let reads = true
  let socket: WebSocket
  let timer: NodeJS.Timeout | undefined
  let onAnswer: (() => void) | undefined
  const connect = (): void => {
    socket = new WebSocket(address, VIEWER_PROTOCOL)
    socket.on('open', () => {
      socket.send(stringifyMessage({ type: 'hello', v: 1, delivery: 'newest', max_fps: maxFps }))
      if (!reads) socket.pause()
    })
    socket.on('message', (data, isBinary) => {
      if (isBinary) onFrame()
      else if (onAnswer && JSON.parse(String(data)).request === REQUEST) onAnswer()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      if (!closed) timer = setTimeout(connect, RECONNECT_MILLIS)
    })
  }
  connect()
  return {
    browse() {
      socket.send(stringifyMessage({ type: 'list_episodes', request: REQUEST, limit: 1 }))
      return new Promise(resolve => {
        onAnswer = () => {
          onAnswer = undefined
          resolve()
        }
      })
    },
    stopReading() {
      reads = false
      if (socket.readyState === WebSocket.OPEN) socket.pause()
    },
    close() {
      closed = true
      clearTimeout(timer)
      socket.terminate()
    },
  }
}
