// The recorder's life: an actor's, and fail-stop. At the first disk error the log becomes read-only
// for good (promise P7): no retry, no acknowledgement after it, health red; viewers and trainer go
// on. There is no way back to `running` from `failedStop`, and none is to be added.
import { emit, setup } from 'xstate'
import {
  type ActorCommand,
  type ActorContext,
  type ActorEvent,
  type ActorInput,
  actorBehaviour,
  actorContext,
  actorExits,
  actorStates,
} from './actor.machine.ts'

export type RecorderEvent =
  | ActorEvent
  /** An I/O error, a failed flush, or less free space than the reserve. */
  | { type: 'diskFailed'; reason: string }

export type RecorderCommand =
  | ActorCommand
  /** Write nothing more; keep what is there readable; report health red. */
  | { type: 'seal' }

const behaviour = actorBehaviour<RecorderEvent, RecorderCommand>()
const failStop = { diskFailed: { target: 'failedStop', actions: 'noteReason' } } as const

export const recorderMachine = setup({
  types: {} as {
    context: ActorContext
    events: RecorderEvent
    emitted: RecorderCommand
    input: ActorInput
  },
  actions: { ...behaviour.actions, seal: emit({ type: 'seal' }) },
  delays: behaviour.delays,
}).createMachine({
  id: 'recorder',
  context: actorContext,
  initial: 'starting',
  states: {
    ...actorStates,
    recovering: {
      ...actorStates.recovering,
      on: { ...actorStates.recovering.on, ...failStop },
    },
    running: { ...actorStates.running, on: { ...actorStates.running.on, ...failStop } },
    draining: { ...actorStates.draining, on: { ...actorStates.draining.on, ...failStop } },
    // Nothing is left to flush, so draining is stopping.
    failedStop: { tags: 'red', entry: 'seal', on: { ...actorExits, drain: 'stopped' } },
  },
})
