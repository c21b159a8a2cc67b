// Recovers a log in a process of its own: LMDB maps a file that is not trusted, and the process may
// die of it. A log whose recovery has ended half-way can be recovered again.
import { RollcastError } from '../base/errors.ts'
import type { RecoverReport } from '../store/recover.ts'
import { runApart } from './apart.ts'

/**
 * Recovers the log of run directory `dir`, in place. Throws what `recoverLog` throws, LOG_CORRUPT
 * when the file took its process down, and CLOSED when `signal` aborted it.
 */
export function recoverApart(
  dir: string,
  cutAtDamage: boolean,
  signal: AbortSignal,
): Promise<RecoverReport> {
  const args = cutAtDamage ? [dir, 'cut'] : [dir]
  return runApart('cli/recover-process', args, {
    signal,
    onAbort: () => new RollcastError('CLOSED', `${dir}: recovering was interrupted`),
    onDeath: how =>
      new RollcastError('LOG_CORRUPT', `${dir}: the process that mended it died of it (${how})`),
  })
}
