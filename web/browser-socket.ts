// The browser's WebSocket as the connection wants it, to the server that served the page.
import { VIEWER_PROTOCOL } from '../src/protocol/viewer-messages.ts'
import type { Socket, SocketEvents } from './connection.ts'
import { type Ask, reasonOf } from './sign-in.ts'

/** Of the page's own origin, cookies included. */
export const askServer: Ask = (path, options) => fetch(path, options)

/** Opens a socket to `/ws` of the page's own origin. */
export function openBrowserSocket(events: SocketEvents): Socket {
  const url = new URL('/ws', location.href)
  url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:'
  const socket = new WebSocket(url, VIEWER_PROTOCOL)
  socket.binaryType = 'arraybuffer'
  let hasOpened = false
  socket.onopen = () => {
    hasOpened = true
    events.onOpen()
  }
  socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) =>
    events.onMessage(typeof event.data === 'string' ? event.data : new Uint8Array(event.data))
  socket.onclose = ({ code }) =>
    void reasonOf(code, hasOpened, askServer).then(reason => events.onClose(reason))
  return {
    send: text => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text)
    },
    close: () => socket.close(),
  }
}
