// What every answer has in common: headers that keep a browser strict, and how a refusal is said,
// also to somebody who wanted a WebSocket.
import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Door } from './access/door.ts'
import type { Refusal } from './access/same-origin.ts'
import { STATUS_CODES } from './node-http.ts'

export const securityHeaders = {
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

/** Names the way in, as HTTP asks of a 401. */
const CHALLENGE = 'Bearer'

export function sendText(response: ServerResponse, status: number, text: string): void {
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' }
  response.writeHead(status, headers).end(`${text}\n`)
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const headers = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' }
  response.writeHead(status, headers).end(`${JSON.stringify(value)}\n`)
}

/** Counts the refusal, and says why. */
export function refuse(door: Door, response: ServerResponse, { status, reason }: Refusal): void {
  door.countRefusal(status)
  if (status === 401) response.setHeader('www-authenticate', CHALLENGE)
  sendText(response, status, reason)
}

/** The same to a handshake, and closes. */
export function refuseUpgrade(door: Door, socket: Duplex, { status, reason }: Refusal): void {
  door.countRefusal(status)
  socket.once('finish', () => socket.destroy())
  const challenge = status === 401 ? `www-authenticate: ${CHALLENGE}\r\n` : ''
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\n${challenge}`
  const type = 'content-type: text/plain; charset=utf-8\r\n'
  socket.end(`${head}${type}content-length: ${Buffer.byteLength(reason)}\r\n\r\n${reason}`)
}
