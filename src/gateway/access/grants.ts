// What tokens were given out, and the sessions they were exchanged for: a file of its own for each,
// 0600, in the folder `access` (0700) of the run. A file is made once and removed once, never
// changed, so any number of processes may give out, use and revoke tokens at the same time: a
// one-time token is used by whoever removes its file. No secret is in it, only its hash.
import { readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import type { Clock } from '../../base/clock.ts'
import { ensureDirectory } from '../../base/ensure-directory.ts'
import { RollcastError } from '../../base/errors.ts'
import { type Role, roles, type Visitor } from '../../protocol/rights.ts'
import { accessDirectoryProblem } from './place.ts'
import { formatToken, hashSecret, isSecretOf, isTokenId, makeToken, parseToken } from './token.ts'

/** `link`: works once, for a session. `key`: works until it expires. `session`: a browser's. */
const kinds = ['link', 'key', 'session'] as const

const grantSchema = v.object({
  v: v.literal(1),
  kind: v.picklist(kinds),
  role: v.picklist(roles),
  replay: v.boolean(),
  hash: v.pipe(v.string(), v.length(43)),
  /** Unix milliseconds. */
  issuedAt: v.number(),
  expiresAt: v.number(),
  /** Of a session: the token that it was exchanged for. */
  parent: v.nullable(v.string()),
})

export type Grant = v.InferOutput<typeof grantSchema> & { readonly id: string }

export interface GrantRequest {
  readonly kind: 'link' | 'key'
  readonly role: Role
  /** Whether a viewer may replay. */
  readonly replay: boolean
  /** How long it is valid. */
  readonly lifeMillis: number
}

export interface Issued {
  readonly grant: Grant
  /** Said once, and kept nowhere. */
  readonly token: string
}

const HOUR_MILLIS = 3_600_000
export const SESSION_MILLIS_MAX = 7 * 24 * HOUR_MILLIS
/** Sessions that one key may have at a time; the oldest goes when there is another. */
const SESSIONS_MAX = 64
const SUFFIX = '.json'

export const visitorOf = ({ role, replay }: Grant): Visitor => ({ identity: role, replay })

export class Grants {
  readonly directory: string
  readonly #clock: Pick<Clock, 'now'>
  readonly #byId = new Map<string, Grant>()

  constructor(directory: string, clock: Pick<Clock, 'now'>) {
    this.directory = directory
    this.#clock = clock
  }

  /** Makes a token. Throws CANNOT_CREATE when its file cannot be made. */
  issue({ lifeMillis, ...fields }: GrantRequest): Issued {
    return this.#make({ ...fields, parent: null, expiresAt: this.#clock.now() + lifeMillis })
  }

  /** The grant that a token stands for, when it is valid now. */
  find(text: string): Grant | undefined {
    const token = parseToken(text)
    if (token === undefined) return undefined
    // It may have been given out or taken back by another process just now.
    this.#read(token.id)
    const grant = this.#byId.get(token.id)
    // Who hits no id waits for a comparison all the same.
    const hash = grant?.hash ?? NO_HASH
    const isRight = isSecretOf(hash, token.secret)
    return grant !== undefined && isRight && this.isValid(grant.id) ? grant : undefined
  }

  /** Whether a token with this id was given out and is still there. */
  knows(text: string): boolean {
    return this.#byId.has(parseToken(text)?.id ?? '')
  }

  /** Exchanges a link or key for a session; undefined when somebody else was faster. */
  exchange(grant: Grant): Issued | undefined {
    if (grant.kind === 'link' && !this.#remove(grant.id)) return undefined
    const own = this.all().filter(({ parent }) => parent === grant.id)
    for (const { id } of own.slice(0, Math.max(0, own.length - SESSIONS_MAX + 1))) this.#remove(id)
    const { role, replay } = grant
    const until = this.#clock.now() + SESSION_MILLIS_MAX
    const expiresAt = grant.kind === 'key' ? Math.min(until, grant.expiresAt) : until
    return this.#make({ kind: 'session', role, replay, parent: grant.id, expiresAt })
  }

  /** Takes a token back, with the sessions it was exchanged for. How many of them were there. */
  revoke(id: string): number {
    const ids = this.all().flatMap(grant => (grant.parent === id ? grant.id : []))
    return [id, ...ids].filter(one => isTokenId(one) && this.#remove(one)).length
  }

  /** Whether it is there and has not expired, as of the last refresh. */
  isValid(id: string): boolean {
    const grant = this.#byId.get(id)
    return grant !== undefined && grant.expiresAt > this.#clock.now()
  }

  /** All that are valid, the oldest first. */
  all(): readonly Grant[] {
    this.refresh()
    return [...this.#byId.values()]
      .filter(({ id }) => this.isValid(id))
      .sort((a, b) => a.issuedAt - b.issuedAt)
  }

  /** Looks what others have given out and taken back; files of what has expired go. */
  refresh(): void {
    const ids = new Set(this.#list())
    for (const id of this.#byId.keys()) if (!ids.has(id)) this.#byId.delete(id)
    for (const id of ids) {
      if (!this.#byId.has(id)) this.#read(id)
      else if (!this.isValid(id)) this.#remove(id)
    }
  }

  #list(): string[] {
    try {
      return readdirSync(this.directory)
        .filter(name => name.endsWith(SUFFIX))
        .map(name => name.slice(0, -SUFFIX.length))
        .filter(isTokenId)
    } catch (error) {
      // No folder, no token. One that cannot be read now (too many open files) tells nothing new.
      return (error as NodeJS.ErrnoException).code === 'ENOENT' ? [] : [...this.#byId.keys()]
    }
  }

  /** A file that is half written is read the next time; one that is no grant is none. */
  #read(id: string): void {
    try {
      const kept = v.parse(grantSchema, JSON.parse(readFileSync(this.#fileOf(id), 'utf8')))
      this.#byId.set(id, { id, ...kept })
    } catch {
      this.#byId.delete(id)
    }
  }

  #make(fields: Omit<Grant, 'v' | 'id' | 'hash' | 'issuedAt'>): Issued {
    const token = makeToken()
    const { id } = token
    const hash = hashSecret(token.secret)
    const grant: Grant = { v: 1, id, ...fields, hash, issuedAt: this.#clock.now() }
    const { id: _, ...kept } = grant
    this.#write(id, JSON.stringify(kept))
    this.#byId.set(id, grant)
    return { grant, token: formatToken(token) }
  }

  #write(id: string, text: string): void {
    try {
      const problem = accessDirectoryProblem(this.directory)
      if (problem !== null) throw new Error(problem)
      ensureDirectory(this.directory, 0o700)
      writeFileSync(this.#fileOf(id), text, { flag: 'wx', mode: 0o600 })
    } catch (cause) {
      const found = (cause as Error).message
      const message = `expected a folder of our own to keep tokens in, found ${found}`
      throw new RollcastError('CANNOT_CREATE', message, { cause })
    }
  }

  /** True for whoever removed the file; there is one at most. */
  #remove(id: string): boolean {
    this.#byId.delete(id)
    try {
      unlinkSync(this.#fileOf(id))
      return true
    } catch {
      return false
    }
  }

  #fileOf(id: string): string {
    return join(this.directory, `${id}${SUFFIX}`)
  }
}

const NO_HASH = hashSecret('')
