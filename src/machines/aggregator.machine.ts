// The aggregator's life: an actor's, whose recovery has two parts. It restores the newest snapshot
// of its fold, or starts from nothing when there is none that this version may use, and then folds
// the log's tail; either way the result is the same.
import { emit, setup } from 'xstate'
import {
  type ActorCommand,
  type ActorContext,
  type ActorEvent,
  actorBehaviour,
  actorContext,
  actorStates,
} from './actor.machine.ts'

export type AggregatorEvent =
  | ActorEvent
  | { type: 'snapshotRestored' }
  /** There is none, or it is damaged, or another version of the fold made it. */
  | { type: 'snapshotRejected' }

export type AggregatorCommand =
  | ActorCommand
  /** Look for a snapshot; answer `snapshotRestored` or `snapshotRejected`. */
  | { type: 'restore' }
  /** Fold from the snapshot's position (or the origin) to the log's end; answer `recovered`. */
  | { type: 'fold' }

const behaviour = actorBehaviour<AggregatorEvent, AggregatorCommand>()
const { recovered, ...recoveringExits } = actorStates.recovering.on

export const aggregatorMachine = setup({
  types: {} as {
    context: ActorContext
    events: AggregatorEvent
    emitted: AggregatorCommand
  },
  actions: {
    ...behaviour.actions,
    restore: emit({ type: 'restore' }),
    fold: emit({ type: 'fold' }),
  },
  guards: behaviour.guards,
}).createMachine({
  id: 'aggregator',
  context: actorContext,
  initial: 'starting',
  states: {
    ...actorStates,
    recovering: {
      on: recoveringExits,
      initial: 'restoring',
      states: {
        restoring: {
          entry: 'restore',
          on: { snapshotRestored: 'folding', snapshotRejected: 'folding' },
        },
        folding: { entry: 'fold', on: { recovered: `#aggregator.${recovered}` } },
      },
    },
  },
})
