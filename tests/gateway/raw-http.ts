// HTTP as bytes: what no client library would send.
import { connect } from 'node:net'

export interface Peer {
  readonly port: number
  /** The address that it comes from; default 127.0.0.1. */
  readonly from?: string
}

/** Sends raw bytes and resolves to everything that comes back until the other side closes. */
export function exchange({ port, from }: Peer, ...parts: (string | Buffer)[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const origin = from === undefined ? {} : { localAddress: from }
    const socket = connect({ port, host: '127.0.0.1', ...origin })
    let received = ''
    socket.on('data', data => {
      received += data.toString('latin1')
    })
    socket.on('close', () => resolve(received))
    socket.on('error', error => (received === '' ? reject(error) : resolve(received)))
    for (const part of parts) socket.write(part)
  })
}

export const ownHost = (port: number): string => `Host: 127.0.0.1:${port}`

/** Asks for `target` with exactly these headers. */
export const ask = (
  peer: Peer,
  target: string,
  headers: readonly string[] = [ownHost(peer.port)],
  method = 'GET',
): Promise<string> =>
  exchange(
    peer,
    [`${method} ${target} HTTP/1.1`, ...headers, 'Connection: close', '', ''].join('\r\n'),
  )

/** The request for a WebSocket. */
export const handshakeOf = (
  { port }: Peer,
  headers: readonly string[] = [ownHost(port)],
  target = '/ws',
): string =>
  [
    `GET ${target} HTTP/1.1`,
    ...headers,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    '',
    '',
  ].join('\r\n')

/** A close frame, masked. */
const CLOSE_FRAME = Buffer.from([0x88, 0x80, 0, 0, 0, 0])

/** Asks for a WebSocket and closes it at once when it was given one. */
export const upgrade = (
  peer: Peer,
  headers?: readonly string[],
  target?: string,
): Promise<string> => exchange(peer, handshakeOf(peer, headers, target), CLOSE_FRAME)

export const statusOf = (answer: string): number => Number(answer.split(' ', 2)[1])

export const headerOf = (answer: string, name: string): string | undefined =>
  new RegExp(`^${name}: (.*)\\r$`, 'im').exec(answer)?.[1]

export const bearer = (token: string): string => `Authorization: Bearer ${token}`
