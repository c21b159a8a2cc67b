// The life of a run. Closing is a protocol with a deadline: drain, commit, closed; never a flag and
// a join. A log that failed stop, or a supervisor that gave up, makes the run end as `failed`, but
// never ends training: the handle goes on taking calls and counts what it drops (invariant 3).
import { assign, emit, setup } from 'xstate'

export type RunEvent =
  /** Every actor runs. */
  | { type: 'started' }
  /** The log failed stop: viewers go on, nothing more becomes durable. */
  | { type: 'logFailed'; reason: string }
  /** What kept the log from being written has passed. */
  | { type: 'logReturned' }
  /** `withinMillis`: the time that there is for it; default `closeMillisMax`. */
  | { type: 'close'; withinMillis?: number }
  /** Rings and channels are empty and every actor has finished its queue. */
  | { type: 'drained' }
  /** The end of the run and all footers are durable. */
  | { type: 'committed' }
  /** It cannot start, or the supervisor escalated. */
  | { type: 'failed'; reason: string }

export type RunCommand =
  /** Start the actors; answer `started` or `failed`. */
  | { type: 'start' }
  /** Stop intake, end open episodes, let every channel run empty; answer `drained`. */
  | { type: 'drain' }
  /** Append the run's end, write footers, flush; answer `committed`. */
  | { type: 'commit' }
  /** Stop all actors and let go of everything; the last command. */
  | { type: 'release' }

export interface RunContext {
  readonly reason: string | null
  readonly closeMillisMax: number
}

export interface RunInput {
  /** How long closing may take altogether. Default 5000. */
  readonly closeMillisMax?: number
}

const fail = { target: 'failed', actions: 'noteReason' } as const

export const runMachine = setup({
  types: {} as { context: RunContext; events: RunEvent; emitted: RunCommand; input: RunInput },
  actions: {
    start: emit({ type: 'start' }),
    drain: emit({ type: 'drain' }),
    commit: emit({ type: 'commit' }),
    release: emit({ type: 'release' }),
    noteReason: assign(({ event }) => ('reason' in event ? { reason: event.reason } : {})),
    forgetReason: assign({ reason: null }),
    noteTime: assign(({ event }) =>
      event.type === 'close' && event.withinMillis !== undefined
        ? { closeMillisMax: event.withinMillis }
        : {},
    ),
    noteDeadline: assign(({ context }) => ({
      reason: context.reason ?? `did not drain and commit within ${context.closeMillisMax} ms`,
    })),
  },
  guards: { hasFailed: ({ context }) => context.reason !== null },
  delays: { closeDeadline: ({ context }) => context.closeMillisMax },
}).createMachine({
  id: 'run',
  context: ({ input }) => ({ reason: null, closeMillisMax: input.closeMillisMax ?? 5000 }),
  initial: 'starting',
  states: {
    starting: {
      entry: 'start',
      on: {
        failed: fail,
        logFailed: fail,
        started: 'recording',
        close: 'closed',
      },
    },
    recording: {
      on: {
        failed: fail,
        close: { target: 'closing', actions: 'noteTime' },
      },
      initial: 'durable',
      states: {
        durable: { on: { logFailed: { target: 'readOnly', actions: 'noteReason' } } },
        readOnly: {
          tags: 'red',
          on: { logReturned: { target: 'durable', actions: 'forgetReason' } },
        },
      },
    },
    closing: {
      on: {
        failed: fail,
        logFailed: fail,
      },
      after: { closeDeadline: { target: 'failed', actions: 'noteDeadline' } },
      initial: 'draining',
      states: {
        draining: {
          entry: 'drain',
          on: {
            drained: [{ guard: 'hasFailed', target: '#run.failed' }, { target: 'committing' }],
          },
        },
        committing: { entry: 'commit', on: { committed: '#run.closed' } },
      },
    },
    closed: { type: 'final', entry: 'release' },
    failed: { type: 'final', tags: 'red', entry: 'release' },
  },
})
