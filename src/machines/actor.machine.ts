// The life of an actor: open, recover, run, drain, stop. Recorder, encoder, aggregator and
// broadcaster build theirs on these states. A machine never acts: it gives commands (emitted
// events), the actor carries them out and answers with events. A machine that has ended takes no
// more events; whoever restarts an actor makes a new one.
import { assign, type EventObject, emit, setup } from 'xstate'

export type ActorEvent =
  /** What `open` asked for is done. */
  | { type: 'opened' }
  /** It cannot start and would not the next time either: lock held, port taken, codec missing. */
  | { type: 'refused'; reason: string }
  /** State is rebuilt from snapshot and log. */
  | { type: 'recovered' }
  /** Asked to finish what is queued, then stop. */
  | { type: 'drain' }
  | { type: 'drained' }
  /** Asked to stop now, whatever is queued. */
  | { type: 'stop' }
  | { type: 'failed'; reason: string }

export type ActorCommand =
  /** Take resources; answer `opened`, `refused` or `failed`. */
  | { type: 'open' }
  /** Rebuild state; answer `recovered` or `failed`. */
  | { type: 'recover' }
  /** Take work from the channels. */
  | { type: 'run' }
  /** Take no new work and finish what is queued; answer `drained`. */
  | { type: 'drain' }
  /** Let go of everything; the last command. */
  | { type: 'close' }

export interface ActorContext {
  readonly drainMillisMax: number
  /** Why it failed, was refused or is in a warning state; null while all is well. */
  readonly reason: string | null
}

export interface ActorInput {
  /** How long draining may take before the actor counts as failed. Default 5000. */
  readonly drainMillisMax?: number
}

export const actorContext = ({ input }: { input: ActorInput }): ActorContext => ({
  drainMillisMax: input.drainMillisMax ?? 5000,
  reason: null,
})

/** Sets `reason` to the event's, or to null for an event that carries none. */
const reasonOf = (event: EventObject): string | null =>
  'reason' in event && typeof event.reason === 'string' ? event.reason : null

/** Actions and delays that `actorStates` name, typed for a machine with more of its own. */
export function actorBehaviour<
  Event extends EventObject,
  Command extends EventObject,
  Context extends ActorContext = ActorContext,
>() {
  const give = (command: ActorCommand) =>
    emit<Context, Event, undefined, Event, Command | ActorCommand>(command)
  const note = (reason: (context: ActorContext, event: Event) => string | null) =>
    assign<Context, Event, undefined, Event, never>(
      ({ context, event }) => ({ reason: reason(context, event) }) as Partial<Context>,
    )
  return {
    actions: {
      open: give({ type: 'open' }),
      recover: give({ type: 'recover' }),
      run: give({ type: 'run' }),
      drain: give({ type: 'drain' }),
      close: give({ type: 'close' }),
      noteReason: note((_, event) => reasonOf(event)),
      noteDeadline: note(context => `did not drain within ${context.drainMillisMax} ms`),
    },
    delays: { drainDeadline: ({ context }: { context: Context }) => context.drainMillisMax },
  }
}

/** Ways out that every state of a living actor has. */
export const actorExits = {
  stop: 'stopped',
  failed: { target: 'failed', actions: 'noteReason' },
} as const

/** The states of every actor; a special one replaces or nests what differs. */
export const actorStates = {
  starting: {
    entry: 'open',
    on: {
      ...actorExits,
      drain: 'stopped',
      opened: 'recovering',
      refused: { target: 'refused', actions: 'noteReason' },
    },
  },
  recovering: { entry: 'recover', on: { ...actorExits, drain: 'stopped', recovered: 'running' } },
  running: { entry: 'run', on: { ...actorExits, drain: 'draining' } },
  draining: {
    entry: 'drain',
    on: { ...actorExits, drained: 'stopped' },
    after: { drainDeadline: { target: 'failed', actions: 'noteDeadline' } },
  },
  stopped: { type: 'final', entry: 'close' },
  refused: { type: 'final', entry: 'close' },
  failed: { type: 'final', entry: 'close' },
} as const

export const actorMachine = setup({
  types: {} as {
    context: ActorContext
    events: ActorEvent
    emitted: ActorCommand
    input: ActorInput
  },
  ...actorBehaviour<ActorEvent, ActorCommand>(),
}).createMachine({
  id: 'actor',
  context: actorContext,
  initial: 'starting',
  states: actorStates,
})
