// How components reach the session and what it shows.
import { createContext, useContext } from 'react'
import { useStore } from 'zustand'
import { assert } from '../src/base/assert.ts'
import type { Session } from './session.ts'
import type { ViewerState } from './state/viewer-state.ts'

export const SessionContext = createContext<Session | null>(null)

export function useSession(): Session {
  const session = useContext(SessionContext)
  assert(session !== null, 'components stand inside a SessionContext')
  return session
}

/** A part of the state; the component renders again when that part is another object. */
export const useViewer = <T>(select: (state: ViewerState) => T): T =>
  useStore(useSession().store, select)
