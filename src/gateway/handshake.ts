// Who may open a WebSocket, and where: the same checks at a run's own gateway and at a front.
import type { IncomingMessage } from 'node:http'
import { encodingOf, subprotocols } from '../protocol/viewer-encoding.ts'
import { addressOf, type Caller, type Door, isRefusal } from './access/door.ts'
import { foreignness, type OwnHosts, type Refusal } from './access/same-origin.ts'

/** Where viewers connect, at a gateway or below a run's address. */
export const VIEWER_PATH = '/ws'

/** Who wants to watch at `path`, or why that may not be. */
export function watcherOf(
  request: IncomingMessage,
  path: string | undefined,
  { door, hosts }: { readonly door: Door; readonly hosts: OwnHosts },
): Caller | Refusal {
  const early = foreignness(request, hosts) ?? wrongHandshake(request, path, door)
  if (early !== null) return early
  const caller = door.identify(request)
  return isRefusal(caller) ? caller : (door.handshakeRefusal(request, caller) ?? caller)
}

/** What is wrong with the handshake, whoever makes it. */
function wrongHandshake(
  request: IncomingMessage,
  path: string | undefined,
  { peers }: Door,
): Refusal | null {
  if (!peers.shakeHands(addressOf(request))) {
    return { status: 429, reason: 'too many handshakes in a second: wait for one' }
  }
  if (path !== VIEWER_PATH) return { status: 400, reason: `viewers connect at ${VIEWER_PATH}` }
  const offered = request.headers['sec-websocket-protocol']
  const names = offered?.split(',').map(name => name.trim())
  if (names === undefined || encodingOf(names) !== undefined) return null
  const known = Object.values(subprotocols).join(' or ')
  return { status: 400, reason: `expected the subprotocol ${known}` }
}
