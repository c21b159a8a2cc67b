// Runs a piece of work in a process of its own, because it may block for ever or take its process
// down: it looks at a file that is not trusted, or waits for a process that is stopped.
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describeError, type ErrorCode, RollcastError } from '../base/errors.ts'

/** What the process says at its end. */
type Outcome<Answer> =
  | { readonly answer: Answer }
  | { readonly code: ErrorCode; readonly message: string }

export interface ApartOptions {
  /** Kills the process. */
  readonly signal: AbortSignal
  /** What to throw when it was killed by `signal`. */
  readonly onAbort: () => RollcastError
  /** What to throw when it ended without an answer; `how` is a signal or an exit code. */
  readonly onDeath: (how: string) => RollcastError
}

/** What the work of the process `script` (a `.ts` file beside the caller) comes to for `args`. */
export function runApart<Answer>(
  script: URL,
  args: readonly string[],
  { signal, onAbort, onDeath }: ApartOptions,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  // A published package has built files, and compiling does not change a URL.
  const built = import.meta.url.endsWith('.js')
  const entry = fileURLToPath(built ? script.href.replace(/ts$/, 'js') : script)
  const child = fork(entry, args, { execArgv: [], serialization: 'advanced' })
  const kill = (): boolean => child.kill('SIGKILL')
  signal.addEventListener('abort', kill)
  child.once('message', (outcome: Outcome<Answer>) => {
    if ('answer' in outcome) resolve(outcome.answer)
    else reject(new RollcastError(outcome.code, outcome.message))
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
  const outcome: Outcome<unknown> = await work(...process.argv.slice(2)).then(
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
