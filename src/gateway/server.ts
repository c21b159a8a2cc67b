// The only place that listens: HTTP for the page and the state of things, WebSocket for viewers.
// Every request passes the same checks before anything else looks at it (P12).
import type { Server } from 'node:http'
import { WebSocketServer } from 'ws'
import { limits } from '../protocol/limits.ts'
import { encodingOf, subprotocols } from '../protocol/viewer-encoding.ts'
import { DEFAULT_PORT } from '../protocol/viewer-protocol.ts'
import { Door, isRefusal } from './access/door.ts'
import { checkListening } from './access/listening.ts'
import { accessDirectory } from './access/place.ts'
import { OwnHosts } from './access/same-origin.ts'
import { watcherOf } from './handshake.ts'
import { refuseUpgrade } from './http.ts'
import type { Hub } from './hub.ts'
import { countConnections, listen, urlOf } from './listener.ts'
import type { Metrics } from './metrics.ts'
import { answer, type Site } from './routes.ts'
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
  /** Behind a front: in place of `port`, `host` and `token`, which are then the front's. */
  readonly behind?: Behind
}

/** Where a gateway is that is asked by a front (front/) alone, and what the two have in common. */
export interface Behind {
  /** Of a Unix socket in a folder that nobody else may look into. */
  readonly socketPath: string
  /** The front's. It goes into the name of the cookie. */
  readonly port: number
  /** Where the front's tokens are kept; null where none is asked for. */
  readonly tokens: string | null
}

export interface Gateway {
  readonly port: number
  /** The page's address, e.g. `http://127.0.0.1:7788/`. */
  readonly url: string
  /** Tells all viewers, waits for them for at most 250 ms, and closes. */
  stop(): Promise<void>
}

/**
 * Listens until stopped. Throws ADDRESS_IN_USE when the port is taken, USAGE for what would let in
 * who should stay out, CANNOT_CREATE for anything else that keeps it from listening.
 */
export async function openGateway(options: GatewayOptions): Promise<Gateway> {
  const { hub, pageDirectory, behind } = options
  const { host, server, port, tokens } = behind
    ? await behindFront(behind)
    : await forItself(options)
  const door = new Door({ clock: hub.clock, directory: tokens ?? undefined, port })
  let metrics: Promise<Metrics> | undefined
  const openMetrics = (): Promise<Metrics> => (metrics ??= loadMetrics(hub, door))
  const site = { hub, door, hosts: new OwnHosts(host, port), pageDirectory, openMetrics }
  countConnections(server, door)
  server.on('request', (request, response) => {
    // A response that fails ends its connection; there is nobody to tell.
    void answer(site, request, response).catch(() => response.destroy())
  })
  acceptViewers(server, site)
  return {
    port,
    url: urlOf(host, port),
    async stop() {
      const closed = new Promise(resolve => server.close(resolve))
      await hub.stop()
      door.close()
      server.closeAllConnections()
      await closed
    },
  }
}

interface Listening {
  readonly server: Server
  readonly host: string
  readonly port: number
  readonly tokens: string | null
}

async function forItself(options: GatewayOptions): Promise<Listening> {
  const { host = '127.0.0.1', token = false, runDir = null } = options
  checkListening({ host, token, runDir })
  const { server, port } = await listen({ host, port: options.port ?? DEFAULT_PORT })
  return { server, host, port, tokens: token && runDir !== null ? accessDirectory(runDir) : null }
}

async function behindFront({ socketPath, port, tokens }: Behind): Promise<Listening> {
  const { server } = await listen({ path: socketPath })
  return { server, host: '127.0.0.1', port, tokens }
}

async function loadMetrics(hub: Hub, { refused }: Door): Promise<Metrics> {
  const { Metrics } = await import('./metrics.ts')
  return new Metrics(hub, refused)
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
    const caller = watcherOf(request, request.url?.split('?', 1)[0], site)
    if (isRefusal(caller)) return refuseUpgrade(door, socket, caller)
    sockets.handleUpgrade(request, socket, head, webSocket => {
      const viewer = hub.attach(new ViewerWebSocket(webSocket, socket), caller)
      door.lookAfter(viewer, caller)
      webSocket.on('close', () => door.forget(viewer))
    })
  })
}
