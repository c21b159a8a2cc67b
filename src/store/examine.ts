// The whole truth about a log whose file is not trusted: verified when it can be opened, else how
// far its bytes are whole. For a process that may be thrown away (cli/verify-apart.ts).
import { RollcastError } from '../base/errors.ts'
import { surveyDamage } from './salvage.ts'
import type { Skipped } from './salvage-plan.ts'
import { type VerifyReport, verifyLog } from './verify.ts'

/** A log that cannot be opened. */
export interface Unreadable {
  /** Why, in words. */
  readonly reason: string
  /** The last event of its whole beginning, which `rollcast log salvage` gives back. */
  readonly lastGoodSeq: number
  /** What is known of the events behind it. */
  readonly skipped: readonly Skipped[]
}

export type Examination = { readonly report: VerifyReport } | { readonly unreadable: Unreadable }

type OnProgress = (fraction: number) => void

/**
 * Examines the log of run directory `dir`. Throws what opening it throws, but for damage: that is
 * the answer.
 */
export async function examineLog(dir: string, onProgress?: OnProgress): Promise<Examination> {
  try {
    return { report: await verifyLog(dir, onProgress ? { onProgress } : {}) }
  } catch (error) {
    const damaged = error instanceof RollcastError && /^LOG_(CORRUPT|FOREIGN)$/.test(error.code)
    if (!damaged) throw error
    const unreadable = examineBytes(dir, error.message, onProgress)
    // A file of another program is not a damaged log.
    if (error.code === 'LOG_FOREIGN' && unreadable.lastGoodSeq === 0) throw error
    return { unreadable }
  }
}

/** The same without opening it, which is known to fail for `reason`. */
export const examineBytes = (dir: string, reason: string, onProgress?: OnProgress): Unreadable => ({
  reason,
  ...surveyDamage(dir, onProgress),
})
