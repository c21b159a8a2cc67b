// From the log's own spelling to the viewers'. Pure; every message says the mode it is told.
import { RollcastError } from '../base/errors.ts'
import { viewerChannels } from '../protocol/client-messages.ts'
import type { FrameMessage } from '../protocol/frame-message.ts'
import type { LaneStatus } from '../protocol/lane.ts'
import { PredicateError } from '../protocol/predicate/syntax.ts'
import type { EpisodeRow, MetricSeries, Milestone, RunTotals } from '../protocol/projection.ts'
import type {
  ServerMessageOf,
  ViewerActor,
  ViewerEpisodeRow,
  ViewerFrames,
  ViewerSeries,
} from '../protocol/server-messages.ts'
import type {
  ActorStatus,
  EpisodeMaterial,
  HistoryStep,
  RecordedFrame,
  SystemNotice,
} from '../protocol/thread-messages.ts'
import { type Mode, VIEWER_PROTOCOL_VERSION } from '../protocol/viewer-protocol.ts'
import type { BeganPublication, Stage, SteppedPublication } from './publication.ts'

const header = <M extends Mode>(mode: M) => ({ v: VIEWER_PROTOCOL_VERSION, mode }) as const

export const establishedMessage = (
  stage: Stage,
  fields: Pick<
    ServerMessageOf<'connection_established'>,
    'client_id' | 'server_time' | 'continuation' | 'position' | 'run' | 'name'
  >,
): ServerMessageOf<'connection_established'> => ({
  ...header(stage.mode),
  type: 'connection_established',
  ...fields,
  agents: [...stage.agents],
  channels: [...viewerChannels],
})

export const startMessage = (
  mode: Mode,
  began: Omit<BeganPublication, 'kind'>,
  survivalSteps: number | null,
): ServerMessageOf<'episode_start'> => ({
  ...header(mode),
  type: 'episode_start',
  agent: began.agent,
  episode: began.episode,
  survival_steps: survivalSteps,
  curriculum_stage: began.stage,
  epsilon: began.epsilon,
  timestamp: began.time,
})

const stateOf = (step: HistoryStep) => ({
  step: step.step,
  cumulative_reward: step.cumulativeReward,
  position: step.position === null ? null : [...step.position],
  meters: step.meters === null ? null : { ...step.meters },
  action: typeof step.action === 'number' || step.action === null ? step.action : [...step.action],
  q_values: step.qValues === null ? null : [...step.qValues],
  ...(step.logits && { logits: [...step.logits] }),
  reward: step.reward,
  done: step.done,
})

export const stateMessage = (
  mode: Mode,
  { agent, episode, time, position, step }: Omit<SteppedPublication, 'kind'>,
): ServerMessageOf<'state_update'> => ({
  ...header(mode),
  type: 'state_update',
  agent,
  episode,
  timestamp: time,
  position_in_log: position,
  ...stateOf(step),
})

export const endMessage = (
  mode: Mode,
  row: EpisodeRow,
  skipped: number,
): ServerMessageOf<'episode_end'> => ({
  ...header(mode),
  type: 'episode_end',
  agent: row.agent,
  episode: row.episode,
  steps: row.steps,
  total_reward: row.totalReward,
  extrinsic_reward: row.extrinsicReward,
  intrinsic_reward: row.intrinsicReward,
  curriculum_stage: row.stage,
  reason: row.reason,
  skipped,
})

const viewerRow = (row: EpisodeRow): ViewerEpisodeRow => ({
  episode: row.episode,
  agent: row.agent,
  start_time: row.startTime,
  end_time: row.endTime,
  steps: row.steps,
  frames: row.frames,
  total_reward: row.totalReward,
  extrinsic_reward: row.extrinsicReward,
  intrinsic_reward: row.intrinsicReward,
  curriculum_stage: row.stage,
  epsilon: row.epsilon,
  seed: row.seed,
  terminated: row.terminated,
  truncated: row.truncated,
  reason: row.reason,
  ...(row.released && { released: row.released }),
})

export const episodeMessage = (
  mode: Mode,
  request: number | null,
  { row, thinnedBy, steps, globalSteps }: EpisodeMaterial,
  framesFollowing: number,
): ServerMessageOf<'episode'> => ({
  ...header(mode),
  type: 'episode',
  request,
  row: viewerRow(row),
  thinned_by: thinnedBy,
  steps: steps.map(step => ({ offset_millis: step.offsetMillis, ...stateOf(step) })),
  frames_following: framesFollowing,
  ...(globalSteps && { global_steps: globalSteps.map(([offset, step]) => [offset, step]) }),
})

export const episodesMessage = (
  mode: Mode,
  request: number | null,
  rows: readonly EpisodeRow[],
  more: boolean,
  next?: number | null,
): ServerMessageOf<'episodes'> => ({
  ...header(mode),
  type: 'episodes',
  request,
  rows: rows.map(viewerRow),
  more,
  ...(next !== undefined && { next }),
})

