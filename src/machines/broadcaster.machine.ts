// The broadcaster's life: an actor's, and while it runs two independent things: whether the feed
// is there (without it viewers stay connected and are told so) and which material it shows. The
// mode goes into every message, so that a LIVE badge is true (L9).
import { assign, emit, setup } from 'xstate'
import {
  type ActorCommand,
  type ActorContext,
  type ActorEvent,
  actorBehaviour,
  actorContext,
  actorStates,
} from './actor.machine.ts'

/** `auto` is live while a trainer is attached and checkpoint otherwise. */
export type ModeChoice = 'auto' | 'live' | 'checkpoint' | 'replay'

export type ShownMode = 'live' | 'checkpoint' | 'replay'

export type BroadcasterEvent =
  | ActorEvent
  | { type: 'feedLost'; reason: string }
  | { type: 'feedRestored' }
  | { type: 'trainerAttached' }
  | { type: 'trainerLeft' }
  | { type: 'modeChosen'; mode: ModeChoice }

export type BroadcasterCommand =
  | ActorCommand
  /** Show material of this mode, and say so in every message. */
  | { type: 'show'; mode: ShownMode }

export interface BroadcasterContext extends ActorContext {
  readonly mode: ModeChoice
  readonly trainerAttached: boolean
}

export interface BroadcasterInput {
  /** Default `auto`. */
  readonly mode?: ModeChoice
  /** Default false. */
  readonly trainerAttached?: boolean
}

const shownMode = ({ mode, trainerAttached }: BroadcasterContext): ShownMode => {
  if (mode !== 'auto') return mode
  return trainerAttached ? 'live' : 'checkpoint'
}

const toLive = { guard: 'wantsLive', target: 'live' } as const
const toCheckpoint = { guard: 'wantsCheckpoint', target: 'checkpoint' } as const
const toReplay = { guard: 'wantsReplay', target: 'replay' } as const

const behaviour = actorBehaviour<BroadcasterEvent, BroadcasterCommand, BroadcasterContext>()

export const broadcasterMachine = setup({
  types: {} as {
    context: BroadcasterContext
    events: BroadcasterEvent
    emitted: BroadcasterCommand
    input: BroadcasterInput
  },
  actions: {
    ...behaviour.actions,
    show: emit(({ context }) => ({ type: 'show', mode: shownMode(context) })),
    noteMode: assign(({ event }) => (event.type === 'modeChosen' ? { mode: event.mode } : {})),
    noteAttached: assign({ trainerAttached: true }),
    noteLeft: assign({ trainerAttached: false }),
  },
  guards: {
    ...behaviour.guards,
    wantsLive: ({ context }) => shownMode(context) === 'live',
    wantsCheckpoint: ({ context }) => shownMode(context) === 'checkpoint',
    wantsReplay: ({ context }) => shownMode(context) === 'replay',
  },
}).createMachine({
  id: 'broadcaster',
  context: ({ input }) => ({
    ...actorContext,
    mode: input.mode ?? 'auto',
    trainerAttached: input.trainerAttached ?? false,
  }),
  initial: 'starting',
  // What is attached and what was chosen is remembered in every state, also before it runs.
  on: {
    trainerAttached: { actions: 'noteAttached' },
    trainerLeft: { actions: 'noteLeft' },
    modeChosen: { actions: 'noteMode' },
  },
  states: {
    ...actorStates,
    running: {
      ...actorStates.running,
      type: 'parallel',
      states: {
        feed: {
          initial: 'listening',
          states: {
            listening: { on: { feedLost: 'degraded' } },
            degraded: {
              tags: 'yellow',
              entry: 'noteReason',
              exit: 'noteReason',
              on: { feedRestored: 'listening' },
            },
          },
        },
        mode: {
          initial: 'choosing',
          states: {
            choosing: { always: [toLive, toCheckpoint, toReplay] },
            live: { entry: 'show', always: [toCheckpoint, toReplay] },
            checkpoint: { entry: 'show', always: [toLive, toReplay] },
            replay: { entry: 'show', always: [toLive, toCheckpoint] },
          },
        },
      },
    },
  },
})
