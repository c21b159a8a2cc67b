// Takes a log over in a process of its own. A writer that was stopped in the middle of a transaction
// holds LMDB's own mutex, and whoever waits for that cannot be interrupted, only killed.
import { RollcastError } from '../base/errors.ts'
import { holderPid } from '../store/lock.ts'
import type { TakeoverReport } from '../store/take-over.ts'
import { runApart } from './apart.ts'

/** A transaction of a writer that runs is over long before. */
const DEADLINE_MILLIS = 3_000

/**
 * Fences the writer of run directory `dir`; undefined when there is none. Throws what `takeOverLog`
 * throws, and UNAVAILABLE when the writer was stopped in the middle of a transaction.
 */
export async function takeOverApart(dir: string): Promise<TakeoverReport | undefined> {
  const pid = await holderPid(dir)
  const who = pid === undefined ? 'the writer' : `process ${pid}`
  return runApart('cli/take-over-process', [dir], {
    signal: AbortSignal.timeout(DEADLINE_MILLIS),
    onAbort: () =>
      new RollcastError(
        'UNAVAILABLE',
        `${dir}: ${who} holds the log in the middle of a transaction (waited ` +
          `${DEADLINE_MILLIS} ms); nobody can write before it goes on (kill -CONT) or ends (kill -KILL)`,
        { temporary: true },
      ),
    onDeath: how => new RollcastError('INTERNAL', `${dir}: taking over died (${how})`),
  })
}
