// The only place that listens: HTTP for the page and the state of things, WebSocket for viewers.
// Every request passes the same checks before anything else looks at it (P12).
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { WebSocketServer } from 'ws'
import { RollcastError } from '../base/errors.ts'
import { limits } from '../protocol/limits.ts'
import { encodingOf, subprotocols } from '../protocol/viewer-encoding.ts'
import { DEFAULT_PORT } from '../protocol/viewer-messages.ts'
import { addressOf, type Caller, Door, isRefusal } from './access/door.ts'
import { checkListening } from './access/listening.ts'
import { accessDirectory } from './access/place.ts'
import { bracketed, foreignness, OwnHosts, type Refusal } from './access/same-origin.ts'
import { refuseUpgrade } from './http.ts'
import type { Hub } from './hub.ts'
import type { Metrics } from './metrics.ts'
import { answer, type Site, VIEWER_PATH } from './routes.ts'
import { ViewerWebSocket } from './web-socket.ts'

export interface GatewayOptions {
  readonly hub: Hub
  /** Where the built page is; when it is not there, the root says so in plain text. */
  readonly pageDirectory: string
  /** 0 takes a free one. Default 7788. */
  readonly port?: number
  /** An IP address of this machine. Default `127.0.0.1`; any but the loopback's needs `token`. */
  readonly host?: string
  /** Whether a token is asked for. Default false: on the loopback everybody may watch. */
  readonly token?: boolean
  /** Where the run is, and with it its tokens; null or left out where there is none yet. */
  readonly runDir?: string | null
}

export interface Gateway {
  readonly port: number
  /** The page's address, e.g. `http://127.0.0.1:7788/`. */
  readonly url: string
  /** Tells all viewers, waits for them for at most 250 ms, and closes. */
  stop(): Promise<void>
}

/**
 * What a peer may take its time for. One that is slower than this to say what it wants is closed
 * within four seconds; a slow reader of an answer is closed too.
 */
const patience = {
  headersTimeout: 3000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 500,
  keepAliveTimeout: 5000,
} as const
const IDLE_MILLIS_MAX = 20_000

/**
 * Listens until stopped. Throws ADDRESS_IN_USE when the port is taken, USAGE for what would let in
 * who should stay out, CANNOT_CREATE for anything else that keeps it from listening.
 */
export async function openGateway(options: GatewayOptions): Promise<Gateway> {
  const { hub, pageDirectory, port = DEFAULT_PORT, host = '127.0.0.1' } = options
  const { token = false, runDir = null } = options
  checkListening({ host, token, runDir })
  const server = createServer({ ...patience, maxHeaderSize: 8192 })
  server.setTimeout(IDLE_MILLIS_MAX)
  server.maxConnections = limits.connectionsMax
  await listen(server, port, host)
  const bound = (server.address() as AddressInfo).port
  const directory = token && runDir !== null ? accessDirectory(runDir) : undefined
  const door = new Door({ clock: hub.clock, directory, port: bound })
  let metrics: Promise<Metrics> | undefined
  const openMetrics = (): Promise<Metrics> => (metrics ??= loadMetrics(hub, door))
  const site = { hub, door, hosts: new OwnHosts(host, bound), pageDirectory, openMetrics }
  server.on('connection', socket => admit(door, socket))
  // Past the most of all addresses together.
  server.on('drop', () => door.countRefusal('connection'))
  server.on('request', (request, response) => {
    // A response that fails ends its connection; there is nobody to tell.
    void answer(site, request, response).catch(() => response.destroy())
  })
  acceptViewers(server, site)
  return {
    port: bound,
    url: `http://${bracketed(reachable(host))}:${bound}/`,
    async stop() {
      const closed = new Promise(resolve => server.close(resolve))
      await hub.stop()
      door.close()
      server.closeAllConnections()
      await closed
    },
  }
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') {
        const message = `cannot listen on ${host}:${port}: ${error.message}`
        reject(new RollcastError('CANNOT_CREATE', message, { cause: error }))
        return
      }
      const message = `port ${port} on ${host} is taken by another program (another Rollcast?): stop it, or choose another port with --port (0 takes a free one)`
      reject(new RollcastError('ADDRESS_IN_USE', message, { cause: error, temporary: true }))
    })
    server.listen({ port, host, backlog: limits.connectionsMax }, resolve)
  })
}

/** An address that a browser can be sent to, for a server that listens at all there are. */
function reachable(host: string): string {
  if (host !== '0.0.0.0' && host !== '::') return host
  const addresses = Object.values(networkInterfaces()).flatMap(one => one ?? [])
  const outer = addresses.find(({ internal, family }) => !internal && family === 'IPv4')
  return outer?.address ?? '127.0.0.1'
}

async function loadMetrics(hub: Hub, { refused }: Door): Promise<Metrics> {
  const { Metrics } = await import('./metrics.ts')
  return new Metrics(hub, refused)
}

/** One address may have so many connections; what is beyond that costs nothing but its end. */
function admit(door: Door, socket: Socket): void {
  const { peers } = door
  const address = socket.remoteAddress ?? ''
  if (!peers.connect(address)) {
    door.countRefusal('connection')
    socket.destroy()
    return
  }
  socket.once('close', () => peers.disconnect(address))
}

function acceptViewers(server: Server, site: Site): void {
  const { hub, door } = site
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: limits.viewerMessageBytesMax,
    maxFragments: 64,
    maxBufferedChunks: 1024,
    handleProtocols: offered => subprotocols[encodingOf(offered) ?? 'json'],
  })
  server.on('upgrade', (request, socket, head) => {
    // Until a WebSocket takes it over, an error of the socket has no other listener.
    socket.on('error', () => socket.destroy())
    const caller = watcherOf(request, site)
    if (isRefusal(caller)) {
      door.countRefusal(caller.status)
      refuseUpgrade(socket, caller)
      return
    }
    sockets.handleUpgrade(request, socket, head, webSocket => {
      const viewer = hub.attach(new ViewerWebSocket(webSocket, socket), caller)
      door.lookAfter(viewer, caller)
      webSocket.on('close', () => door.forget(viewer))
    })
  })
}

/** Who wants to watch, or why that may not be. */
function watcherOf(request: IncomingMessage, { door, hosts }: Site): Caller | Refusal {
  const early = foreignness(request, hosts) ?? wrongHandshake(request, door)
  if (early !== null) return early
  const caller = door.identify(request)
  return isRefusal(caller) ? caller : (door.handshakeRefusal(request, caller) ?? caller)
}

/** What is wrong with the handshake, whoever makes it. */
function wrongHandshake(request: IncomingMessage, { peers }: Door): Refusal | null {
  if (!peers.shakeHands(addressOf(request))) {
    return { status: 429, reason: 'too many handshakes in a second: wait for one' }
  }
  const path = request.url?.split('?', 1)[0]
  if (path !== VIEWER_PATH) return { status: 400, reason: `viewers connect at ${VIEWER_PATH}` }
  const offered = request.headers['sec-websocket-protocol']
  const names = offered?.split(',').map(name => name.trim())
  if (names === undefined || encodingOf(names) !== undefined) return null
  const known = Object.values(subprotocols).join(' or ')
  return { status: 400, reason: `expected the subprotocol ${known}` }
}
