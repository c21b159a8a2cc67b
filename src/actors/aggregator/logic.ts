// The aggregator's fold: events in, projections and facts out. Pure, and driven by event time, so
// that a replay of the log gives the same state, byte for byte, as the live run did.
//
// `decide` says which facts an event causes; `evolve` changes the state by an event. A fact comes
// back as an event of the log and only then counts: replaying never decides again.
import type { Envelope, EpisodeReleased, EventOf, MilestoneReached } from '../../protocol/events.ts'
import { limits } from '../../protocol/limits.ts'
import {
  type EpisodeRow,
  type Milestone,
  type Projection,
  type RunTotals,
  rowOf,
} from '../../protocol/projection.ts'
import { judge, type KeepState, type Release, restoreKeep, setRule } from './keep.ts'
import { addValue, emptySeries, type SeriesState, summarise } from './metric-series.ts'

/** Counts up whenever the same log would fold to another state: old snapshots are then useless. */
export const aggregatorVersion = 1

/** Series that the fold makes by itself: one value an episode, against the number of episodes. */
export const episodeSeries = { totalReward: 'episode/return', steps: 'episode/length' } as const

interface OpenEpisode {
  episode: number
  startTime: number
  firstSeq: number
  steps: number
  frames: number
  extrinsicReward: number
  intrinsicReward: number
  terminated: boolean
  truncated: boolean
  stage: number | null
  epsilon: number | null
  seed: number | null
}

/** The whole state, as plain data: a snapshot is its encoding. */
export interface AggregatorState {
  epoch: number
  seq: number
  time: number
  run: string
  name: string
  totals: { -readonly [K in keyof RunTotals]: RunTotals[K] }
  /** The open episode of each agent. */
  open: Record<string, OpenEpisode>
  /** Newest last, at most `limits.projectionEpisodes`. */
  rows: EpisodeRow[]
  bestReturn: number | null
  longestEpisode: number | null
  /** The last stage seen of each agent. */
  stages: Record<string, number>
  series: Record<string, SeriesState>
  milestones: Milestone[]
  /** Left out without a keep rule. */
  keep?: KeepState
}

export function emptyState(): AggregatorState {
  return {
    epoch: 0,
    seq: 0,
    time: 0,
    run: '',
    name: '',
    totals: { episodes: 0, steps: 0, frames: 0, events: 0, lostEvents: 0, refusedInputs: 0 },
    open: Object.create(null),
    rows: [],
    bestReturn: null,
    longestEpisode: null,
    stages: Object.create(null),
    series: Object.create(null),
    milestones: [],
  }
}

/** A decoded snapshot as a state again. Keyed by names that users chose: no inherited keys. */
export function restoreState(decoded: AggregatorState): AggregatorState {
  return {
    ...decoded,
    open: Object.assign(Object.create(null), decoded.open),
    stages: Object.assign(Object.create(null), decoded.stages),
    series: Object.assign(Object.create(null), decoded.series),
    ...(decoded.keep ? { keep: restoreKeep(decoded.keep) } : {}),
  }
}

/** What an event changed besides the state. */
export interface Changes {
  /** Rows of the episode index that are new. */
  readonly rows: EpisodeRow[]
  /** Names of series that have a new value. */
  readonly metrics: Set<string>
  /** Episodes that are to be given up: facts that are still to be told, never in a replay. */
  readonly givenUp: Release[]
}

export const noChanges = (): Changes => ({
  rows: [],
  metrics: new Set(),
  givenUp: [],
})

