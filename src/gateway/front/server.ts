// The server of a directory of runs: one address, one door and one page for all of them. It has no
// viewers itself: each run's own gateway, behind it, has those of its run. Whatever it hands on has
// passed the same checks here first (P12), and passes them there once more.
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Clock } from '../../base/clock.ts'
import { describeError } from '../../base/errors.ts'
import { DEFAULT_PORT } from '../../protocol/viewer-protocol.ts'
import { Door, isRefusal } from '../access/door.ts'
import { checkListening } from '../access/listening.ts'
import { accessDirectory } from '../access/place.ts'
import { OwnHosts } from '../access/same-origin.ts'
import { VIEWER_PATH, watcherOf } from '../handshake.ts'
import { refuseUpgrade } from '../http.ts'
import { countConnections, listen, urlOf } from '../listener.ts'
import { Followers } from './followers.ts'
import { openTunnel } from './forward.ts'
import type { FrontMetrics } from './metrics.ts'
import { answer, type FrontSite, placeOf, statusOf } from './routes.ts'
import type { Shelf } from './shelf.ts'

export interface FrontOptions {
  readonly shelf: Shelf
  readonly clock: Clock
  readonly pageDirectory: string
  /** The directory of the runs, or of the one run; its tokens are kept there. */
  readonly dir: string
  /** As of a gateway. */
  readonly host?: string | undefined
  readonly port?: number | undefined
  readonly token?: boolean | undefined
}

export interface Front {
  readonly url: string
  readonly site: FrontSite
  /** To be called when the runs' gateways have told their viewers. */
  stop(): Promise<void>
}

/** Listens until stopped. Throws as `openGateway`. */
export async function openFront(options: FrontOptions): Promise<Front> {
  const { shelf, clock, pageDirectory, dir } = options
  const { host = '127.0.0.1', token = false } = options
  checkListening({ host, token, runDir: dir })
  const { server, port } = await listen({ host, port: options.port ?? DEFAULT_PORT })
  const tokens = token ? accessDirectory(dir) : null
  const door = new Door({ clock, directory: tokens ?? undefined, port })
  const hosts = new OwnHosts(host, port)
  let metrics: Promise<FrontMetrics> | undefined
  const openMetrics = (): Promise<FrontMetrics> => (metrics ??= loadMetrics(door))
  const inside = { port, tokens }
  const site: FrontSite = { shelf, door, hosts, pageDirectory, inside, openMetrics }
  const followers = new Followers(clock, () => shelf.newest())
  countConnections(server, door)
  server.on('request', (request, response) => {
    // A response that fails ends its connection; there is nobody to tell.
    void answer(site, request, response).catch(() => response.destroy())
  })
  server.on('upgrade', (request, socket, head) => {
    // Until a tunnel takes it over, an error of the socket has no other listener.
    socket.on('error', () => socket.destroy())
    void lead(site, followers, request, socket, head)
  })
  return {
    url: urlOf(host, port),
    site,
    async stop() {
      const closed = new Promise(resolve => server.close(resolve))
      followers.stop()
      door.close()
      server.closeAllConnections()
      await closed
    },
  }
}

async function loadMetrics({ refused }: Door): Promise<FrontMetrics> {
  const { FrontMetrics } = await import('./metrics.ts')
  return new FrontMetrics(refused)
}

/** Leads a viewer to the run that its path means. */
async function lead(
  site: FrontSite,
  followers: Followers,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  const { door, shelf, inside } = site
  const { name, path } = placeOf(request.url ?? '')
  const caller = watcherOf(request, path, site)
  if (isRefusal(caller)) return refuseUpgrade(door, socket, caller)
  try {
    const wanted = name ?? (await shelf.newest())
    const backend = await shelf.open(wanted, inside)
    if (socket.destroyed) return backend.leave()
    const end = openTunnel(backend, site, VIEWER_PATH, request, socket as Socket, head)
    if (name === undefined) followers.add(socket, wanted, end)
  } catch (error) {
    refuseUpgrade(door, socket, { status: statusOf(error), reason: describeError(error) })
  }
}
