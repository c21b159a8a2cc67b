// The life of one supervised actor, as its supervisor sees it. It restarts after a wait. One that is
// stuck goes down a ladder of short steps: killed at once, where that is safe (invariant 9), else
// asked to stop; cut off, where another may take its place while it still hangs; else given up. The
// supervisor decides about escalation; it feeds this machine and forwards to it.
import { assign, emit, setup } from 'xstate'
import { backOffMillis, type RestartLimits, restartLimits } from './restart-intensity.ts'
import type { StateNameOf } from './state-name.ts'

export interface ChildSpec {
  readonly name: string
  /** Whether it may be ended from outside: a process, or a thread that only reads. */
  readonly killable: boolean
  /** Whether another may do its work while it hangs and cannot be ended. */
  readonly replaceable: boolean
  /** Whether the group gives up when this child refuses to start. */
  readonly essential: boolean
  /** How long it may take to stop when asked. Default 2000. */
  readonly stopMillisMax?: number
  /** How long it may take to vanish when killed. Default 3000. */
  readonly killMillisMax?: number
  /** For one that is stuck and replaceable, the time of each step of the ladder. Default 100. */
  readonly stuckMillisMax?: number
  readonly limits?: RestartLimits
}

/** What happens to a child; the runtime sends these to the supervisor, which forwards them. */
export type ChildNews =
  /** It runs. */
  | { type: 'ready'; child: string }
  /** Its thread or process is gone, for whatever reason, also because it was asked to stop.
   * `atMillis`: monotonic time; `jitter`: a random number in [0, 1]. `forgives`: it died, and at
   * these times had died, of what it will not meet again; none of that counts. */
  | {
      type: 'died'
      child: string
      atMillis: number
      jitter: number
      reason: string
      forgives?: readonly number[]
    }
  /** It cannot start and would not the next time. Its thread or process is gone. */
  | { type: 'refused'; child: string; reason: string }
  /** It missed its heartbeats. */
  | { type: 'stuck'; child: string; reason: string }

export type ChildEvent =
  | ChildNews
  | { type: 'start' }
  /** Stop for good. */
  | { type: 'stop' }
  /** Run on, but rest after the next death and wait for `stop`. */
  | { type: 'standDown' }

export type ChildCommand =
  /** Start its thread or process; report `ready`, `refused` or `died`. */
  | { type: 'startChild'; child: string }
  /** Ask it to stop, without waiting; report `died` when it is gone. */
  | { type: 'askToStop'; child: string }
  /** End it from outside; given only where that may be done. Report `died` when it is gone. */
  | { type: 'killChild'; child: string }
  /** Have nothing to do with it any more, whatever it does later; report `died` at once, or
   * `refused` when too many hang already. */
  | { type: 'cutOff'; child: string }

export interface ChildContext {
  readonly spec: Required<ChildSpec>
  readonly restarts: number
  /** Restarts since it was last calm. */
  readonly attempt: number
  readonly jitter: number
  /** Why it last died, was stuck or refused. */
  readonly reason: string | null
  /** What the supervisor wants of it. */
  readonly wish: 'run' | 'rest' | 'stop'
}

export interface ChildOutput {
  readonly outcome: 'stopped' | 'abandoned' | 'refused'
  readonly essential: boolean
  readonly reason: string | null
}

const afterDeath = [
  { guard: 'shallStop', target: 'stopped', actions: 'noteReason' },
  { guard: 'shallRest', target: 'idle', actions: 'noteReason' },
  { target: 'backingOff', actions: ['noteReason', 'noteDeath'] },
] as const

const whileUp = {
  died: afterDeath,
  refused: { target: 'refused', actions: 'noteReason' },
  stuck: [
    { guard: 'isKillable', target: 'killing', actions: 'noteReason' },
    { target: 'unresponsive', actions: 'noteReason' },
  ],
  stop: { target: 'stopping', actions: 'wishStop' },
  standDown: { actions: 'wishRest' },
} as const

const stopDeadline = [{ guard: 'isKillable', target: 'killing' }, { target: 'abandoned' }] as const
const stuckDeadline = [
  { guard: 'isReplaceable', target: 'cuttingOff' },
  { target: 'abandoned' },
] as const
const killDeadline = [
  { guard: 'isToBeReplaced', target: 'cuttingOff' },
  { target: 'abandoned' },
] as const

const mayBeReplaced = ({ spec, wish }: ChildContext): boolean => spec.replaceable && wish === 'run'

