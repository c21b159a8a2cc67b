// What a run can be told when it starts: checked in full, with defaults filled in. An option that
// nothing reads is refused: a typing error must not pass as a choice.
import { resolve } from 'node:path'
import { z } from 'zod'
import { isPowerOfTwo, MIB } from '../base/bytes.ts'
import { RollcastError } from '../base/errors.ts'
import { limits } from '../protocol/limits.ts'
import { DEFAULT_PORT } from '../protocol/viewer-messages.ts'
import type { RecordedEpisode } from './episode-tape.ts'
import type { LossWindow } from './loss-window.ts'

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
  /** Where the encoder runs. Default `thread`. */
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
   * Called for each first problem of its kind: input that was refused, events that were lost, a
   * log that failed. Default: a process warning.
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
  /** How long closing may take altogether, milliseconds. Default 5000. */
  closeMillisMax?: number
}

export interface LiveOptions {
  /** Default 127.0.0.1. */
  host?: string
  /** Default 7788; 0 takes a free one. */
  port?: number
}

export interface CheckedOptions {
  readonly dir: string
  readonly name: string
  readonly config: Readonly<Record<string, unknown>> | undefined
  readonly durability: 'sync' | 'group' | 'relaxed'
  readonly live: { readonly host: string; readonly port: number } | undefined
  readonly encoderPlacement: 'thread' | 'process'
  readonly logPlacement: 'thread' | 'process'
  readonly whenFull: 'spill' | 'block'
  readonly ringBytes: number
  readonly onEpisode: ((episode: RecordedEpisode) => void) | undefined
  readonly onProblem: ((problem: RollcastError) => void) | undefined
  readonly handleSignals: boolean
  readonly undurableMax: LossWindow
  readonly closeMillisMax: number
}

const liveSchema = z.strictObject({
  host: z.string().min(1).default('127.0.0.1'),
  port: z.number().int().min(0).max(65535).default(DEFAULT_PORT),
})

const undurableSchema = z.strictObject({
  millis: z.number().positive().default(limits.undurableMillisMax),
  events: z.number().int().positive().default(limits.undurableEventsMax),
  bytes: z.number().int().positive().default(limits.undurableBytesMax),
})

const schema = z.strictObject({
  dir: z.string().min(1),
  name: z.string().min(1).max(200).optional(),
  config: z.record(z.string(), z.unknown()).optional(),
  durability: z.enum(['sync', 'group', 'relaxed']).default('group'),
  live: z.union([z.boolean(), liveSchema]).default(false),
  encoderPlacement: z.enum(['thread', 'process']).default('thread'),
  logPlacement: z.enum(['thread', 'process']).default('thread'),
  whenFull: z.enum(['spill', 'block']).default('spill'),
  ringBytes: z
    .number()
    .int()
    .min(MIB)
    .max(1024 * MIB)
    .refine(isPowerOfTwo, 'expected a power of two')
    .default(limits.ringBytes),
  onEpisode: z.custom<CheckedOptions['onEpisode']>(isFunction, 'expected a function').optional(),
  onProblem: z.custom<CheckedOptions['onProblem']>(isFunction, 'expected a function').optional(),
  handleSignals: z.boolean().default(true),
  undurableMax: undurableSchema.prefault({}),
  closeMillisMax: z.number().min(100).max(600_000).default(5_000),
})

function isFunction(value: unknown): boolean {
  return typeof value === 'function'
}

/** Throws USAGE that names every option that is not as expected. */
export function checkOptions(options: RunOptions): CheckedOptions {
  const parsed = schema.safeParse(options)
  if (!parsed.success) {
    const problems = parsed.error.issues.map(issue => {
      const where = issue.path.length === 0 ? 'options' : issue.path.join('.')
      return `${where}: ${issue.message}`
    })
    throw new RollcastError('USAGE', `startRun: ${problems.join('; ')}`)
  }
  const { data } = parsed
  const dir = resolve(data.dir)
  const live = data.live === true ? liveSchema.parse({}) : data.live
  return {
    dir,
    name: data.name ?? dir.split('/').at(-1) ?? dir,
    config: data.config,
    durability: data.durability,
    live: live === false ? undefined : live,
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

/** 1 to 64 letters, digits and `._:-`, starting with a letter or digit. */
export function checkAgentName(agent: string): void {
  if (typeof agent === 'string' && /^[A-Za-z0-9][\w.:-]{0,63}$/.test(agent)) return
  const expected = '1 to 64 letters, digits and ._:- starting with a letter or digit'
  throw new RollcastError('USAGE', `recorder: expected ${expected}, found ${String(agent)}`)
}
