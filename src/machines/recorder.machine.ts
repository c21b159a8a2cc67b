// The recorder's life: an actor's, and fail-stop. At the first disk error the log becomes read-only
// for good (promise P7): no retry, no acknowledgement after it, health red; viewers and trainer go
// on. There is no way back to `running` from `failedStop`, and none is to be added. A disk that is
// full is no error of the disk: nothing was tried on it, so the recorder waits for room, as loudly.
import { emit, setup } from 'xstate'
import {
  type ActorCommand,
  type ActorContext,
  type ActorEvent,
  actorBehaviour,
  actorContext,
  actorExits,
  actorStates,
} from './actor.machine.ts'

export type RecorderEvent =
  | ActorEvent
  /** An I/O error, a failed flush, a commit that does not come back. */
  | { type: 'diskFailed'; reason: string }
  /** Less free space than the reserve: nothing was written that could have failed. */
  | { type: 'diskFull'; reason: string }
  | { type: 'roomFound' }

export type RecorderCommand =
  | ActorCommand
  /** Write nothing more; keep what is there readable; report health red. */
  | { type: 'seal' }
  /** Write nothing more and report health red until there is room; answer `roomFound`. */
  | { type: 'waitForRoom' }

const behaviour = actorBehaviour<RecorderEvent, RecorderCommand>()
const failStop = { diskFailed: { target: 'failedStop', actions: 'noteReason' } } as const
/** Where the log is not yet, or no longer, written to. */
const stopForGood = { ...failStop, diskFull: failStop.diskFailed } as const

export const recorderMachine = setup({
  types: {} as {
    context: ActorContext
    events: RecorderEvent
    emitted: RecorderCommand
  },
  actions: {
    ...behaviour.actions,
    seal: emit({ type: 'seal' }),
    waitForRoom: emit({ type: 'waitForRoom' }),
  },
  guards: behaviour.guards,
}).createMachine({
  id: 'recorder',
  context: actorContext,
  initial: 'starting',
  states: {
    ...actorStates,
    recovering: {
      ...actorStates.recovering,
      on: { ...actorStates.recovering.on, ...stopForGood },
    },
    running: {
      ...actorStates.running,
      on: {
        ...actorStates.running.on,
        ...failStop,
        diskFull: { target: 'waitingForRoom', actions: 'noteReason' },
      },
    },
    // All that it does but write goes on.
    waitingForRoom: {
      tags: 'red',
      entry: 'waitForRoom',
      on: {
        ...actorExits,
        ...failStop,
        drain: 'draining',
        roomFound: { target: 'running', actions: 'noteReason' },
      },
    },
    draining: { ...actorStates.draining, on: { ...actorStates.draining.on, ...stopForGood } },
    // Nothing is left to flush, so draining is stopping.
    failedStop: {
      tags: 'red',
      entry: 'seal',
      always: { guard: 'isLeaving', target: 'stopped' },
      on: { ...actorExits, drain: 'stopped' },
    },
  },
})
