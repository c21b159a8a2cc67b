// Verifies a log in a process of its own: its file is not trusted, and a file that lies about
// itself can take the process down that maps it. The caller can be interrupted meanwhile.
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type ErrorCode, RollcastError } from '../base/errors.ts'
import type { VerifyReport } from '../store/verify.ts'

/** What the process says at its end. */
export type Verdict =
  | { readonly report: VerifyReport }
  | { readonly code: ErrorCode; readonly message: string }

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
const entry = fileURLToPath(new URL(`./verify-process.${extension}`, import.meta.url))

/**
 * The report on the log of run directory `dir`. Throws what `verifyLog` throws, LOG_CORRUPT when
 * the file took its process down, and CLOSED when `signal` aborted it.
 */
export function verifyApart(dir: string, signal: AbortSignal): Promise<VerifyReport> {
  const { promise, resolve, reject } = Promise.withResolvers<VerifyReport>()
  const child = fork(entry, [dir], { execArgv: [], serialization: 'advanced' })
  const kill = (): boolean => child.kill('SIGKILL')
  signal.addEventListener('abort', kill)
  child.once('message', (verdict: Verdict) => {
    if ('report' in verdict) resolve(verdict.report)
    else reject(new RollcastError(verdict.code, verdict.message))
  })
  child.once('error', reject)
  child.once('exit', (code, killedBy) => {
    signal.removeEventListener('abort', kill)
    if (signal.aborted) reject(new RollcastError('CLOSED', `${dir}: verifying was interrupted`))
    const how = killedBy ?? `exit code ${code}`
    const message = `${dir}: the process that verified the log died of it (${how})`
    reject(new RollcastError('LOG_CORRUPT', message))
  })
  return promise
}
