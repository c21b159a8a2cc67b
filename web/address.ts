// Keeps the browser's address and the session together, both ways: what is on screen has an
// address to pass on, and back and forward of the browser lead there. The browser is handed in.
import type { Clock } from '../src/base/clock.ts'
import { formatRoute, parseRoute, type Route } from './permalink.ts'
import type { Session } from './session.ts'

export interface AddressBar {
  /** The part of the address from `#` on; empty when there is none. */
  hash(): string
  /** Another place: back leads to the one before. */
  push(hash: string): void
  /** The same place, told better. */
  replace(hash: string): void
  /** Calls `listener` when the user went to another address. */
  listen(listener: () => void): void
}

/** A playhead that is dragged tells its place when it rests: browsers take few changes a second. */
const REST_MILLIS = 400

/** Leads the session to the present address as soon as it is connected, and then follows both. */
export function linkAddress(session: Session, bar: AddressBar, clock: Clock): void {
  const { store } = session
  let cancelRest = (): void => {}
  let isVisited = false
  const visit = (): void => {
    isVisited = true
    const route = parseRoute(bar.hash())
    if (formatRoute(route) !== formatRoute(store.getState().route)) session.go(route)
  }
  // An episode can only be asked for over a link, and of a run that is known.
  if (parseRoute(bar.hash()).view === 'episode') whenReady(session, visit)
  else visit()
  store.subscribe((state, before) => {
    // Before the first address was visited it is not to be replaced.
    if (!isVisited) return
    if (state.route !== before.route) {
      cancelRest()
      const hash = formatRoute(state.route)
      if (hash !== formatRoute(parseRoute(bar.hash()))) bar.push(hash)
    } else if (state.look !== before.look && state.route.view === 'episode') {
      cancelRest()
      const at = restingPlace(session)
      if (at !== null) cancelRest = clock.schedule(REST_MILLIS, () => bar.replace(formatRoute(at)))
    }
  })
  bar.listen(visit)
}

/** Calls `action` once the session can ask for episodes: now, or when its link and run are there. */
export function whenReady({ store }: Session, action: () => void): () => void {
  const isReady = (): boolean => {
    const { connection, run } = store.getState()
    return connection.phase === 'open' && run !== null
  }
  if (isReady()) {
    action()
    return () => {}
  }
  const stop = store.subscribe(() => {
    if (!isReady()) return
    stop()
    action()
  })
  return stop
}

/** The route of a replay that stands still; null while it plays. */
function restingPlace(session: Session): Route | null {
  const { look } = session.store.getState()
  if (look === null || look.replay === null || look.replay.playhead.playing) return null
  const atSeconds = look.replay.playhead.atMillis / 1000
  return { view: 'episode', episode: look.episode, atSeconds }
}