export const metricsMessage = (
  mode: Mode,
  time: number,
  totals: RunTotals,
  series: readonly MetricSeries[],
  withPoints: boolean,
): ServerMessageOf<'metrics'> => ({
  ...header(mode),
  type: 'metrics',
  time,
  totals: {
    episodes: totals.episodes,
    steps: totals.steps,
    frames: totals.frames,
    events: totals.events,
    lost_events: totals.lostEvents,
    refused_inputs: totals.refusedInputs,
  },
  series: series.map(one => viewerSeries(one, withPoints)),
})

const viewerSeries = (series: MetricSeries, withPoints: boolean): ViewerSeries => ({
  name: series.name,
  count: series.count,
  last: series.last,
  mean: series.mean,
  moving_average: series.movingAverage,
  min: series.min,
  max: series.max,
  slope: series.slope,
  trend: series.trend,
  ...(withPoints ? { points: series.points.map(([x, y]): [number, number] => [x, y]) } : {}),
})

export const milestoneMessage = (
  mode: Mode,
  { seq: _seq, ...fields }: Milestone,
): ServerMessageOf<'milestone'> => ({ ...header(mode), type: 'milestone', ...fields })

export const insightMessage = (
  mode: Mode,
  fields: Pick<ServerMessageOf<'insight'>, 'kind' | 'agent' | 'time' | 'data'>,
): ServerMessageOf<'insight'> => ({ ...header(mode), type: 'insight', ...fields })

export const systemMessage = (
  stage: Stage,
  notice: SystemNotice,
  viewers: number,
): ServerMessageOf<'system'> => ({
  ...header(stage.mode),
  type: 'system',
  time: notice.time,
  viewers,
  durable: notice.durable,
  newest: notice.newest,
  trainer_attached: notice.trainerAttached,
  trainer_cost_percent: notice.trainerCostPercent,
  episodes_queued: stage.episodesQueued,
  episodes_dropped: stage.episodesDropped,
  healthy: notice.healthy,
  problem: notice.problem,
  actors: notice.actors.map(viewerActor),
  commits: notice.commits && {
    count: notice.commits.count,
    p50_millis: notice.commits.p50Millis,
    p99_millis: notice.commits.p99Millis,
    max_millis: notice.commits.maxMillis,
  },
  frames: notice.lane && viewerFrames(notice.lane),
})

const viewerFrames = (lane: LaneStatus): ViewerFrames => ({
  source: lane.source,
  wanted_fps: lane.wantedFps,
  published: lane.published,
  refused: lane.refused,
  skipped: lane.skipped,
  shown: lane.shown,
  steps_per_second: lane.hud?.stepsPerSecond ?? null,
  mean_reward: lane.hud?.meanReward ?? null,
  loss: lane.hud?.loss ?? null,
})

const viewerActor = (actor: ActorStatus): ViewerActor => ({
  name: actor.name,
  placement: actor.placement,
  machine: actor.machine,
  state: actor.state,
  reason: actor.reason,
  restarts: actor.restarts,
  quarantined: actor.quarantined.length,
  lag: actor.lag,
  channels: actor.channels.map(channel => ({
    name: channel.name,
    policy: channel.policy,
    count_max: channel.countMax,
    bytes_max: channel.bytesMax,
    offered: channel.offered,
    taken: channel.taken,
    dropped: channel.dropped,
    spilled: channel.spilled,
    blocked_millis: channel.blockedMillis,
    depth: channel.depth,
    depth_bytes: channel.depthBytes,
    high_water: channel.highWater,
  })),
})

export const pongMessage = (
  mode: Mode,
  clientTime: number,
  serverTime: number,
): ServerMessageOf<'pong'> => ({
  ...header(mode),
  type: 'pong',
  client_time: clientTime,
  server_time: serverTime,
})

export const errorMessage = (
  mode: Mode,
  request: number | null,
  code: string,
  message: string,
): ServerMessageOf<'error'> => ({ ...header(mode), type: 'error', request, code, message })

/** The same of something that was thrown; of an expression that cannot be read with the place in it. */
export const failureMessage = (
  mode: Mode,
  request: number | null,
  error: unknown,
): ServerMessageOf<'error'> => {
  const code = error instanceof RollcastError ? error.code : 'INTERNAL'
  const text = error instanceof Error ? error.message : String(error)
  const message = errorMessage(mode, request, code, text)
  if (!(error instanceof PredicateError)) return message
  return { ...message, at: error.at, length: error.length }
}

/** A frame as it travels; `request` 0 for one that is pushed. */
export const frameMessage = (
  mode: Mode,
  frame: Omit<RecordedFrame, 'format'> & Pick<FrameMessage, 'format'>,
  sendTime: number,
  request: number,
  requestFrames: number,
): FrameMessage => ({
  agent: frame.agent,
  episode: frame.episode,
  step: frame.step,
  index: frame.index,
  width: frame.width,
  height: frame.height,
  format: frame.format,
  mode,
  request,
  requestFrames,
  captureTime: frame.time,
  sendTime,
  pixels: frame.pixels,
})
