// The life of an actor: open, recover, run, drain, stop. Recorder, encoder, aggregator and
// broadcaster build theirs on these states. A machine never acts: it gives commands (emitted
// events), the actor carries them out and answers with events. A machine that has ended takes no
// more events; whoever restarts an actor makes a new one.
//
// Who is asked to drain before it runs does so when it does: something may be owed all the same. How
// long that may take is the host's to say, by `stop`.
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
  /** Why it failed, was refused or is in a warning state; null while all is well. */
  readonly reason: string | null
  /** It was asked to drain before it ran. */
  readonly leaving: boolean
}

export const actorContext: ActorContext = { reason: null, leaving: false }

/** Sets `reason` to the event's, or to null for an event that carries none. */
const reasonOf = (event: EventObject): string | null =>
  'reason' in event && typeof event.reason === 'string' ? event.reason : null

/** Actions and guards that `actorStates` name, typed for a machine with more of its own. */
export function actorBehaviour<
  Event extends EventObject,
  Command extends EventObject,
  Context extends ActorContext = ActorContext,
>() {
  const give = (command: ActorCommand) =>
    emit<Context, Event, undefined, Event, Command | ActorCommand>(command)
  const change = (patch: (event: Event) => Partial<ActorContext>) =>
    assign<Context, Event, undefined, Event, never>(({ event }) => patch(event) as Partial<Context>)
  return {
    actions: {
      open: give({ type: 'open' }),
      recover: give({ type: 'recover' }),
      run: give({ type: 'run' }),
      drain: give({ type: 'drain' }),
      close: give({ type: 'close' }),
      noteReason: change(event => ({ reason: reasonOf(event) })),
      leaveSoon: change(() => ({ leaving: true })),
    },
    guards: { isLeaving: ({ context }: { context: Context }) => context.leaving },
  }
}

/** Ways out that every state of a living actor has. */
export const actorExits = {
  stop: 'stopped',
  failed: { target: 'failed', actions: 'noteReason' },
} as const

const leave = { actions: 'leaveSoon' } as const

/** The states of every actor; a special one replaces or nests what differs. */
export const actorStates = {
  starting: {
    entry: 'open',
    on: {
      ...actorExits,
      drain: leave,
      opened: 'recovering',
      refused: { target: 'refused', actions: 'noteReason' },
    },
  },
  recovering: { entry: 'recover', on: { ...actorExits, drain: leave, recovered: 'running' } },
  running: {
    entry: 'run',
    always: { guard: 'isLeaving', target: 'draining' },
    on: { ...actorExits, drain: 'draining' },
  },
  draining: { entry: 'drain', on: { ...actorExits, drained: 'stopped' } },
  stopped: { type: 'final', entry: 'close' },
  refused: { type: 'final', entry: 'close' },
  failed: { type: 'final', entry: 'close' },
} as const

export const actorMachine = setup({
  types: {} as {
    context: ActorContext
    events: ActorEvent
    emitted: ActorCommand
  },
  ...actorBehaviour<ActorEvent, ActorCommand>(),
}).createMachine({
  id: 'actor',
  context: actorContext,
  initial: 'starting',
  states: actorStates,
})
