// Who a caller is taken for, and the exchange of a token for a cookie.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { addressOf, type Caller, type Door } from './access/door.ts'
import { refuse, sendJson } from './http.ts'

export const SESSION_PATH = '/session'

export function sendSession(door: Door, caller: Caller, response: ServerResponse): void {
  sendJson(response, 200, door.describe(caller))
}

/** A token for a cookie; where none is asked for there is nothing to exchange. */
export function signIn(
  door: Door,
  caller: Caller,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const cookie = door.signIn(caller, addressOf(request))
  if (cookie === null) sendJson(response, 200, door.describe(caller))
  else if (typeof cookie !== 'string') refuse(door, response, cookie)
  else {
    response.setHeader('set-cookie', cookie)
    sendJson(response, 200, { required: true, role: caller.grant?.role ?? null })
  }
}
