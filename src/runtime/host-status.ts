// The state of everything, put together for viewers, `inspect` and the trainer's program.
import type { SnapshotFrom } from 'xstate'
import { reportChildren, type supervisorMachine } from '../machines/supervisor.machine.ts'
import type { LaneStatus } from '../protocol/lane.ts'
import type { ActorStatus, ChannelStatus, SystemNotice } from '../protocol/thread-messages.ts'
import type { Roster } from './host-roster.ts'

export interface TrainerCost {
  readonly percent: number
  readonly calls: number
  readonly meanNanos: number
  readonly channel: ChannelStatus | null
  /** Of the frames that viewers see. */
  readonly lane: LaneStatus | null
}

export interface StatusInput {
  readonly time: number
  readonly roster: Roster
  readonly supervisor: SnapshotFrom<typeof supervisorMachine>
  /** State of the run's machine. */
  readonly runState: string
  readonly problem: string | null
  /** Null without a trainer. */
  readonly cost: TrainerCost | null
  /** The trainer has said its last word. */
  readonly detached: boolean
  /** Of the host itself. */
  readonly channels: readonly ChannelStatus[]
}

export function composeStatus(input: StatusInput): SystemNotice {
  const { time, roster, problem, cost, detached } = input
  const beat = roster.sourceBeat
  return {
    time,
    healthy: problem === null,
    problem,
    trainerAttached: beat?.trainerAttached ?? (cost !== null && !detached),
    trainerCostPercent: cost?.percent ?? null,
    lane: cost?.lane ?? null,
    durable: roster.durable,
    newest: beat?.newest ?? roster.durable,
    commits: beat?.commits ?? null,
    actors: [...actorStatuses(input), ownStatus(input)],
  }
}

function actorStatuses({ roster, supervisor }: StatusInput): ActorStatus[] {
  const restarts = new Map(reportChildren(supervisor).map(child => [child.child, child.restarts]))
  const members = [...roster]
  const names = new Set<string>(members.map(({ spec }) => spec.name))
  /** Not of an actor on demand that nobody has demanded. */
  const isUsed = ({ name }: { name: string }): boolean =>
    !name.startsWith('encoder') || names.has(name.split('.')[0] ?? '')
  return members.map(
    ({ spec, machine, state, reason, awayMillis, quarantined, lag, channels }) => ({
      name: spec.name,
      placement: spec.placement,
      machine: machine || spec.name,
      state,
      reason,
      restarts: restarts.get(spec.name) ?? 0,
      awayMillis,
      quarantined,
      lag,
      channels: channels.filter(isUsed),
    }),
  )
}

/** The host shows the trainer's channel among its own: it is the one who can read its counters. */
const ownStatus = ({ runState, cost, channels }: StatusInput): ActorStatus => ({
  name: 'host',
  placement: 'thread',
  machine: 'run',
  state: runState,
  reason: null,
  restarts: 0,
  awayMillis: null,
  quarantined: [],
  lag: null,
  channels: cost?.channel ? [cost.channel, ...channels] : channels,
})
