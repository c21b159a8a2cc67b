// A server that listens, with the patience and the bounds that all of ours have, at an address or,
// behind a front, at a Unix socket. Says in clear words what keeps it from listening.
import { rmSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { RollcastError } from '../base/errors.ts'
import { limits } from '../protocol/limits.ts'
import type { Door } from './access/door.ts'
import { bracketed } from './access/same-origin.ts'
import { createServer } from './node-http.ts'

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

/** An IP address with a port, 0 for a free one; or the path of a Unix socket in a folder of ours. */
export type Place = { readonly host: string; readonly port: number } | { readonly path: string }

export interface Listener {
  readonly server: Server
  /** 0 at a Unix socket. */
  readonly port: number
}

/** Throws ADDRESS_IN_USE when the port is taken, CANNOT_CREATE for anything else. */
export async function listen(place: Place): Promise<Listener> {
  const server = createServer({ ...patience, maxHeaderSize: 8192 })
  server.setTimeout(IDLE_MILLIS_MAX)
  server.maxConnections = limits.connectionsMax
  // One that was cut off has left its name behind.
  if ('path' in place) rmSync(place.path, { force: true })
  await new Promise<void>((resolve, reject) => {
    server.once('error', error => reject(problemOf(place, error)))
    server.listen({ ...place, backlog: limits.connectionsMax }, resolve)
  })
  const address = server.address() as AddressInfo | string
  return { server, port: typeof address === 'string' ? 0 : address.port }
}

function problemOf(place: Place, error: NodeJS.ErrnoException): RollcastError {
  const where = 'path' in place ? place.path : `${place.host}:${place.port}`
  if (error.code !== 'EADDRINUSE' || 'path' in place) {
    const message = `cannot listen on ${where}: ${error.message}`
    return new RollcastError('CANNOT_CREATE', message, { cause: error })
  }
  const message = `port ${place.port} on ${place.host} is taken by another program (another Rollcast?): stop it, or choose another port with --port (0 takes a free one)`
  return new RollcastError('ADDRESS_IN_USE', message, { cause: error, temporary: true })
}

/** Lets in as many connections as an address may have; what is beyond costs nothing but its end. */
export function countConnections(server: Server, door: Door): void {
  server.on('connection', (socket: Socket) => {
    const { peers } = door
    const address = socket.remoteAddress ?? ''
    if (!peers.connect(address)) {
      door.countRefusal('connection')
      socket.destroy()
      return
    }
    socket.once('close', () => peers.disconnect(address))
  })
  // Past the most of all addresses together.
  server.on('drop', () => door.countRefusal('connection'))
}

/** The address of a server's page, for a browser that may be on another machine. */
export const urlOf = (host: string, port: number): string =>
  `http://${bracketed(reachable(host))}:${port}/`

/** An address that a browser can be sent to, for a server that listens at all there are. */
function reachable(host: string): string {
  if (host !== '0.0.0.0' && host !== '::') return host
  const addresses = Object.values(networkInterfaces()).flatMap(one => one ?? [])
  const outer = addresses.find(({ internal, family }) => !internal && family === 'IPv4')
  return outer?.address ?? '127.0.0.1'
}
