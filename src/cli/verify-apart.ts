// Verifies a log in a process of its own: its file is not trusted, and a file that lies about
// itself can take the process down that maps it. The caller can be interrupted meanwhile.
import { RollcastError } from '../base/errors.ts'
import type { VerifyReport } from '../store/verify.ts'
import { runApart } from './apart.ts'

/**
 * The report on the log of run directory `dir`. Throws what `verifyLog` throws, LOG_CORRUPT when
 * the file took its process down, and CLOSED when `signal` aborted it.
 */
export function verifyApart(dir: string, signal: AbortSignal): Promise<VerifyReport> {
  return runApart(new URL('./verify-process.ts', import.meta.url), [dir], {
    signal,
    onAbort: () => new RollcastError('CLOSED', `${dir}: verifying was interrupted`),
    onDeath: how => {
      const message = `${dir}: the process that verified the log died of it (${how})`
      return new RollcastError('LOG_CORRUPT', message)
    },
  })
}
