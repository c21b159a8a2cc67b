// The supervisor of a group of actors. It starts them in order, each when the one before it runs,
// lets the dead restart, and stops them in reverse order. When deaths exceed OTP's intensity, or an
// actor is stuck for good, it escalates: nothing restarts any more, the group stops, health is red.
// All news goes to this machine; children's commands come from `onCommands`.
import {
  type ActorRefFrom,
  assign,
  type DoneActorEvent,
  emit,
  enqueueActions,
  type SnapshotFrom,
  setup,
} from 'xstate'
import { assert } from '../base/assert.ts'
import {
  type ChildCommand,
  type ChildNews,
  type ChildOutput,
  type ChildSpec,
  type ChildState,
  childMachine,
} from './child.machine.ts'
import {
  exceedsIntensity,
  type RestartLimits,
  recordDeath,
  restartLimits,
} from './restart-intensity.ts'
import { stateName } from './state-name.ts'
import { tell } from './tell.ts'

type ChildDone = DoneActorEvent<ChildOutput>

export type SupervisorEvent =
  | ChildNews
  /** One more child; see `adopt`. */
  | { type: 'adopted'; spec: ChildSpec }
  | { type: 'startNext' }
  | { type: 'stop' }
  | ChildDone

/** The group gives up: health is red from now on. */
export type SupervisorCommand = { type: 'alarm'; reason: string }

export interface SupervisorContext {
  /** Names in the order of starting; those that were adopted come last. */
  readonly children: readonly string[]
  /** Those that have not ended for good. */
  readonly remaining: readonly string[]
  /** How many were started and have answered. */
  readonly settled: number
  /** Monotonic times of the deaths within the window. */
  readonly deaths: readonly number[]
  readonly limits: RestartLimits
  /** Why it escalated. */
  readonly reason: string | null
}

export interface SupervisorInput {
  /** In the order of starting; stopped in reverse. Names are unique. */
  readonly children: readonly ChildSpec[]
  /** Default: 5 restarts in 10 s; the first at once, then waits from 50 ms to 5 s. */
  readonly limits?: RestartLimits
}

function deathsWith(context: SupervisorContext, event: SupervisorEvent): readonly number[] {
  const { deaths, limits } = context
  if (event.type !== 'died') return deaths
  const { atMillis, forgives } = event
  if (forgives) return deaths.filter(at => !forgives.includes(at))
  return recordDeath(deaths, atMillis, limits)
}

/** The child that the event is about, if it is about one. */
const childOf = (event: SupervisorEvent): string | null => {
  if ('actorId' in event) return event.actorId
  return 'child' in event ? event.child : null
}

/** Whether the end of a child is one that the group cannot do without. A worker that is stuck for
 * good always is: nobody knows what it holds. */
const isFatal = (event: SupervisorEvent): boolean =>
  'output' in event && (event.output.essential || event.output.outcome === 'abandoned')

const describeReason = (event: SupervisorEvent): string => {
  if ('output' in event) return `${event.actorId}: ${event.output.reason ?? event.output.outcome}`
  return 'reason' in event ? `${event.child}: ${event.reason}` : event.type
}

const childDone = 'xstate.done.actor.*'
const telling = {
  ready: { actions: 'tell' },
  died: { actions: 'tell' },
  refused: { actions: 'tell' },
  stuck: { actions: 'tell' },
} as const

const stopping = (end: 'stopped' | 'escalated') =>
  ({
    always: { guard: 'isEmpty', target: end },
    on: { ...telling, [childDone]: { actions: ['forget', 'stopLast'] } },
  }) as const

