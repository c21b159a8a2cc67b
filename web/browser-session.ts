// Sessions of this browser: the page has one, and what is seen beside it (the grid of agents, each
// side of a comparison) is a viewer of its own, with a link that lives as long as it is looked at.
import { useEffect, useState } from 'react'
import { systemClock } from '../src/base/clock.ts'
import { seededRandom } from '../src/base/random.ts'
import { AgentGroup } from './agent-group.ts'
import { openBrowserSocket } from './browser-socket.ts'
import { Session, type SessionOptions } from './session.ts'

const ofBrowser = () => ({
  openSocket: openBrowserSocket,
  clock: systemClock,
  random: seededRandom(crypto.getRandomValues(new Uint32Array(1))[0]!),
})

export const browserSession = (
  options: Pick<SessionOptions, 'glance' | 'rowsAtFirst' | 'canGoBack'> = {},
): Session => new Session({ ...ofBrowser(), ...options })

interface Link {
  readonly start: () => void
  readonly stop: () => void
}

function useLink<T extends Link>(open: () => T): T {
  const [link] = useState(open)
  useEffect(() => {
    link.start()
    return link.stop
  }, [link])
  return link
}

/** A viewer of its own for a component, connected while that is there. */
export const useOwnSession = (): Session => useLink(() => browserSession({ glance: true }))

/** The same of several agents. */
export const useAgentGroup = (): AgentGroup => useLink(() => new AgentGroup(ofBrowser()))
