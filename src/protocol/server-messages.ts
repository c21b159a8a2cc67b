// What the gateway says to viewers, as schemas: the page reads by them, the gateway knows their types.
// Field names are snake_case, as thin clients of the field expect (L11). Every message says its mode,
// so that a badge can be true (L9).
import * as v from 'valibot'
import { count, number, numbersByName, position, whole } from './message-fields.ts'
import { modes, VIEWER_PROTOCOL_VERSION } from './viewer-protocol.ts'

const optionalNumber = v.nullable(number)
const numbers = v.array(number)

const mode = v.picklist(modes)

/** The index row of an episode (protocol/projection.ts), in the viewers' spelling. */
export const episodeRowSchema = v.object({
  episode: count,
  agent: v.string(),
  start_time: number,
  end_time: number,
  steps: count,
  frames: count,
  total_reward: number,
  extrinsic_reward: number,
  intrinsic_reward: number,
  curriculum_stage: optionalNumber,
  epsilon: optionalNumber,
  seed: optionalNumber,
  terminated: v.boolean(),
  truncated: v.boolean(),
  reason: v.string(),
  /** Why its frames and videos are gone on purpose; left out while they are there. */
  released: v.optional(v.string()),
})
export type ViewerEpisodeRow = v.InferOutput<typeof episodeRowSchema>

const stateFields = {
  step: count,
  cumulative_reward: number,
  position: v.nullable(numbers),
  meters: v.nullable(numbersByName),
  action: v.nullable(v.union([number, numbers])),
  q_values: v.nullable(numbers),
  /** What the policy chose by; left out where none were recorded. */
  logits: v.optional(numbers),
  reward: number,
  done: v.boolean(),
}

export const seriesSchema = v.object({
  name: v.string(),
  count,
  last: number,
  mean: number,
  moving_average: number,
  min: number,
  max: number,
  slope: number,
  trend: v.picklist(['rising', 'falling', 'flat']),
  /** `[global_step, value]`; absent in a quick update that carries only the summary. */
  points: v.optional(v.array(v.tuple([number, number]))),
})
export type ViewerSeries = v.InferOutput<typeof seriesSchema>

const milestoneFields = {
  milestone: v.string(),
  agent: v.string(),
  episode: count,
  value: number,
  previous: optionalNumber,
  time: number,
}

const channelSchema = v.object({
  name: v.string(),
  policy: v.string(),
  count_max: count,
  bytes_max: count,
  offered: count,
  taken: count,
  dropped: count,
  spilled: count,
  blocked_millis: number,
  depth: count,
  depth_bytes: count,
  high_water: count,
})

const actorSchema = v.object({
  name: v.string(),
  placement: v.picklist(['thread', 'process']),
  machine: v.string(),
  state: v.string(),
  /** Why it is in a state of warning; null while all is well. */
  reason: v.nullable(v.string()),
  restarts: count,
  /** Events that the actor passes over, because it died of each of them again and again. */
  quarantined: count,
  /** Events that the actor is behind the log's durable end; null when it does not follow it. */
  lag: v.nullable(count),
  channels: v.array(channelSchema),
})
export type ViewerActor = v.InferOutput<typeof actorSchema>

/** How the newest frames come to the screen; counts are since the run began. */
const framesSchema = v.object({
  /** `lane`: shared memory; `log`: by way of the log, because the lane brings none; `none`: nobody watches. */
  source: v.picklist(['none', 'lane', 'log']),
  /** The most that any viewer asks for and can take. */
  wanted_fps: number,
  published: count,
  /** Too large for the lane. */
  refused: count,
  /** Passed over, because there was a newer one. */
  skipped: count,
  shown: count,
  /** What the trainer did in the second before its newest frame; null when that is not known. */
  steps_per_second: optionalNumber,
  mean_reward: optionalNumber,
  loss: optionalNumber,
})
export type ViewerFrames = v.InferOutput<typeof framesSchema>

const header = { v: v.literal(VIEWER_PROTOCOL_VERSION), mode }

