// What a run can be told when it starts: checked in full, with defaults filled in. An option that
// nothing reads is refused: a typing error must not pass as a choice.
import { join, resolve } from 'node:path'
import * as v from 'valibot'
import { isPowerOfTwo, MIB } from '../base/bytes.ts'
import { RollcastError } from '../base/errors.ts'
import type { VideoProfile } from '../media/profiles.ts'
import { inputProblems } from '../protocol/input-problems.ts'
import { limits } from '../protocol/limits.ts'
import { isObject, whole } from '../protocol/message-fields.ts'
import { DEFAULT_PORT } from '../protocol/viewer-protocol.ts'
import type { RecordedEpisode } from './episode-tape.ts'
import type { LossWindow } from './loss-window.ts'
import { keepRuleSchema, whereSchema } from './predicate-options.ts'

/** Options of `startRun`. */
export interface RunOptions {
  /** The run's directory; made when missing. A log that is there goes on under a new epoch. */
  dir: string
  /** For people. Default: the directory's name. */
  name?: string
  /** Algorithm, hyper-parameters and the like; kept in the log. */
  config?: Readonly<Record<string, unknown>>
  /** When an event counts as durable (docs/durability.md). Default `group`. */
  durability?: 'sync' | 'group' | 'relaxed'
  /** Shows the run live on a page. Default: nothing is served. */
  live?: boolean | LiveOptions
  /** Makes video of the frames. Default: none. Needs the optional package `node-av`. */
  video?: boolean | VideoOptions
  /**
   * Makes a LeRobot dataset of the finished episodes while the run is recorded. Those with frames
   * need `video`. Default: none.
   */
  dataset?: boolean | DatasetOptions
  /**
   * Which episodes keep their frames and videos, decided when they end: a predicate such as
   * `terminated`, `best(3)` or `length > 200 or every(100)` (README). Of the others the steps and
   * the row of the index stay. `best(n)` and `worst(n)` go up to 1000. Default: all.
   */
  keep?: string
  /** Where encoders run, and who makes the dataset. Default `thread`. */
  encoderPlacement?: 'thread' | 'process'
  /**
   * Where the log is written. With `process` a child process does it, and no crash of LMDB's writer
   * can end this one; each commit is copied once more, and a recorder that died is back later, by
   * the start of a Node process. Default `thread`.
   */
  logPlacement?: 'thread' | 'process'
  /**
   * What meets a full ring: `spill` to the heap up to 64 MiB and then count and mark the gap
   * (default), or `block` the trainer.
   */
  whenFull?: 'spill' | 'block'
  /** Size of the ring between trainer and recorder, bytes; a power of two. Default 32 MiB. */
  ringBytes?: number
  /** Called with each finished episode, on the trainer's thread, from within `end` (L3). */
  onEpisode?: (episode: RecordedEpisode) => void
  /**
   * Called for each first problem of its kind: input that was refused, events that were lost (every
   * ten seconds while more are), a log that failed, a dataset that cannot be made now or cannot
   * take an episode. Default: a process warning.
   */
  onProblem?: (problem: RollcastError) => void
  /**
   * Closes the run on SIGINT and SIGTERM and then ends the process, unless the program listens to
   * that signal itself. Default true.
   */
  handleSignals?: boolean
  /**
   * Past any of these that is not yet durable, `run.wouldBlock` is true. Default: 100 ms, 2000
   * events, 16 MiB.
   */
  undurableMax?: Partial<LossWindow>
  /**
   * How long closing may take altogether, milliseconds. Default 5000. Videos and episodes of the
   * dataset that are not finished by then are made when the run goes on; `onProblem` is told.
   */
  closeMillisMax?: number
}

