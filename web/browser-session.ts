// Sessions of this browser: the page has one, and each picture beside it (a tile of the grid, a side
// of a comparison) is a viewer of its own, with a link that lives as long as it is looked at.
import { useEffect, useState } from 'react'
import { systemClock } from '../src/base/clock.ts'
import { seededRandom } from '../src/base/random.ts'
import { openBrowserSocket } from './browser-socket.ts'
import { Session, type SessionOptions } from './session.ts'

export const browserSession = (
  options: Pick<SessionOptions, 'glance' | 'rowsAtFirst' | 'canGoBack'> = {},
): Session =>
  new Session({
    openSocket: openBrowserSocket,
    clock: systemClock,
    random: seededRandom(crypto.getRandomValues(new Uint32Array(1))[0]!),
    ...options,
  })

/** A viewer of its own for a component, connected while that is there. */
export function useOwnSession(): Session {
  const [session] = useState(() => browserSession({ glance: true }))
  useEffect(() => {
    session.start()
    return session.stop
  }, [session])
  return session
}
