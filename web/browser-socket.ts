// The browser's WebSocket as the connection wants it, to the server that served the page.
import { basePath } from '../src/protocol/run-list.ts'
import { VIEWER_PROTOCOL } from '../src/protocol/viewer-protocol.ts'
import type { Socket, SocketEvents } from './connection.ts'
import { type Ask, reasonOf } from './sign-in.ts'

/** What stands before the addresses of this page's run; `/` for the newest one. */
export const base = basePath(location.pathname)

/** Of the page's own origin, cookies included. */
export const askServer: Ask = (path, options) => fetch(path, options)

/** Whether the root, where several runs are served, leads those who are known on to the newest. */
export async function leadsOn(): Promise<boolean> {
  const answer = await askServer('/', { method: 'HEAD', redirect: 'manual' }).catch(() => undefined)
  return answer?.type === 'opaqueredirect'
}

/** Opens a socket to the run's viewers, of the page's own origin. */
export function openBrowserSocket(events: SocketEvents): Socket {
  const url = new URL(`${base}ws`, location.href)
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
