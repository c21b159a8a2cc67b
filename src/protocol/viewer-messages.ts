// What viewers and the gateway say to each other, as schemas that both sides use; how it is written
// (rollcast.v1+json, rollcast.v1+msgpack) is in viewer-encoding.ts. Field names are snake_case, as
// thin clients of the field expect (L11). Every message of the server says its mode, so that a badge
// can be true (L9). Numbers that JSON cannot carry travel in it as the strings "NaN", "Infinity" and
// "-Infinity".
import { z } from 'zod'
import { encodings } from './frame-encoding.ts'
import { levels } from './levels.ts'
import { limits } from './limits.ts'

export const VIEWER_PROTOCOL = 'rollcast.v1+json'
export const VIEWER_PROTOCOL_VERSION = 1
/** A client that can set no header shows its token as one more subprotocol, after this. */
export const TOKEN_PROTOCOL_PREFIX = 'rollcast.token.'
/** Where viewers look for the server, on 127.0.0.1. */
export const DEFAULT_PORT = 7788

const nonFinite = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
/** A number, finite or not: as it is, or as its name. */
const number = z
  .union([z.number(), z.literal(nonFinite), z.enum(['NaN', 'Infinity', '-Infinity'])])
  .transform(value => Number(value))
const optionalNumber = number.nullable()
const numbers = z.array(number)
const count = z.number().int().nonnegative()

/** Where the material comes from: the trainer now, newest finished material, or a replay. */
export const modes = ['live', 'checkpoint', 'replay', 'waiting'] as const
const mode = z.enum(modes)
export type Mode = (typeof modes)[number]

const position = z.object({ epoch: count, seq: count })

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

/**
 * What a viewer may ask for. `episodes`: starts, states, ends, whole episodes and rows of the index;
 * `frames`: what cameras show live; the others are the messages of that name. Answers to what a
 * viewer asks, greetings and errors are of no channel.
 */
export const viewerChannels = [
  'episodes',
  'frames',
  'metrics',
  'milestones',
  'insights',
  'system',
] as const
export type ViewerChannel = (typeof viewerChannels)[number]

/** `deflate`: large messages come as RFC 1951 has it (viewer-encoding.ts). */
const compressions = ['none', 'deflate'] as const
export type Compression = (typeof compressions)[number]

/**
 * How episodes reach a viewer. `newest`: steps and frames as they are played, at most `max_fps`;
 * `paced`: one finished episode after the other, a step every `step_delay` seconds (L12);
 * `whole`: each finished episode in one message.
 */
const deliveries = ['newest', 'paced', 'whole'] as const
export type Delivery = (typeof deliveries)[number]

/** An expression of the predicate language (`terminated and return < 0`); null or blank means all. */
const where = z.string().nullable().optional()

const agentName = z.string().max(256)

const preferences = {
  /**
   * What it wants to be sent; default: everything. Of channels that it adds later it is sent at once
   * what a greeting has of them.
   */
  channels: z.array(z.enum(viewerChannels)).max(viewerChannels.length).optional(),
  delivery: z.enum(deliveries).optional(),
  /** Seconds a step; default 0.2, 0 is as fast as the client drains. */
  step_delay: z.number().min(0).max(60).optional(),
  /**
   * Default 30; frames and state updates a second under `newest`. Several agents have equal shares
   * of it, of one a second at least.
   */
  max_fps: z.number().min(0.1).max(240).optional(),
  /** The agent to follow; null (the default) is the first that has frames, else the first. */
  agent: agentName.nullable().optional(),
  /**
   * Several agents to follow at once, or `all`: the first 64. Takes the place of `agent`, until that
   * is said again; said together, this counts.
   */
  agents: z
    .union([z.literal('all'), z.array(agentName).min(1).max(limits.viewerAgentsMax)])
    .optional(),
  /**
   * Which finished episodes are delivered under `paced` and `whole`. `best(3)` are the best of those
   * that the server has seen end so far. What cannot be read is answered by an `error` with its
   * place, and the filter before it stays.
   */
  where,
  /**
   * What frames that are shown live come as: `raw` pixels, `jpeg` or `webp`; `auto` (the default) is
   * raw for small ones and JPEG for others. Where pictures cannot be made frames come raw, and an
   * `error` with the code UNAVAILABLE says why.
   */
  encoding: z.enum(encodings).optional(),
  /** How insights are told that were given for several levels; default `advanced`. */
  level: z.enum(levels).optional(),
  /** Of pictures, 1 (small) to 100; default 75. Rounded up to 25, 50, 75 or 100. */
  quality: z.number().int().min(1).max(100).optional(),
}

/** Everything that a viewer may send. */
export const clientMessageSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('hello'),
    v: z.literal(VIEWER_PROTOCOL_VERSION),
    ...preferences,
    /** Default `none`: on one machine the bytes cost less than taking them together. */
    compression: z.enum(compressions).optional(),
    /**
     * The furthest position told by a `state_update` or as `newest` by `system`, to resume there.
     * (Not the greeting's: a link that breaks behind it has not brought what was missed.) With the
     * run's id, as the greeting told it, where another run may have taken its place meanwhile.
     */
    resume: position.extend({ run: z.string().max(256).optional() }).optional(),
  }),
  z.object({ type: z.literal('set'), ...preferences }),
  z.object({
    type: z.literal('list_episodes'),
    request: count,
    /** Rows older than this episode; the newest ones when absent. */
    before: count.optional(),
    /** Only rows newer than this episode. */
    after: count.optional(),
    limit: z.number().int().min(1).max(limits.episodePage).optional(),
    /**
     * Only rows that it means; places such as `best(3)` are those in the whole run. So many are
     * looked at for one answer that it may hold fewer than `limit`, or none: go on with its `next`.
     */
    where,
  }),
  z.object({ type: z.literal('get_episode'), request: count, episode: count }),
  z.object({ type: z.literal('ping'), client_time: number }),
])
export type ClientMessage = z.output<typeof clientMessageSchema>

/** JSON text of a message; numbers that JSON cannot carry, big integers among them, as strings. */
export function stringifyMessage(message: ServerMessage | ClientMessage): string {
  return JSON.stringify(message, (_key, value: unknown) => {
    const isText =
      typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value))
    return isText ? String(value) : value
  })
}

/** Close codes: 4000-4499 say come back, 4500-4999 say do not. */
export const closeCodes = {
  /** The server goes away; come back after a moment. */
  goingAway: 4000,
  /** The viewer was too slow for too long. */
  tooSlow: 4408,
  tooManyMessages: 4429,
  serverFull: 4453,
  badMessage: 4500,
  badProtocol: 4501,
  /** Its token was taken back or has expired, or it never had one. */
  notAllowed: 4502,
} as const

/** True when a viewer that was closed with `code` should try again. */
export const shouldReconnect = (code: number): boolean => code < 4500