/** Everything that the server sends as text. */
export const serverMessageSchema = v.variant('type', [
  v.object({
    ...header,
    type: v.literal('connection_established'),
    client_id: v.string(),
    server_time: number,
    run: v.nullable(v.string()),
    name: v.nullable(v.string()),
    agents: v.array(v.string()),
    /** What a viewer may ask for; left out by older servers. */
    channels: v.optional(v.array(v.string())),
    /** `resume`: nothing of the run was missed; `resync`: start over from what follows. */
    continuation: v.picklist(['fresh', 'resume', 'resync']),
    /** Where the server stands. The viewer stands there once what follows has come. */
    position,
  }),
  v.object({
    ...header,
    type: v.literal('episode_start'),
    agent: v.string(),
    episode: count,
    /** Known for a finished episode, null for one that is being played. */
    survival_steps: v.nullable(count),
    curriculum_stage: optionalNumber,
    epsilon: optionalNumber,
    timestamp: number,
  }),
  v.object({
    ...header,
    type: v.literal('state_update'),
    agent: v.string(),
    episode: count,
    timestamp: number,
    position_in_log: position,
    ...stateFields,
  }),
  v.object({
    ...header,
    type: v.literal('episode_end'),
    agent: v.string(),
    episode: count,
    steps: count,
    total_reward: number,
    extrinsic_reward: number,
    intrinsic_reward: number,
    curriculum_stage: optionalNumber,
    reason: v.string(),
    /** Episodes that it wants and that its playback skipped so far, to stay near the newest (L6). */
    skipped: count,
  }),
  /** A whole finished episode, for clients that replay it themselves. */
  v.object({
    ...header,
    type: v.literal('episode'),
    /** The number of the request that this answers; null when it was pushed. */
    request: v.nullable(count),
    row: episodeRowSchema,
    /** Every how many steps one is sent; 1 means all of them. */
    thinned_by: v.pipe(whole, v.minValue(1)),
    /** Milliseconds since the episode's first step, and the fields of a state_update. */
    steps: v.array(v.object({ offset_millis: number, ...stateFields })),
    /** How many frames follow as binary messages; 0 when none were recorded or they were pruned. */
    frames_following: count,
    /**
     * `[offset_millis, global_step]`: the trainer's global step from that place on, as its metrics
     * told it, for who shows metrics as of then. Left out by who does not know.
     */
    global_steps: v.optional(v.array(v.tuple([number, number]))),
  }),
  v.object({
    ...header,
    type: v.literal('episodes'),
    request: v.nullable(count),
    rows: v.array(episodeRowSchema),
    /** True when older ones can be asked for. */
    more: v.boolean(),
    /** Of an answer: what to ask for next as `before`; null when all have been looked at. */
    next: v.optional(v.nullable(count)),
  }),
  v.object({
    ...header,
    type: v.literal('metrics'),
    time: number,
    totals: v.object({
      episodes: count,
      steps: count,
      frames: count,
      events: count,
      lost_events: count,
      refused_inputs: count,
    }),
    series: v.array(seriesSchema),
  }),
  v.object({ ...header, type: v.literal('milestone'), ...milestoneFields }),
  v.object({
    ...header,
    type: v.literal('insight'),
    kind: v.string(),
    agent: v.nullable(v.string()),
    time: number,
    /** Absent when the trainer gave nothing (undefined). */
    data: v.optional(v.unknown()),
  }),
  v.object({
    ...header,
    type: v.literal('system'),
    time: number,
    viewers: count,
    /** The last event that is safe on disk, and the last one shown. */
    durable: position,
    newest: position,
    trainer_attached: v.boolean(),
    trainer_cost_percent: optionalNumber,
    episodes_queued: count,
    episodes_dropped: count,
    healthy: v.boolean(),
    problem: v.nullable(v.string()),
    actors: v.array(actorSchema),
    /** Transactions of the log in the last minute; null where nothing is recorded. */
    commits: v.nullable(
      v.object({ count, p50_millis: number, p99_millis: number, max_millis: number }),
    ),
    /** Null when no trainer shows frames; left out by older servers. */
    frames: v.optional(v.nullable(framesSchema)),
  }),
  v.object({ ...header, type: v.literal('pong'), client_time: number, server_time: number }),
  v.object({
    ...header,
    type: v.literal('error'),
    request: v.nullable(count),
    code: v.string(),
    message: v.string(),
    /** Of an expression that cannot be read: where, in characters, and how many are wrong. */
    at: v.optional(count),
    length: v.optional(count),
  }),
])
export type ServerMessage = v.InferOutput<typeof serverMessageSchema>
export type ServerMessageOf<T extends ServerMessage['type']> = Extract<ServerMessage, { type: T }>