/** The facts that this event causes in this state; asked before `evolve`, and never in a replay. */
export function decide(state: AggregatorState, { event }: Envelope): MilestoneReached[] {
  if (event.type === 'episode_began') return decideStage(state, event)
  if (event.type !== 'episode_ended' || event.reason === 'interrupted') return []
  if (event.discarded) return []
  const facts: MilestoneReached[] = []
  const { agent, episode } = event
  const reached = (
    milestone: MilestoneReached['milestone'],
    value: number,
    previous: number | null,
  ): void => {
    facts.push({ type: 'milestone_reached', milestone, agent, episode, value, previous })
  }
  if (Number.isFinite(event.totalReward) && event.totalReward > (state.bestReturn ?? -Infinity)) {
    reached('best_return', event.totalReward, state.bestReturn)
  }
  if (event.steps > (state.longestEpisode ?? 0)) {
    reached('longest_episode', event.steps, state.longestEpisode)
  }
  return facts
}

/** A stage that no agent is in is a transition; that other agents follow one by one is not. */
function decideStage(state: AggregatorState, event: EventOf<'episode_began'>): MilestoneReached[] {
  const { agent, episode, stage } = event
  const known = Object.values(state.stages)
  if (stage === undefined || known.length === 0 || known.includes(stage)) return []
  const previous = state.stages[agent] ?? null
  return [
    {
      type: 'milestone_reached',
      milestone: 'stage_transition',
      agent,
      episode,
      value: stage,
      previous,
    },
  ]
}

/** Changes `state` by one event; the events of a log, in order, without gaps. */
export function evolve(state: AggregatorState, envelope: Envelope, changes: Changes): void {
  const { event } = envelope
  state.epoch = envelope.epoch
  state.seq = envelope.seq
  state.time = envelope.time
  state.totals.events++
  switch (event.type) {
    case 'run_started':
      state.run = event.run
      state.name = event.name
      takeRule(state, event)
      break
    case 'episode_began':
      closeOpen(state, event.agent, envelope, 'superseded', changes)
      beginEpisode(state, event, envelope)
      break
    case 'step_taken':
      takeStep(state, event, envelope, changes)
      break
    case 'frame_captured': {
      state.totals.frames++
      const open = state.open[event.agent]
      if (open?.episode === event.episode) open.frames++
      break
    }
    case 'metrics_sampled':
      for (const [name, value] of Object.entries(event.values)) {
        addMetric(state, name, event.globalStep, value, changes)
      }
      break
    case 'episode_ended':
      endEpisode(state, event, envelope, changes)
      break
    case 'episode_released':
      markReleased(state, event)
      break
    case 'milestone_reached':
      state.milestones.push(milestoneOf(event, envelope))
      if (state.milestones.length > limits.projectionMilestones) state.milestones.shift()
      break
    case 'gap_found':
      state.totals.lostEvents += event.events
      break
    case 'input_refused':
      state.totals.refusedInputs += event.count
      break
    default:
      break
  }
}

function takeRule(state: AggregatorState, event: EventOf<'run_started'>): void {
  const keep = setRule(state.keep, event.keep)
  if (keep) state.keep = keep
  else delete state.keep
}

function markReleased(state: AggregatorState, event: EpisodeReleased): void {
  const at = state.rows.findLastIndex(({ episode }) => episode === event.episode)
  const row = state.rows[at]
  if (row) state.rows[at] = { ...row, released: event.reason }
}

function beginEpisode(
  state: AggregatorState,
  event: EventOf<'episode_began'>,
  envelope: Envelope,
): void {
  state.open[event.agent] = {
    episode: event.episode,
    startTime: envelope.time,
    firstSeq: envelope.seq,
    steps: 0,
    frames: 0,
    extrinsicReward: 0,
    intrinsicReward: 0,
    terminated: false,
    truncated: false,
    stage: event.stage ?? null,
    epsilon: event.epsilon ?? null,
    seed: event.seed ?? null,
  }
  if (event.stage !== undefined) state.stages[event.agent] = event.stage
}

