// The life of who makes a dataset while the run is recorded: an actor's, and why it waits. It waits
// for a directory that another process writes and for room on its disk; the log holds what it owes.
// Asked to drain before it runs, it does so all the same: the last episodes are owed too. How long
// that may take the host says, by `stop`: what is left then comes in when the run goes on.
import { assign, setup } from 'xstate'
import {
  type ActorCommand,
  type ActorContext,
  type ActorEvent,
  type ActorInput,
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

export interface DatasetContext extends ActorContext {
  /** It was asked to drain before it ran. */
  readonly leaving: boolean
}

const behaviour = actorBehaviour<DatasetEvent, ActorCommand, DatasetContext>()
const leave = { actions: 'leaveSoon' } as const
const lockedOut = { target: 'lockedOut', actions: 'noteReason' } as const
const hindered = { target: 'hindered', actions: 'noteReason' } as const

export const datasetMachine = setup({
  types: {} as {
    context: DatasetContext
    events: DatasetEvent
    emitted: ActorCommand
    input: ActorInput
  },
  actions: { ...behaviour.actions, leaveSoon: assign({ leaving: true }) },
  guards: { isLeaving: ({ context }) => context.leaving },
  delays: behaviour.delays,
}).createMachine({
  id: 'dataset',
  context: args => ({ ...actorContext(args), leaving: false }),
  initial: 'starting',
  states: {
    ...actorStates,
    starting: {
      ...actorStates.starting,
      on: { ...actorStates.starting.on, drain: leave },
    },
    recovering: {
      ...actorStates.recovering,
      on: { ...actorStates.recovering.on, drain: leave },
    },
    running: {
      ...actorStates.running,
      always: { guard: 'isLeaving', target: 'draining' },
      initial: 'working',
      states: {
        working: { on: { lockedOut, hindered } },
        lockedOut: { tags: 'yellow', exit: 'noteReason', on: { freed: 'working', hindered } },
        hindered: { tags: 'yellow', exit: 'noteReason', on: { freed: 'working', lockedOut } },
      },
    },
    draining: { entry: actorStates.draining.entry, on: actorStates.draining.on },
  },
})
