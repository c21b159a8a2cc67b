// The way in where the server asks for a token: the link has one in its fragment, and the page
// exchanges it for a cookie that no script can read. It is taken out of the address first, so that
// neither the history nor a copied address has it. The browser is handed in.
import * as v from 'valibot'
import { type Session, sessionSchema } from '../src/protocol/sign-in.ts'
import { closeCodes } from '../src/protocol/viewer-protocol.ts'
import type { AddressBar } from './address.ts'

const ANSWER_MILLIS_MAX = 5000
const TOKEN = /^#token=([\w.-]+)$/

/** Asks `path` of the page's own server. */
export type Ask = (path: string, options: RequestInit) => Promise<Response>

/**
 * Exchanges the token of the address, if there is one; true when it was taken. Never throws: who is
 * not let in is told so.
 */
export async function signIn(bar: AddressBar, ask: Ask): Promise<boolean> {
  const token = TOKEN.exec(bar.hash())?.[1]
  if (token === undefined) return false
  bar.replace('#/')
  const headers = { authorization: `Bearer ${token}` }
  const answer = await ask('/session', { method: 'POST', headers }).catch(() => undefined)
  return answer?.ok ?? false
}

/**
 * The code for a socket that closed with `code`: a browser does not say why a handshake was
 * refused, so one that never opened asks whether it is this.
 */
export async function reasonOf(code: number, hasOpened: boolean, ask: Ask): Promise<number> {
  if (hasOpened) return code
  const session = await askSession(ask)
  return session?.required && session.role === null ? closeCodes.notAllowed : code
}

/** Undefined while the server is away, which is reason enough for a socket that closed. */
async function askSession(ask: Ask): Promise<Session | undefined> {
  try {
    const response = await ask('/session', { signal: AbortSignal.timeout(ANSWER_MILLIS_MAX) })
    return v.parse(sessionSchema, await response.json())
  } catch {
    return undefined
  }
}