export const childMachine = setup({
  types: {} as {
    context: ChildContext
    events: ChildEvent
    emitted: ChildCommand
    input: ChildSpec
    output: ChildOutput
  },
  actions: {
    startChild: emit(({ context }) => ({ type: 'startChild', child: context.spec.name })),
    askToStop: emit(({ context }) => ({ type: 'askToStop', child: context.spec.name })),
    killChild: emit(({ context }) => ({ type: 'killChild', child: context.spec.name })),
    cutOff: emit(({ context }) => ({ type: 'cutOff', child: context.spec.name })),
    noteReason: assign(({ event }) => ('reason' in event ? { reason: event.reason } : {})),
    noteDeath: assign(({ event }) => {
      if (event.type !== 'died') return {}
      return event.forgives ? { jitter: event.jitter, attempt: 0 } : { jitter: event.jitter }
    }),
    countRestart: assign(({ context }) => ({
      restarts: context.restarts + 1,
      attempt: context.attempt + 1,
    })),
    calmDown: assign({ attempt: 0 }),
    wishRest: assign({ wish: 'rest' }),
    wishStop: assign({ wish: 'stop' }),
  },
  guards: {
    shallStop: ({ context }) => context.wish === 'stop',
    shallRest: ({ context }) => context.wish === 'rest',
    isKillable: ({ context }) => context.spec.killable,
    isReplaceable: ({ context }) => context.spec.replaceable,
    isToBeReplaced: ({ context }) => mayBeReplaced(context),
  },
  delays: {
    backOff: ({ context }) => backOffMillis(context.attempt, context.jitter, context.spec.limits),
    calm: ({ context }) => context.spec.limits.calmMillis,
    stopDeadline: ({ context }) => context.spec.stopMillisMax,
    stuckDeadline: ({ context: { spec } }) =>
      spec.replaceable ? spec.stuckMillisMax : spec.stopMillisMax,
    killDeadline: ({ context }) =>
      mayBeReplaced(context) ? context.spec.stuckMillisMax : context.spec.killMillisMax,
  },
}).createMachine({
  id: 'child',
  context: ({ input }) => ({
    spec: {
      stopMillisMax: 2000,
      killMillisMax: 3000,
      stuckMillisMax: 100,
      limits: restartLimits,
      ...input,
    },
    restarts: 0,
    attempt: 0,
    jitter: 0,
    reason: null,
    wish: 'run',
  }),
  initial: 'idle',
  states: {
    idle: { on: { start: 'starting', stop: 'stopped' } },
    starting: { entry: 'startChild', on: { ...whileUp, ready: 'running' } },
    running: { on: whileUp, after: { calm: { actions: 'calmDown' } } },
    backingOff: {
      on: { stop: 'stopped', standDown: { target: 'idle', actions: 'wishRest' } },
      after: { backOff: { target: 'restarting', actions: 'countRestart' } },
    },
    restarting: { entry: 'startChild', on: { ...whileUp, ready: 'running' } },
    unresponsive: {
      entry: 'askToStop',
      on: {
        died: afterDeath,
        refused: whileUp.refused,
        stop: whileUp.stop,
        standDown: whileUp.standDown,
      },
      after: { stuckDeadline },
    },
    stopping: {
      entry: 'askToStop',
      // It is gone either way; whether it could have started is no question any more.
      on: {
        died: { target: 'stopped', actions: 'noteReason' },
        refused: { target: 'stopped', actions: 'noteReason' },
      },
      after: { stopDeadline },
    },
    killing: {
      entry: 'killChild',
      on: {
        died: afterDeath,
        refused: whileUp.refused,
        stop: { actions: 'wishStop' },
        standDown: { actions: 'wishRest' },
      },
      after: { killDeadline },
    },
    cuttingOff: {
      entry: 'cutOff',
      on: {
        died: afterDeath,
        refused: whileUp.refused,
        stop: { actions: 'wishStop' },
        standDown: { actions: 'wishRest' },
      },
    },
    stopped: { type: 'final', output: 'stopped' },
    refused: { type: 'final', tags: 'red', output: 'refused' },
    abandoned: { type: 'final', tags: 'red', output: 'abandoned' },
  },
  output: ({ context, event }) => ({
    outcome: event.output as ChildOutput['outcome'],
    essential: context.spec.essential,
    reason: context.reason,
  }),
})

export type ChildState = StateNameOf<typeof childMachine>
