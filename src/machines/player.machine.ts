// The player's life: an actor's, and what it plays. A replay ends; a run that is served changes
// between a trainer that is followed and finished material.
import { setup } from 'xstate'
import {
  type ActorCommand,
  type ActorContext,
  type ActorEvent,
  actorBehaviour,
  actorContext,
  actorStates,
} from './actor.machine.ts'

export type PlayerEvent =
  | ActorEvent
  /** The last event of the replay has been shown. */
  | { type: 'ended' }
  | { type: 'trainerAttached' }
  | { type: 'trainerLeft' }

export const playerMachine = setup({
  types: {} as {
    context: ActorContext
    events: PlayerEvent
    emitted: ActorCommand
  },
  ...actorBehaviour<PlayerEvent, ActorCommand>(),
}).createMachine({
  id: 'player',
  context: actorContext,
  initial: 'starting',
  states: {
    ...actorStates,
    running: {
      ...actorStates.running,
      initial: 'playing',
      states: {
        playing: { on: { ended: 'finished', trainerAttached: 'following' } },
        following: { on: { trainerLeft: 'playing' } },
        finished: {},
      },
    },
  },
})
