// The only place that listens: HTTP for the page and the state of things, WebSocket for viewers.
// Loopback only; every request passes the same checks before anything else looks at it (P12).
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { RollcastError } from '../base/errors.ts'
import { describeMachine } from '../machines/describe-machine.ts'
import { isRunning } from '../machines/state-name.ts'
import { limits } from '../protocol/limits.ts'
import type { MachineDescription } from '../protocol/machine-description.ts'
import { encodingOf, subprotocols } from '../protocol/viewer-encoding.ts'
import { DEFAULT_PORT } from '../protocol/viewer-messages.ts'
import { loopbackHosts, type Refusal, refusalOf } from './access.ts'
import type { Hub } from './hub.ts'
import type { Metrics } from './metrics.ts'
import { findPageFile, sendPageFile } from './page.ts'
import { ViewerWebSocket } from './web-socket.ts'

export interface GatewayOptions {
  readonly hub: Hub
  /** Where the built page is; when it is not there, the root says so in plain text. */
  readonly pageDirectory: string
  /** 0 takes a free one. Default 7788. */
  readonly port?: number
  /** `127.0.0.1` (default) or `::1`; no other is offered. */
  readonly host?: string
}

export interface Gateway {
  readonly port: number
  /** The page's address, e.g. `http://127.0.0.1:7788/`. */
  readonly url: string
  /** Tells all viewers, waits for them for at most 250 ms, and closes. */
  stop(): Promise<void>
}

const VIEWER_PATH = '/ws'

const securityHeaders = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob: data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
} as const

/**
 * Listens until stopped. Throws ADDRESS_IN_USE when the port is taken, USAGE for an address that
 * others could reach, CANNOT_CREATE for anything else that keeps it from listening.
 */
export async function openGateway(options: GatewayOptions): Promise<Gateway> {
  const { hub, port = DEFAULT_PORT, host = '127.0.0.1' } = options
  if (host !== '127.0.0.1' && host !== '::1') {
    const why = 'viewers need no token, so only this machine may reach the page'
    throw new RollcastError('USAGE', `expected host 127.0.0.1 or ::1, found ${host}: ${why}`)
  }
  const server = createServer({
    headersTimeout: 5000,
    requestTimeout: 10_000,
    connectionsCheckingInterval: 1000,
    keepAliveTimeout: 5000,
    maxHeaderSize: 8192,
  })
  server.maxConnections = limits.viewersMax + 64
  await listen(server, port, host)
  const bound = (server.address() as AddressInfo).port
  const hosts = loopbackHosts(bound)
  let metrics: Promise<Metrics> | undefined
  /** Its library takes a moment, which only those who ask for it have to give. */
  const openMetrics = (): Promise<Metrics> => (metrics ??= loadMetrics(hub))
  server.on('request', (request, response) => {
    // A response that fails ends its connection; there is nobody to tell.
    void answer(options, openMetrics, hosts, request, response).catch(() => response.destroy())
  })
  acceptViewers(server, hub, hosts)
  return {
    port: bound,
    url: `http://${host === '::1' ? '[::1]' : host}:${bound}/`,
    async stop() {
      const closed = new Promise(resolve => server.close(resolve))
      await hub.stop()
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
    server.listen({ port, host, backlog: 128 }, resolve)
  })
}

async function answer(
  { hub, pageDirectory }: GatewayOptions,
  openMetrics: () => Promise<Metrics>,
  hosts: ReadonlySet<string>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value)
  const refusal = refusalOf(request, hosts)
  if (refusal !== null) return sendText(response, refusal.status, refusal.reason)
  const { method, url = '/' } = request
  if (method !== 'GET' && method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD')
    return sendText(response, 405, 'expected GET or HEAD')
  }
  const path = url.split('?', 1)[0]
  const { system } = hub
  if (path === '/healthz') {
    const healthy = system?.healthy ?? true
    return sendJson(response, healthy ? 200 : 503, { healthy, problem: system?.problem ?? null })
  }
  if (path === '/readyz') {
    const waiting = system?.actors.filter(({ state }) => !isRunning(state)) ?? []
    const ready = system !== null && waiting.length === 0
    const names = waiting.map(({ name }) => name)
    return sendJson(response, ready ? 200 : 503, { ready, waiting: names })
  }
  if (path === '/metrics') {
    const metrics = await openMetrics()
    const text = await metrics.text()
    response.setHeader('content-type', metrics.contentType)
    response.setHeader('cache-control', 'no-store')
    return void response.end(text)
  }
  if (path === '/api/system') {
    if (system !== null) return sendJson(response, 200, system)
    return sendJson(response, 503, { problem: 'nothing is known yet; ask again in a second' })
  }
  if (path === '/api/machines') return sendJson(response, 200, await describeMachines())
  const found = await findPageFile(pageDirectory, url)
  if (found !== undefined) return sendPageFile(response, found, method === 'HEAD')
  if (path !== '/') return sendText(response, 404, 'not found')
  const what = `The viewer page has not been built: there is no index.html in ${pageDirectory}.`
  return sendText(
    response,
    503,
    `${what}\nIn a checkout, "npm run build:page" makes it. Everything else works: viewers connect at ${VIEWER_PATH}.`,
  )
}

async function loadMetrics(hub: Hub): Promise<Metrics> {
  const { Metrics } = await import('./metrics.ts')
  return new Metrics(hub)
}

/** Every lifecycle, for pages that draw where an actor stands; loaded when one asks. */
async function describeMachines(): Promise<readonly MachineDescription[]> {
  const { machines } = await import('../machines/registry.ts')
  return Object.values(machines).map(machine => describeMachine(machine))
}

function sendText(response: ServerResponse, status: number, text: string): void {
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' }
  response.writeHead(status, headers).end(`${text}\n`)
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const headers = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' }
  response.writeHead(status, headers).end(`${JSON.stringify(value)}\n`)
}

function acceptViewers(server: Server, hub: Hub, hosts: ReadonlySet<string>): void {
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
    const refusal = refusalOf(request, hosts) ?? upgradeRefusal(request)
    if (refusal !== null) return refuse(socket, refusal)
    sockets.handleUpgrade(request, socket, head, webSocket =>
      hub.attach(new ViewerWebSocket(webSocket, socket)),
    )
  })
}

function upgradeRefusal(request: IncomingMessage): Refusal | null {
  const path = request.url?.split('?', 1)[0]
  if (path !== VIEWER_PATH) return { status: 400, reason: `viewers connect at ${VIEWER_PATH}` }
  const offered = request.headers['sec-websocket-protocol']
  const names = offered?.split(',').map(name => name.trim())
  if (names === undefined || encodingOf(names) !== undefined) return null
  const known = Object.values(subprotocols).join(' or ')
  return { status: 400, reason: `expected the subprotocol ${known}` }
}

function refuse(socket: Duplex, { status, reason }: Refusal): void {
  socket.once('finish', () => socket.destroy())
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\n`
  const type = 'content-type: text/plain; charset=utf-8\r\n'
  socket.end(`${head}${type}content-length: ${reason.length}\r\n\r\n${reason}`)
}