export interface LiveOptions {
  /** An IP address of this machine. Default 127.0.0.1; any but the loopback's needs `token`. */
  host?: string
  /** Default 7788; 0 takes a free one. */
  port?: number
  /**
   * Whoever watches needs a token (docs/access.md); `run.link` has the first one. Default false: on
   * this machine everybody may watch.
   */
  token?: boolean
  /**
   * Memory that may wait for viewers that read slowly or not at all, for all of them together, bytes. At
   * that bound whoever holds most is cut. Default 256 MiB; 64 MiB at least.
   */
  queuedBytesMax?: number
}

export type CheckedLive = Readonly<Required<LiveOptions>>

export interface VideoOptions {
  /**
   * `lerobot` (AV1 by SVT-AV1, as LeRobot's own recorder), `fast` (H.264), `auto` (what this machine
   * encodes fast enough), or an encoder of FFmpeg with its options. Default `fast`.
   */
  profile?: VideoProfile
  /** Frames a second that the video shows, a whole number from 1 to 240. Default 30. */
  fps?: number
  /** Frames stay in the log too, as they were recorded. Default false: a video takes their place. */
  keepFrames?: boolean
}

export interface DatasetOptions {
  /** Made when missing; a dataset that is there is added to. Default: `dataset` in the run's. */
  dir?: string
  /** What is to be done, in words; of every episode. Default: the run's name. */
  task?: string
  /** Rows a second, a whole number from 1 to 240. Default: as the dataset, else the video, else 30. */
  fps?: number
  /**
   * Which episodes come into it: a predicate such as `terminated and return > 0` (README), without
   * `best(n)` and `worst(n)`, which only a finished run knows. Default: all that are kept.
   */
  where?: string
}

export interface CheckedDataset {
  readonly dir: string
  readonly task: string | undefined
  readonly fps: number | undefined
  readonly where: string | undefined
}

type EpisodeListener = (episode: RecordedEpisode) => void
type ProblemListener = (problem: RollcastError) => void

export interface CheckedOptions {
  readonly dir: string
  readonly name: string
  readonly config: Readonly<Record<string, unknown>> | undefined
  readonly durability: 'sync' | 'group' | 'relaxed'
  readonly live: CheckedLive | undefined
  readonly video: Required<VideoOptions> | undefined
  readonly dataset: CheckedDataset | undefined
  readonly keep: string | undefined
  readonly encoderPlacement: 'thread' | 'process'
  readonly logPlacement: 'thread' | 'process'
  readonly whenFull: 'spill' | 'block'
  readonly ringBytes: number
  readonly onEpisode: EpisodeListener | undefined
  readonly onProblem: ProblemListener | undefined
  readonly handleSignals: boolean
  readonly undurableMax: LossWindow
  readonly closeMillisMax: number
}

const text = v.pipe(v.string(), v.minLength(1))
const fps = v.pipe(whole, v.minValue(1), v.maxValue(240))
const placement = v.picklist(['thread', 'process'])

const optionsOf = <T extends v.ObjectEntries>(entries: T) =>
  v.pipe(v.custom<object>(isObject, 'expected an object'), v.strictObject(entries))

const liveSchema = optionsOf({
  host: v.optional(text, '127.0.0.1'),
  port: v.optional(v.pipe(whole, v.minValue(0), v.maxValue(65535)), DEFAULT_PORT),
  token: v.optional(v.boolean(), false),
  queuedBytesMax: v.optional(
    v.pipe(whole, v.minValue(limits.viewersBufferBytesMin)),
    limits.viewersBufferBytesMax,
  ),
})

const videoSchema = optionsOf({
  profile: v.optional(
    v.union([
      v.picklist(['lerobot', 'fast', 'auto']),
      optionsOf({
        codec: text,
        pixelFormat: v.optional(text),
        options: v.optional(v.record(v.string(), v.union([v.string(), v.number()])), {}),
      }),
    ]),
    'fast',
  ),
  fps: v.optional(fps, 30),
  keepFrames: v.optional(v.boolean(), false),
})

const datasetSchema = optionsOf({
  dir: v.optional(text),
  task: v.optional(text),
  fps: v.optional(fps),
  where: v.optional(whereSchema),
})

