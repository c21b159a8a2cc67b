// Examines a log in a process of its own: its file is not trusted. What could take a process down
// is found before the file is mapped; if something does all the same, that is a verdict too, and
// how far the log is whole is then told by its bytes alone. The caller can be interrupted meanwhile.
import { RollcastError } from '../base/errors.ts'
import type { Examination, Unreadable } from '../store/examine.ts'
import { type ApartOptions, runApart } from './apart.ts'

const entry = 'cli/examine-process'

/** Told how much has been examined, from 0 to 1. */
type OnProgress = (fraction: number) => void

/**
 * The whole truth about the log of run directory `dir`. Throws what `examineLog` throws, and CLOSED
 * when `signal` aborted it.
 */
export async function examineApart(
  dir: string,
  signal: AbortSignal,
  onProgress?: OnProgress,
): Promise<Examination> {
  const options = optionsFor(dir, signal, onProgress)
  let death: string | undefined
  const onDeath = (how: string): RollcastError => {
    death = how
    return options.onDeath(how)
  }
  try {
    return await runApart<Examination>(entry, [dir], { ...options, onDeath })
  } catch (error) {
    if (death === undefined) throw error
    const reason = `the process that read it died of it (${death})`
    return { unreadable: await examineBytesApart(dir, reason, signal) }
  }
}

/** How far its bytes are whole, when opening it is known to fail for `reason`. */
export function examineBytesApart(
  dir: string,
  reason: string,
  signal: AbortSignal,
): Promise<Unreadable> {
  return runApart<Unreadable>(entry, [dir, reason], optionsFor(dir, signal, undefined))
}

const optionsFor = (
  dir: string,
  signal: AbortSignal,
  onProgress: OnProgress | undefined,
): ApartOptions => ({
  signal,
  onAbort: () => new RollcastError('CLOSED', `${dir}: verifying was interrupted`),
  onDeath: how => new RollcastError('INTERNAL', `${dir}: the process that read it died (${how})`),
  onProgress,
})
