// The encoder's life: an actor's, with its place behind the log. It is a cursor, so falling behind
// loses nothing; `lagging` warns before retention would have to wait for it.
import { setup } from 'xstate'
import {
  type ActorCommand,
  type ActorContext,
  type ActorEvent,
  actorBehaviour,
  actorContext,
  actorStates,
} from './actor.machine.ts'

export type EncoderEvent =
  | ActorEvent
  /** The cursor stands at the end of the log. */
  | { type: 'caughtUp' }
  /** The cursor fell behind the end of the log. */
  | { type: 'fellBehind' }
  /** The backlog passed its warning threshold. */
  | { type: 'lagRose'; reason: string }
  /** The backlog is below the threshold again. */
  | { type: 'lagFell' }

const lagRose = { target: 'lagging', actions: 'noteReason' } as const

export const encoderMachine = setup({
  types: {} as {
    context: ActorContext
    events: EncoderEvent
    emitted: ActorCommand
  },
  ...actorBehaviour<EncoderEvent, ActorCommand>(),
}).createMachine({
  id: 'encoder',
  context: actorContext,
  initial: 'starting',
  states: {
    ...actorStates,
    running: {
      ...actorStates.running,
      initial: 'catchingUp',
      states: {
        catchingUp: { on: { caughtUp: 'live', lagRose } },
        live: { on: { fellBehind: 'catchingUp', lagRose } },
        lagging: {
          tags: 'yellow',
          exit: 'noteReason',
          on: { lagFell: 'catchingUp', caughtUp: 'live', lagRose: { actions: 'noteReason' } },
        },
      },
    },
  },
})