const undurableSchema = optionsOf({
  millis: v.optional(v.pipe(v.number(), v.finite(), v.gtValue(0)), limits.undurableMillisMax),
  events: v.optional(v.pipe(whole, v.minValue(1)), limits.undurableEventsMax),
  bytes: v.optional(v.pipe(whole, v.minValue(1)), limits.undurableBytesMax),
})

const schema = optionsOf({
  dir: text,
  name: v.optional(v.pipe(text, v.maxLength(200))),
  config: v.optional(v.custom<Record<string, unknown>>(isObject, 'expected an object')),
  durability: v.optional(v.picklist(['sync', 'group', 'relaxed']), 'group'),
  live: v.optional(v.union([v.boolean(), liveSchema]), false),
  video: v.optional(v.union([v.boolean(), videoSchema]), false),
  dataset: v.optional(v.union([v.boolean(), datasetSchema]), false),
  keep: v.optional(keepRuleSchema),
  encoderPlacement: v.optional(placement, 'thread'),
  logPlacement: v.optional(placement, 'thread'),
  whenFull: v.optional(v.picklist(['spill', 'block']), 'spill'),
  ringBytes: v.optional(
    v.pipe(
      whole,
      v.minValue(MIB),
      v.maxValue(1024 * MIB),
      v.check(isPowerOfTwo, 'expected a power of two'),
    ),
    limits.ringBytes,
  ),
  onEpisode: v.optional(v.custom<EpisodeListener>(isFunction, 'expected a function')),
  onProblem: v.optional(v.custom<ProblemListener>(isFunction, 'expected a function')),
  handleSignals: v.optional(v.boolean(), true),
  undurableMax: v.optional(undurableSchema, {}),
  closeMillisMax: v.optional(v.pipe(v.number(), v.minValue(100), v.maxValue(600_000)), 5_000),
})

function isFunction(value: unknown): boolean {
  return typeof value === 'function'
}

/** Throws USAGE that names every option that is not as expected. */
export function checkOptions(options: RunOptions): CheckedOptions {
  const parsed = v.safeParse(schema, options)
  if (!parsed.success) {
    const problems = inputProblems(schema, { input: options, root: 'options' })
    throw new RollcastError('USAGE', `startRun: ${problems.join('; ')}`)
  }
  const data = parsed.output
  const dir = resolve(data.dir)
  const live = data.live === true ? v.parse(liveSchema, {}) : data.live
  const video = data.video === true ? v.parse(videoSchema, {}) : data.video
  const dataset = data.dataset === true ? {} : data.dataset
  return {
    dir,
    name: data.name ?? dir.split('/').at(-1) ?? dir,
    config: data.config,
    durability: data.durability,
    live: live === false ? undefined : live,
    video: video === false ? undefined : (video as Required<VideoOptions>),
    dataset: dataset === false ? undefined : checkedDataset(dir, dataset),
    keep: data.keep,
    encoderPlacement: data.encoderPlacement,
    logPlacement: data.logPlacement,
    whenFull: data.whenFull,
    ringBytes: data.ringBytes,
    onEpisode: data.onEpisode,
    onProblem: data.onProblem,
    handleSignals: data.handleSignals,
    undurableMax: data.undurableMax,
    closeMillisMax: data.closeMillisMax,
  }
}

const checkedDataset = (
  runDir: string,
  { dir = join(runDir, 'dataset'), task, fps, where }: v.InferOutput<typeof datasetSchema>,
): CheckedDataset => ({ dir: resolve(dir), task, fps, where })

/** 1 to 64 letters, digits and `._:-`, starting with a letter or digit. */
export function checkAgentName(agent: string): void {
  if (typeof agent === 'string' && /^[A-Za-z0-9][\w.:-]{0,63}$/.test(agent)) return
  const expected = '1 to 64 letters, digits and ._:- starting with a letter or digit'
  throw new RollcastError('USAGE', `recorder: expected ${expected}, found ${String(agent)}`)
}
