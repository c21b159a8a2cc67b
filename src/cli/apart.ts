// Runs a piece of work in a process of its own, because it may block for ever or take its process
// down: it looks at a file that is not trusted, or waits for a process that is stopped.
import { fork } from 'node:child_process'
import { type Entry, entryFile } from '../base/entries.ts'
import { describeError, type ErrorCode, RollcastError } from '../base/errors.ts'

/** What the process says: how far it is, and at its end what came of it. */
type Word<Answer> =
  | { readonly fraction: number }
  | { readonly answer: Answer }
  | { readonly code: ErrorCode; readonly message: string }

/** Progress is told no more often than this. */
const PROGRESS_MILLIS = 50

export interface ApartOptions {
  /** Kills the process. */
  readonly signal: AbortSignal
  /** What to throw when it was killed by `signal`. */
  readonly onAbort: () => RollcastError
  /** What to throw when it ended without an answer; `how` is a signal or an exit code. */
  readonly onDeath: (how: string) => RollcastError
  /** Told how much is done, from 0 to 1, by work that says so. */
  readonly onProgress?: ((fraction: number) => void) | undefined
}

/** What the work of the process that starts with `entry` comes to for `args`. */
export function runApart<Answer>(
  entry: Entry,
  args: readonly string[],
  { signal, onAbort, onDeath, onProgress }: ApartOptions,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const child = fork(entryFile(entry), args, { execArgv: [], serialization: 'advanced' })
  const kill = (): boolean => child.kill('SIGKILL')
  signal.addEventListener('abort', kill)
  child.on('message', (word: Word<Answer>) => {
    if ('fraction' in word) onProgress?.(word.fraction)
    else if ('answer' in word) resolve(word.answer)
    else reject(new RollcastError(word.code, word.message))
  })
  child.once('error', reject)
  child.once('exit', (code, killedBy) => {
    signal.removeEventListener('abort', kill)
    reject(signal.aborted ? onAbort() : onDeath(killedBy ?? `exit code ${code}`))
  })
  return promise
}

/** The process's side: does the work for the arguments it was started with, tells, and ends. */
export async function workApart(
  work: (...args: readonly string[]) => Promise<unknown>,
): Promise<void> {
  const outcome: Word<unknown> = await work(...process.argv.slice(2)).then(
    answer => ({ answer }),
    error => {
      const known = error instanceof RollcastError
      return known
        ? { code: error.code, message: error.message }
        : { code: 'INTERNAL', message: describeError(error) }
    },
  )
  process.send?.(outcome, () => process.disconnect())
}

let toldAt = Number.NEGATIVE_INFINITY

/** The process's side: says how much of the work is done, from 0 to 1. */
export function tellProgress(fraction: number): void {
  const now = performance.now()
  if (now - toldAt < PROGRESS_MILLIS) return
  toldAt = now
  process.send?.({ fraction } satisfies Word<never>)
}
