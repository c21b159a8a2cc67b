// Who is let in, and as whom. A caller is known by a token in a header, or by the cookie that a
// token was exchanged for; whoever shows neither is a stranger, and where no token is asked for,
// somebody of this machine. What is refused here says why and never what was shown.
import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../base/clock.ts'
import {
  isAllowed,
  localVisitor,
  stranger,
  type Verb,
  type Visitor,
} from '../../protocol/rights.ts'
import type { Session } from '../../protocol/sign-in.ts'
import { TOKEN_PROTOCOL_PREFIX } from '../../protocol/viewer-protocol.ts'
import { type Grant, Grants, visitorOf } from './grants.ts'
import { Peers } from './peers.ts'
import type { Refusal } from './same-origin.ts'

/** Whoever was identified; `grant` is null for those who showed nothing, or need nothing. */
export interface Caller extends Visitor {
  readonly grant: Grant | null
}

/** What is closed when its token is taken back. */
export interface Guest {
  close(reason: 'notAllowed'): void
  terminate(): void
}

export interface DoorOptions {
  readonly clock: Clock
  /** Where tokens are kept; undefined asks for none. */
  readonly directory: string | undefined
  /** The server's own; cookies know no ports, so that their name has to tell it. */
  readonly port: number
}

/** Guests are looked after this often: those whose token has gone are closed ... */
const SWEEP_MILLIS = 250
/** ... and cut off when they do not answer to that; both together take less than a second. */
const CLOSE_MILLIS = 500

const BEARER = /^Bearer ([\w.-]+)$/

export class Door {
  readonly peers: Peers
  /** How often it was refused, and with what: a status of HTTP, or `connection`. */
  readonly refused = new Map<string, number>()
  readonly #clock: Clock
  readonly #grants: Grants | undefined
  readonly #cookieName: string
  readonly #guests = new Map<Guest, string>()
  #cancelSweep: (() => void) | undefined

  constructor({ clock, directory, port }: DoorOptions) {
    this.#clock = clock
    this.peers = new Peers(clock)
    this.#grants = directory === undefined ? undefined : new Grants(directory, clock)
    this.#cookieName = `rollcast_${port}`
  }

  /** Who sent the request, or why that shall not be asked. */
  identify(request: IncomingMessage): Caller | Refusal {
    if (this.#grants === undefined) return { ...localVisitor, grant: null }
    const shown = shownToken(request)
    if (shown !== undefined) return this.#identifyToken(this.#grants, shown, addressOf(request))
    const cookie = cookieValue(request, this.#cookieName)
    const grant = cookie === undefined ? undefined : this.#grants.find(cookie)
    if (grant?.kind === 'session') return { ...visitorOf(grant), grant }
    // A session that has expired is no attempt; a wrong secret under a right name is.
    if (cookie !== undefined && this.#grants.knows(cookie)) this.#noteWrong(request)
    return { ...stranger, grant: null }
  }

  /** Why the caller may not, or null. */
  refusalOf(caller: Caller, verb: Verb): Refusal | null {
    if (isAllowed(caller, verb)) return null
    if (caller.identity === 'none') return { status: 401, reason: 'expected a token' }
    return { status: 403, reason: `a ${caller.identity} may not ${verb}` }
  }

  /**
   * Why a WebSocket may not be opened by the caller, or null. A cookie is sent by a browser, which
   * tells its Origin; whoever tells none has to show a token.
   */
  handshakeRefusal(request: IncomingMessage, caller: Caller): Refusal | null {
    const refusal = this.refusalOf(caller, 'watch')
    if (refusal !== null || caller.grant?.kind !== 'session') return refusal
    if (request.headers.origin !== undefined) return null
    return { status: 403, reason: 'expected an Origin beside a cookie, or a token in a header' }
  }

  /** Exchanges what the caller showed for the value of `Set-Cookie`; null where none is needed. */
  signIn({ grant }: Caller, address: string): string | Refusal | null {
    if (this.#grants === undefined) return null
    if (!this.peers.shakeHands(address)) {
      return { status: 429, reason: 'too many in a second: wait for one' }
    }
    const wrong: Refusal = { status: 401, reason: 'expected a token that is valid' }
    if (grant === null || grant.kind === 'session') return wrong
    const session = this.#grants.exchange(grant)
    if (session === undefined) return wrong
    const seconds = Math.round((session.grant.expiresAt - session.grant.issuedAt) / 1000)
    const lifetime = `Max-Age=${seconds}; Path=/`
    return `${this.#cookieName}=${session.token}; ${lifetime}; HttpOnly; SameSite=Strict`
  }

  /** What `GET /session` says of the caller. */
  describe({ identity }: Caller): Session {
    return { required: this.#grants !== undefined, role: identity === 'none' ? null : identity }
  }

  /** Closes the guest within a second after its token was taken back or has expired. */
  lookAfter(guest: Guest, { grant }: Caller): void {
    if (grant === null) return
    this.#guests.set(guest, grant.id)
    this.#cancelSweep ??= this.#scheduleSweep()
  }

  /** The guest has gone. */
  forget(guest: Guest): void {
    this.#guests.delete(guest)
  }

  /** Counts what was refused. */
  countRefusal(what: Refusal['status'] | 'connection'): void {
    const key = String(what)
    this.refused.set(key, (this.refused.get(key) ?? 0) + 1)
  }

  close(): void {
    this.#cancelSweep?.()
  }

  #identifyToken(grants: Grants, token: string, address: string): Caller | Refusal {
    if (this.peers.isLockedOut(address)) {
      return { status: 429, reason: 'too many wrong tokens: wait for a minute' }
    }
    const grant = grants.find(token)
    if (grant === undefined || grant.kind === 'session') {
      this.peers.noteWrong(address)
      return { status: 401, reason: 'expected a token that is valid' }
    }
    // A link is for its exchange: shown elsewhere it would work more than once.
    return { ...(grant.kind === 'link' ? stranger : visitorOf(grant)), grant }
  }

  #noteWrong(request: IncomingMessage): void {
    this.peers.noteWrong(addressOf(request))
  }

  #scheduleSweep(): () => void {
    return this.#clock.schedule(SWEEP_MILLIS, () => {
      this.#sweep()
      this.#cancelSweep = this.#guests.size === 0 ? undefined : this.#scheduleSweep()
    })
  }

  #sweep(): void {
    this.#grants?.refresh()
    for (const [guest, id] of this.#guests) {
      if (this.#grants?.isValid(id)) continue
      this.#guests.delete(guest)
      guest.close('notAllowed')
      this.#clock.schedule(CLOSE_MILLIS, () => guest.terminate())
    }
  }
}

export const isRefusal = (found: Caller | Refusal): found is Refusal => 'status' in found

export const addressOf = ({ socket }: IncomingMessage): string => socket.remoteAddress ?? ''

/** From a header of its own, or, for programs that can set none, from the subprotocols. */
function shownToken({ headers }: IncomingMessage): string | undefined {
  if (headers.authorization !== undefined) {
    return BEARER.exec(headers.authorization)?.[1] ?? ''
  }
  return headers['sec-websocket-protocol']
    ?.split(',')
    .map(name => name.trim())
    .find(name => name.startsWith(TOKEN_PROTOCOL_PREFIX))
    ?.slice(TOKEN_PROTOCOL_PREFIX.length)
}

function cookieValue({ headers }: IncomingMessage, name: string): string | undefined {
  return headers.cookie
    ?.split(';')
    .map(pair => pair.trim())
    .find(pair => pair.startsWith(`${name}=`))
    ?.slice(name.length + 1)
}
