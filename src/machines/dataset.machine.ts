// The life of who makes a dataset while the run is recorded: an actor's, and why it waits. It waits
// for a directory that another process writes and for room on its disk; the log holds what it owes,
// also of a run that ended meanwhile.
import { setup } from 'xstate'
import {
  type ActorCommand,
  type ActorContext,
  type ActorEvent,
  actorBehaviour,
  actorContext,
  actorStates,
} from './actor.machine.ts'

export type DatasetEvent =
  | ActorEvent
  /** Another process writes the dataset. */
  | { type: 'lockedOut'; reason: string }
  /** It cannot be written: no room, or its disk fails. */
  | { type: 'hindered'; reason: string }
  /** It is written again. */
  | { type: 'freed' }

const again = { actions: 'noteReason' } as const
const waiting = { tags: 'yellow', exit: 'noteReason' } as const
const lockedOut = { target: 'lockedOut', actions: 'noteReason' } as const
const hindered = { target: 'hindered', actions: 'noteReason' } as const

export const datasetMachine = setup({
  types: {} as {
    context: ActorContext
    events: DatasetEvent
    emitted: ActorCommand
  },
  ...actorBehaviour<DatasetEvent, ActorCommand>(),
}).createMachine({
  id: 'dataset',
  context: actorContext,
  initial: 'starting',
  states: {
    ...actorStates,
    running: {
      ...actorStates.running,
      initial: 'working',
      states: {
        working: { on: { lockedOut, hindered } },
        lockedOut: { ...waiting, on: { freed: 'working', hindered, lockedOut: again } },
        hindered: { ...waiting, on: { freed: 'working', lockedOut, hindered: again } },
      },
    },
  },
})
