// Who may do what at the gateway: a table, so that it can be read, and tried cell by cell. What is
// not in it cannot be asked for: a route and a message name their verb, and a verb without a row
// does not compile. Roles that have no verb of their own yet are there for those that will.
import type { ClientMessage } from './client-messages.ts'

/**
 * `viewer` reads, `streamer` also controls what is shown, `producer` publishes from another
 * machine, `admin` may do whatever the owner of the run's directory may.
 */
export const roles = ['viewer', 'streamer', 'producer', 'admin'] as const
export type Role = (typeof roles)[number]
/** `none`: whoever shows no token where one is asked for. */
export type Identity = 'none' | Role

/** `opt-in`: for those whose token says so. */
type Right = boolean | 'opt-in'

const everybody = { none: true, viewer: true, streamer: true, producer: true, admin: true }
const readers = { none: false, viewer: true, streamer: true, producer: false, admin: true }

/** Verb -> who may. */
export const rights = {
  /** Whether the run is healthy; why not is `readState`. */
  readHealth: everybody,
  /**
   * The files of the page, which hold nothing of any run. The token is in the link's fragment, and
   * that reaches no server: only the page can take it from there.
   */
  loadPage: everybody,
  /** Asks who one is, and exchanges a token for a session. */
  signIn: everybody,
  /** What is live: steps, frames, metrics, milestones, rows of the index. */
  watch: readers,
  /** What was recorded: listings, and whole episodes with their frames. */
  replay: { ...readers, viewer: 'opt-in' },
  /** State of the actors and their machines, `/readyz`, `/metrics`. */
  readState: readers,
} as const satisfies Readonly<Record<string, Readonly<Record<Identity, Right>>>>

export type Verb = keyof typeof rights
export const verbs = Object.keys(rights) as readonly Verb[]

/** What a viewer has to be allowed for each message that it may send. */
export const messageVerbs = {
  hello: 'watch',
  set: 'watch',
  ping: 'watch',
  list_episodes: 'replay',
  get_episode: 'replay',
} as const satisfies Readonly<Record<ClientMessage['type'], Verb>>

export interface Visitor {
  readonly identity: Identity
  /** Whether a viewer may replay. */
  readonly replay: boolean
}

/** Somebody on this machine, where no token is asked for. */
export const localVisitor: Visitor = { identity: 'viewer', replay: true }
export const stranger: Visitor = { identity: 'none', replay: false }

export function isAllowed({ identity, replay }: Visitor, verb: Verb): boolean {
  const right: Right = rights[verb][identity]
  return right === 'opt-in' ? replay : right
}
