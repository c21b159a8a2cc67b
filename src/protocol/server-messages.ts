// What the gateway says to viewers, as schemas: the page reads by them, the gateway knows their types.
// Field names are snake_case, as thin clients of the field expect (L11). Every message says its mode,
// so that a badge can be true (L9).
import { z } from 'zod'
import { count, number, position } from './message-fields.ts'
import { modes, VIEWER_PROTOCOL_VERSION } from './viewer-protocol.ts'

const optionalNumber = number.nullable()
const numbers = z.array(number)

const mode = z.enum(modes)

/** The index row of an episode (protocol/projection.ts), in the viewers' spelling. */
export const episodeRowSchema = z.object({
  episode: count,
  agent: z.string(),
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
  terminated: z.boolean(),
  truncated: z.boolean(),
  reason: z.string(),
  /** Why its frames and videos are gone on purpose; left out while they are there. */
  released: z.string().optional(),
})
export type ViewerEpisodeRow = z.output<typeof episodeRowSchema>

const stateFields = {
  step: count,
  cumulative_reward: number,
  position: numbers.nullable(),
  meters: z.record(z.string(), number).nullable(),
  action: z.union([number, numbers]).nullable(),
  q_values: numbers.nullable(),
  /** What the policy chose by; left out where none were recorded. */
  logits: numbers.optional(),
  reward: number,
  done: z.boolean(),
}

export const seriesSchema = z.object({
  name: z.string(),
  count,
  last: number,
  mean: number,
  moving_average: number,
  min: number,
  max: number,
  slope: number,
  trend: z.enum(['rising', 'falling', 'flat']),
  /** `[global_step, value]`; absent in a quick update that carries only the summary. */
  points: z.array(z.tuple([number, number])).optional(),
})
export type ViewerSeries = z.output<typeof seriesSchema>

const milestoneFields = {
  milestone: z.string(),
  agent: z.string(),
  episode: count,
  value: number,
  previous: optionalNumber,
  time: number,
}

const channelSchema = z.object({
  name: z.string(),
  policy: z.string(),
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

const actorSchema = z.object({
  name: z.string(),
  placement: z.enum(['thread', 'process']),
  machine: z.string(),
  state: z.string(),
  /** Why it is in a state of warning; null while all is well. */
  reason: z.string().nullable(),
  restarts: count,
  /** Events that the actor passes over, because it died of each of them again and again. */
  quarantined: count,
  /** Events that the actor is behind the log's durable end; null when it does not follow it. */
  lag: count.nullable(),
  channels: z.array(channelSchema),
})
export type ViewerActor = z.output<typeof actorSchema>

/** How the newest frames come to the screen; counts are since the run began. */
const framesSchema = z.object({
  /** `lane`: shared memory; `log`: by way of the log, because the lane brings none; `none`: nobody watches. */
  source: z.enum(['none', 'lane', 'log']),
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
export type ViewerFrames = z.output<typeof framesSchema>

const header = { v: z.literal(VIEWER_PROTOCOL_VERSION), mode }

/** Everything that the server sends as text. */
export const serverMessageSchema = z.discriminatedUnion('type', [
  z.object({
    ...header,
    type: z.literal('connection_established'),
    client_id: z.string(),
    server_time: number,
    run: z.string().nullable(),
    name: z.string().nullable(),
    agents: z.array(z.string()),
    /** What a viewer may ask for; left out by older servers. */
    channels: z.array(z.string()).optional(),
    /** `resume`: nothing of the run was missed; `resync`: start over from what follows. */
    continuation: z.enum(['fresh', 'resume', 'resync']),
    /** Where the server stands. The viewer stands there once what follows has come. */
    position,
  }),
  z.object({
    ...header,
    type: z.literal('episode_start'),
    agent: z.string(),
    episode: count,
    /** Known for a finished episode, null for one that is being played. */
    survival_steps: count.nullable(),
    curriculum_stage: optionalNumber,
    epsilon: optionalNumber,
    timestamp: number,
  }),
  z.object({
    ...header,
    type: z.literal('state_update'),
    agent: z.string(),
    episode: count,
    timestamp: number,
    position_in_log: position,
    ...stateFields,
  }),
  z.object({
    ...header,
    type: z.literal('episode_end'),
    agent: z.string(),
    episode: count,
    steps: count,
    total_reward: number,
    extrinsic_reward: number,
    intrinsic_reward: number,
    curriculum_stage: optionalNumber,
    reason: z.string(),
    /** Episodes that it wants and that its playback skipped so far, to stay near the newest (L6). */
    skipped: count,
  }),
  /** A whole finished episode, for clients that replay it themselves. */
  z.object({
    ...header,
    type: z.literal('episode'),
    /** The number of the request that this answers; null when it was pushed. */
    request: count.nullable(),
    row: episodeRowSchema,
    /** Every how many steps one is sent; 1 means all of them. */
    thinned_by: z.number().int().positive(),
    /** Milliseconds since the episode's first step, and the fields of a state_update. */
    steps: z.array(z.object({ offset_millis: number, ...stateFields })),
    /** How many frames follow as binary messages; 0 when none were recorded or they were pruned. */
    frames_following: count,
    /**
     * `[offset_millis, global_step]`: the trainer's global step from that place on, as its metrics
     * told it, for who shows metrics as of then. Left out by who does not know.
     */
    global_steps: z.array(z.tuple([number, number])).optional(),
  }),
  z.object({
    ...header,
    type: z.literal('episodes'),
    request: count.nullable(),
    rows: z.array(episodeRowSchema),
    /** True when older ones can be asked for. */
    more: z.boolean(),
    /** Of an answer: what to ask for next as `before`; null when all have been looked at. */
    next: count.nullable().optional(),
  }),
  z.object({
    ...header,
    type: z.literal('metrics'),
    time: number,
    totals: z.object({
      episodes: count,
      steps: count,
      frames: count,
      events: count,
      lost_events: count,
      refused_inputs: count,
    }),
    series: z.array(seriesSchema),
  }),
  z.object({ ...header, type: z.literal('milestone'), ...milestoneFields }),
  z.object({
    ...header,
    type: z.literal('insight'),
    kind: z.string(),
    agent: z.string().nullable(),
    time: number,
    /** Absent when the trainer gave nothing (undefined). */
    data: z.unknown().optional(),
  }),
  z.object({
    ...header,
    type: z.literal('system'),
    time: number,
    viewers: count,
    /** The last event that is safe on disk, and the last one shown. */
    durable: position,
    newest: position,
    trainer_attached: z.boolean(),
    trainer_cost_percent: optionalNumber,
    episodes_queued: count,
    episodes_dropped: count,
    healthy: z.boolean(),
    problem: z.string().nullable(),
    actors: z.array(actorSchema),
    /** Transactions of the log in the last minute; null where nothing is recorded. */
    commits: z
      .object({ count, p50_millis: number, p99_millis: number, max_millis: number })
      .nullable(),
    /** Null when no trainer shows frames; left out by older servers. */
    frames: framesSchema.nullable().optional(),
  }),
  z.object({ ...header, type: z.literal('pong'), client_time: number, server_time: number }),
  z.object({
    ...header,
    type: z.literal('error'),
    request: count.nullable(),
    code: z.string(),
    message: z.string(),
    /** Of an expression that cannot be read: where, in characters, and how many are wrong. */
    at: count.optional(),
    length: count.optional(),
  }),
])
export type ServerMessage = z.output<typeof serverMessageSchema>
export type ServerMessageOf<T extends ServerMessage['type']> = Extract<ServerMessage, { type: T }>
