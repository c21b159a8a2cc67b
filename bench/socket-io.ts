// Socket.IO as a broadcaster, over WebSockets from the start and without compression, as one would
// set it up for speed. Its viewers are the same bare sockets as everybody's: they say the few
// characters of its protocol that make them members, and answer no ping while a measurement lasts.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { Server } from 'socket.io'
import { assert } from '../src/base/assert.ts'
import { RollcastError } from '../src/base/errors.ts'
import { insightMessage, stateMessage } from '../src/gateway/messages.ts'
import { type Broadcaster, insightOf, steppedOf } from './broadcasters.ts'

/** Longer than any measurement: pings are not what is compared. */
const PING_MILLIS = 3_600_000
const JOIN_MILLIS_MAX = 10_000
const LOOK_MILLIS = 10
/** `4`: a message; `0`: connect to the namespace. */
const CONNECT = '40'

export async function openSocketIo(): Promise<Broadcaster> {
  const server = createServer()
  const io = new Server(server, {
    ...{ transports: ['websocket'], serveClient: false, perMessageDeflate: false },
    ...{ pingInterval: PING_MILLIS, pingTimeout: PING_MILLIS },
  })
  await new Promise<void>(resolve => server.listen({ port: 0, host: '127.0.0.1' }, resolve))
  const address = server.address() as AddressInfo | null
  assert(address !== null, 'the server listens')
  return {
    port: address.port,
    entrance: { path: '/socket.io/?EIO=4&transport=websocket', hello: CONNECT },
    async joined(viewers) {
      const deadline = performance.now() + JOIN_MILLIS_MAX
      while (io.sockets.sockets.size < viewers) {
        if (performance.now() > deadline) {
          const found = `expected ${viewers} viewers, found ${io.sockets.sockets.size}`
          throw new RollcastError('TIMEOUT', `socket.io: ${found} after ${JOIN_MILLIS_MAX} ms`)
        }
        await delay(LOOK_MILLIS)
      }
    },
    waiting: () => [...io.sockets.sockets.values()].map(({ conn }) => waitingIn(conn)),
    state: step => void io.emit('message', stateMessage('live', steppedOf(step))),
    insight: () => void io.emit('message', insightMessage('live', insightOf())),
    async close() {
      io.disconnectSockets(true)
      server.closeAllConnections()
      await io.close()
    },
  }
}

/** Bytes, about: packets that Socket.IO holds, and what its WebSocket does. */
function waitingIn(connection: unknown): number {
  const { writeBuffer, transport } = connection as {
    readonly writeBuffer: readonly unknown[]
    readonly transport: { readonly socket?: { readonly bufferedAmount: number } }
  }
  return writeBuffer.length * MESSAGE_BYTES + (transport.socket?.bufferedAmount ?? 0)
}

const MESSAGE_BYTES = 2048
