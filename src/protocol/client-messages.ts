// What viewers say to the gateway, as schemas that both sides use. Field names are snake_case, as thin
// clients of the field expect (L11).
import * as v from 'valibot'
import { encodings } from './frame-encoding.ts'
import { levels } from './levels.ts'
import { limits } from './limits.ts'
import { count, number, position, whole } from './message-fields.ts'
import { VIEWER_PROTOCOL_VERSION } from './viewer-protocol.ts'

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
const where = v.optional(v.nullable(v.string()))

const agentName = v.pipe(v.string(), v.maxLength(256))

const preferences = {
  /**
   * What it wants to be sent; default: everything. Of channels that it adds later it is sent at once
   * what a greeting has of them.
   */
  channels: v.optional(
    v.pipe(v.array(v.picklist(viewerChannels)), v.maxLength(viewerChannels.length)),
  ),
  delivery: v.optional(v.picklist(deliveries)),
  /** Seconds a step; default 0.2, 0 is as fast as the client drains. */
  step_delay: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(60))),
  /**
   * Default 30; frames and state updates a second under `newest`. Several agents have equal shares
   * of it, of one a second at least.
   */
  max_fps: v.optional(v.pipe(v.number(), v.minValue(0.1), v.maxValue(240))),
  /** The agent to follow; null (the default) is the first that has frames, else the first. */
  agent: v.optional(v.nullable(agentName)),
  /**
   * Several agents to follow at once, or `all`: the first 64. Takes the place of `agent`, until that
   * is said again; said together, this counts.
   */
  agents: v.optional(
    v.union([
      v.literal('all'),
      v.pipe(v.array(agentName), v.minLength(1), v.maxLength(limits.viewerAgentsMax)),
    ]),
  ),
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
  encoding: v.optional(v.picklist(encodings)),
  /** How insights are told that were given for several levels; default `advanced`. */
  level: v.optional(v.picklist(levels)),
  /** Of pictures, 1 (small) to 100; default 75. Rounded up to 25, 50, 75 or 100. */
  quality: v.optional(v.pipe(whole, v.minValue(1), v.maxValue(100))),
}

/** Everything that a viewer may send. */
export const clientMessageSchema = v.variant('type', [
  v.object({
    type: v.literal('hello'),
    v: v.literal(VIEWER_PROTOCOL_VERSION),
    ...preferences,
    /** Default `none`: on one machine the bytes cost less than taking them together. */
    compression: v.optional(v.picklist(compressions)),
    /**
     * The furthest position told by a `state_update` or as `newest` by `system`, to resume there.
     * (Not the greeting's: a link that breaks behind it has not brought what was missed.) With the
     * run's id, as the greeting told it, where another run may have taken its place meanwhile.
     */
    resume: v.optional(
      v.object({ ...position.entries, run: v.optional(v.pipe(v.string(), v.maxLength(256))) }),
    ),
  }),
  v.object({ type: v.literal('set'), ...preferences }),
  v.object({
    type: v.literal('list_episodes'),
    request: count,
    /** Rows older than this episode; the newest ones when absent. */
    before: v.optional(count),
    /** Only rows newer than this episode. */
    after: v.optional(count),
    limit: v.optional(v.pipe(whole, v.minValue(1), v.maxValue(limits.episodePage))),
    /**
     * Only rows that it means; places such as `best(3)` are those in the whole run. So many are
     * looked at for one answer that it may hold fewer than `limit`, or none: go on with its `next`.
     */
    where,
  }),
  v.object({ type: v.literal('get_episode'), request: count, episode: count }),
  v.object({ type: v.literal('ping'), client_time: number }),
])
export type ClientMessage = v.InferOutput<typeof clientMessageSchema>
