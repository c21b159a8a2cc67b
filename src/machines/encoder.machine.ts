// The encoder's life: an actor's, with its place behind the log. It is a cursor, so falling behind
// loses nothing; `lagging` warns before retention would have to wait for it. One that is asked to
// drain before it runs does so all the same: a camera may appear shortly before the end.
import { assign, emit, setup } from 'xstate'
import {
  type ActorCommand,
  type ActorContext,
  type ActorEvent,
  type ActorInput,
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
  | { type: 'pause' }
  | { type: 'resume' }

export type EncoderCommand =
  | ActorCommand
  /** Take no more frames until `proceed`; the backlog stays in the log. */
  | { type: 'hold' }
  | { type: 'proceed' }

export interface EncoderContext extends ActorContext {
  /** It was asked to drain before it ran. */
  readonly leaving: boolean
}

const behaviour = actorBehaviour<EncoderEvent, EncoderCommand, EncoderContext>()
const leave = { actions: 'leaveSoon' } as const
const lagRose = { target: 'lagging', actions: 'noteReason' } as const

export const encoderMachine = setup({
  types: {} as {
    context: EncoderContext
    events: EncoderEvent
    emitted: EncoderCommand
    input: ActorInput
  },
  actions: {
    ...behaviour.actions,
    hold: emit({ type: 'hold' }),
    proceed: emit({ type: 'proceed' }),
    leaveSoon: assign({ leaving: true }),
  },
  guards: { isLeaving: ({ context }) => context.leaving },
  delays: behaviour.delays,
}).createMachine({
  id: 'encoder',
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
      initial: 'catchingUp',
      states: {
        catchingUp: { on: { caughtUp: 'live', lagRose, pause: 'paused' } },
        live: { on: { fellBehind: 'catchingUp', lagRose, pause: 'paused' } },
        lagging: {
          tags: 'yellow',
          exit: 'noteReason',
          on: { lagFell: 'catchingUp', caughtUp: 'live', pause: 'paused' },
        },
        paused: { entry: 'hold', exit: 'proceed', on: { resume: 'catchingUp' } },
      },
    },
  },
})