export const supervisorMachine = setup({
  types: {} as {
    context: SupervisorContext
    events: SupervisorEvent
    emitted: SupervisorCommand
    input: SupervisorInput
  },
  actors: { child: childMachine },
  actions: {
    startNext: enqueueActions(({ context, enqueue }) => {
      const next = context.children[context.settled]
      if (next !== undefined) enqueue.sendTo(next, { type: 'start' })
    }),
    // News of a child that has ended for good comes too late to matter.
    tell: enqueueActions(({ context, event, enqueue }) => {
      if ('child' in event && context.remaining.includes(event.child)) {
        enqueue.sendTo(event.child, event)
      }
    }),
    standDownAll: enqueueActions(({ context, enqueue }) => {
      for (const child of context.remaining) enqueue.sendTo(child, { type: 'standDown' })
    }),
    stopLast: enqueueActions(({ context, enqueue }) => {
      const last = context.remaining.at(-1)
      if (last !== undefined) enqueue.sendTo(last, { type: 'stop' })
    }),
    add: assign(({ context, event, spawn }) => {
      if (event.type !== 'adopted') return {}
      const { name } = event.spec
      assert(!context.children.includes(name), `${name} is a child already`)
      spawn('child', { id: name, input: { limits: context.limits, ...event.spec } })
      return { children: [...context.children, name], remaining: [...context.remaining, name] }
    }),
    settle: assign({ settled: ({ context }) => context.settled + 1 }),
    forget: assign(({ context, event }) =>
      'actorId' in event
        ? { remaining: context.remaining.filter(child => child !== event.actorId) }
        : {},
    ),
    countDeath: assign(({ context, event }) => ({ deaths: deathsWith(context, event) })),
    noteReason: assign(({ event }) => ({ reason: describeReason(event) })),
    alarm: emit(({ context }) => ({ type: 'alarm', reason: context.reason! })),
  },
  guards: {
    isAwaited: ({ context, event }) => childOf(event) === context.children[context.settled],
    allSettled: ({ context }) => context.settled >= context.children.length,
    isTooMany: ({ context, event }) => exceedsIntensity(deathsWith(context, event), context.limits),
    isFatal: ({ event }) => isFatal(event),
    isAwaitedRefusal: ({ context, event }) =>
      !isFatal(event) && childOf(event) === context.children[context.settled],
    isEmpty: ({ context }) => context.remaining.length === 0,
  },
}).createMachine({
  id: 'supervisor',
  context: ({ input, spawn }) => {
    const children = input.children.map(spec => spec.name)
    assert(new Set(children).size === children.length, `names repeat: ${children.join(', ')}`)
    const limits = input.limits ?? restartLimits
    for (const spec of input.children) {
      spawn('child', { id: spec.name, input: { limits, ...spec } })
    }
    return { children, remaining: children, settled: 0, deaths: [], limits, reason: null }
  },
  initial: 'supervising',
  states: {
    supervising: {
      on: {
        ...telling,
        died: [
          {
            guard: 'isTooMany',
            target: 'escalating',
            actions: ['countDeath', 'noteReason', 'tell'],
          },
          { actions: ['countDeath', 'tell'] },
        ],
        adopted: { actions: 'add' },
        stop: 'stopping',
        [childDone]: [
          { guard: 'isFatal', target: 'escalating', actions: ['forget', 'noteReason'] },
          { actions: 'forget' },
        ],
      },
      initial: 'starting',
      states: {
        starting: {
          entry: 'startNext',
          always: { guard: 'allSettled', target: 'running' },
          on: {
            ready: [
              { guard: 'isAwaited', actions: ['tell', 'settle', 'startNext'] },
              { actions: 'tell' },
            ],
            [childDone]: {
              guard: 'isAwaitedRefusal',
              actions: ['forget', 'settle', 'startNext'],
            },
          },
        },
        running: { on: { startNext: 'starting' } },
      },
    },
    stopping: { entry: ['standDownAll', 'stopLast'], ...stopping('stopped') },
    escalating: {
      tags: 'red',
      entry: ['alarm', 'standDownAll', 'stopLast'],
      ...stopping('escalated'),
    },
    stopped: { type: 'final' },
    escalated: { type: 'final', tags: 'red' },
  },
})

/** Calls `carryOut` for every command of the children and of the supervisor. To be called once,
 * before the supervisor is started, so that none is missed. */
export function onCommands(
  supervisor: ActorRefFrom<typeof supervisorMachine>,
  carryOut: (command: ChildCommand | SupervisorCommand) => void,
): void {
  supervisor.on('*', carryOut)
  for (const child of Object.values(supervisor.getSnapshot().children)) child?.on('*', carryOut)
}

/** Gives a supervisor that runs one more child, which starts when all before it run. Its commands
 * go to `carryOut` as well. Nothing happens when the supervisor stops. */
export function adopt(
  supervisor: ActorRefFrom<typeof supervisorMachine>,
  spec: ChildSpec,
  carryOut: (command: ChildCommand) => void,
): void {
  tell(supervisor, { type: 'adopted', spec })
  supervisor.getSnapshot().children[spec.name]?.on('*', carryOut)
  tell(supervisor, { type: 'startNext' })
}

/** Where one child stands, for health, metrics and `inspect`. */
export interface ChildReport {
  readonly child: string
  readonly state: ChildState
  readonly restarts: number
  readonly reason: string | null
}

/** All children in the order of starting. */
export function reportChildren(
  snapshot: SnapshotFrom<typeof supervisorMachine>,
): readonly ChildReport[] {
  return snapshot.context.children.map(child => {
    const { value, context } = snapshot.children[child]!.getSnapshot()
    const state = stateName(value) as ChildState
    return { child, state, restarts: context.restarts, reason: context.reason }
  })
}
