// Hands what has passed the front's door on to the gateway of a run: requests one by one, WebSockets
// as a tunnel of bytes, in which nothing is kept but what is on its way. Host and Origin, which were
// the front's own in one of their spellings, are told in the one that the gateway knows.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { pipeline } from 'node:stream/promises'
import type { Door } from '../access/door.ts'
import { refuse, refuseUpgrade } from '../http.ts'
import { request as send } from '../node-http.ts'
import type { Backend, FrontDoor } from './shelf.ts'

/** Whoever watches is pinged several times in this time; a tunnel without a byte is a dead one. */
const SILENCE_MILLIS_MAX = 60_000
/** How long a viewer may take to read the rest when its gateway has closed. */
const LINGER_MILLIS = 1_000
const ANSWER_MILLIS_MAX = 10_000

const AWAY = { status: 503, reason: 'the run is being opened: try again in a moment' } as const
/** Of the connection to the gateway, not of the answer. */
const hopByHop: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'transfer-encoding'])

/** What is passed on has come through this door, and knows the way on. */
export interface Threshold {
  readonly door: Door
  /** What gateways behind it have in common with it. */
  readonly inside: FrontDoor
}

/**
 * Asks the gateway for `target` as `request` asks the front, and passes its answer on; `more` follows
 * one that is as it should be.
 */
export async function forwardRequest(
  { socketPath, leave }: Backend,
  { door, inside }: Threshold,
  target: string,
  request: IncomingMessage,
  response: ServerResponse,
  more = '',
): Promise<void> {
  try {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const headers = headersBehind(request, inside.port)
      const options = { socketPath, path: target, method: request.method, headers, agent: false }
      send({ ...options, timeout: ANSWER_MILLIS_MAX })
        .on('response', resolve)
        .on('timeout', function (this: { destroy(): void }) {
          this.destroy()
        })
        .on('error', reject)
        .end()
    })
    response.statusCode = answer.statusCode ?? 502
    for (const [name, value] of Object.entries(answer.headers)) {
      if (value !== undefined && !hopByHop.has(name)) response.setHeader(name, value)
    }
    if (more === '' || answer.statusCode !== 200) return await pipeline(answer, response)
    response.removeHeader('content-length')
    await pipeline(answer, response, { end: false })
    response.end(more)
  } catch {
    if (response.headersSent) response.destroy()
    else refuse(door, response, AWAY)
  } finally {
    leave()
  }
}

/** Joins the viewer's connection and the gateway's until either ends. Returns what ends both. */
export function openTunnel(
  { socketPath, leave }: Backend,
  { door, inside }: Threshold,
  target: string,
  request: IncomingMessage,
  outer: Socket,
  head: Buffer,
): () => void {
  const inner = connect(socketPath)
  let hasAnswered = false
  keepOpen(outer)
  // A viewer that reads nothing holds up the gateway's side, on which nobody then sees that the
  // gateway has cut it: what shows is that nothing moves. Node gives a full socket twice the time.
  inner.setTimeout(SILENCE_MILLIS_MAX, () => outer.destroy())
  inner.once('data', () => {
    hasAnswered = true
  })
  inner.on('error', () => inner.destroy())
  inner.once('close', () => {
    if (!hasAnswered && !outer.destroyed) refuseUpgrade(door, outer, AWAY)
    outer.end()
    outer.setTimeout(LINGER_MILLIS)
  })
  outer.once('close', () => {
    inner.destroy()
    leave()
  })
  const fields = Object.entries(headersBehind(request, inside.port)).map(one => one.join(': '))
  inner.write([`GET ${target} HTTP/1.1`, ...fields, '', ''].join('\r\n'))
  inner.write(head)
  inner.pipe(outer, { end: false })
  outer.pipe(inner)
  return () => outer.destroy()
}

/** A viewer may have nothing to say for hours; what keeps it is that it answers pings. */
function keepOpen(socket: Socket): void {
  socket.setNoDelay(true)
  socket.setTimeout(SILENCE_MILLIS_MAX, () => socket.destroy())
}

/** What a gateway reads of a request; all else stays here. */
const passedOn = [
  'accept',
  'authorization',
  'connection',
  'cookie',
  'sec-websocket-extensions',
  'sec-websocket-key',
  'sec-websocket-protocol',
  'sec-websocket-version',
  'upgrade',
] as const

function headersBehind({ headers }: IncomingMessage, port: number): Record<string, string> {
  const host = `127.0.0.1:${port}`
  const origin: Record<string, string> =
    headers.origin === undefined ? {} : { origin: `http://${host}` }
  const passed = passedOn.flatMap(name => {
    const value = headers[name]
    return typeof value === 'string' ? [[name, value] as const] : []
  })
  return { host, ...origin, ...Object.fromEntries(passed) }
}