function takeStep(
  state: AggregatorState,
  event: EventOf<'step_taken'>,
  envelope: Envelope,
  changes: Changes,
): void {
  state.totals.steps++
  if (state.open[event.agent]?.episode !== event.episode) {
    // The beginning was lost, or never told: two episodes must not melt into one.
    closeOpen(state, event.agent, envelope, 'superseded', changes)
    const { agent, episode } = event
    beginEpisode(state, { type: 'episode_began', agent, episode }, envelope)
  }
  const open = state.open[event.agent]!
  open.steps++
  open.extrinsicReward += event.reward
  open.intrinsicReward += event.intrinsicReward
  open.terminated ||= event.terminated
  open.truncated ||= event.truncated
}

/** Ends the open episode of `agent`, if there is one, by what the steps say. */
function closeOpen(
  state: AggregatorState,
  agent: string,
  envelope: Envelope,
  reason: string,
  changes: Changes,
): void {
  const open = state.open[agent]
  if (open === undefined) return
  delete state.open[agent]
  addRow(
    state,
    {
      ...open,
      agent,
      endTime: envelope.time,
      totalReward: open.extrinsicReward + open.intrinsicReward,
      reason,
      lastSeq: envelope.seq,
    },
    changes,
  )
}

function endEpisode(
  state: AggregatorState,
  event: EventOf<'episode_ended'>,
  envelope: Envelope,
  changes: Changes,
): void {
  const open = state.open[event.agent]
  if (event.reason === 'interrupted') {
    // Written after a crash by one who did not see the steps: the fold's own sums are the truth.
    if (open?.episode === event.episode) {
      closeOpen(state, event.agent, envelope, event.reason, changes)
    }
    return
  }
  if (open !== undefined && open.episode !== event.episode) {
    closeOpen(state, event.agent, envelope, 'superseded', changes)
  }
  delete state.open[event.agent]
  const firstSeq = open?.episode === event.episode ? open.firstSeq : envelope.seq
  const row = rowOf(event, envelope.time, firstSeq, envelope.seq)
  addRow(state, row, changes, event.discarded)
}

function addRow(
  state: AggregatorState,
  row: EpisodeRow,
  changes: Changes,
  discarded: boolean = false,
): void {
  state.totals.episodes++
  state.rows.push(row)
  if (state.rows.length > limits.projectionEpisodes) state.rows.shift()
  changes.rows.push(row)
  if (discarded) {
    // Not an episode of the run: it is on record, and counts for nothing.
    changes.givenUp.push({ row, reason: 'discarded' })
    return
  }
  if (state.keep) changes.givenUp.push(...judge(state.keep, row))
  if (row.reason === 'interrupted') return
  if (Number.isFinite(row.totalReward)) {
    state.bestReturn = Math.max(state.bestReturn ?? row.totalReward, row.totalReward)
  }
  state.longestEpisode = Math.max(state.longestEpisode ?? 0, row.steps)
  const ordinal = state.totals.episodes
  addMetric(state, episodeSeries.totalReward, ordinal, row.totalReward, changes)
  addMetric(state, episodeSeries.steps, ordinal, row.steps, changes)
}

function addMetric(
  state: AggregatorState,
  name: string,
  x: number,
  value: number,
  changes: Changes,
): void {
  let series = state.series[name]
  if (series === undefined) {
    if (Object.keys(state.series).length >= limits.metricNamesMax) return
    series = emptySeries()
    state.series[name] = series
  }
  addValue(series, x, value)
  changes.metrics.add(name)
}

function milestoneOf(event: MilestoneReached, envelope: Envelope): Milestone {
  const { milestone, agent, episode, value, previous } = event
  return { milestone, agent, episode, value, previous, time: envelope.time, seq: envelope.seq }
}

/** The state as others see it; plain data that nobody changes afterwards. */
export function projectionOf(state: AggregatorState): Projection {
  return {
    epoch: state.epoch,
    seq: state.seq,
    time: state.time,
    run: state.run,
    name: state.name,
    totals: { ...state.totals },
    episodes: [...state.rows],
    metrics: Object.entries(state.series).map(([name, series]) => summarise(name, series)),
    milestones: [...state.milestones],
  }
}
