// The lock of a log, for a thread that holds it as long as a run lasts and never opens the log: it is
// here so that such a thread does not load LMDB.
import { type Clock, systemClock } from '../base/clock.ts'
import { type LogLock, takeLock } from './lock.ts'
import { makeDirectory } from './place.ts'
import { syncNames } from './put-file.ts'

/** The lock of a run's log, whose directory was made for it. */
export interface RunLock extends LogLock {
  /** Removes what was made and is empty: nothing was recorded. */
  readonly unmake: () => void
}

/**
 * Takes the lock of run directory `dir`, creating the directory when missing, for a process whose
 * writers come and go: they open the log with its name. Throws LOG_LOCKED or CANNOT_CREATE.
 */
export async function lockLog(dir: string, clock: Clock = systemClock): Promise<RunLock> {
  const { top, unmake } = makeDirectory(dir)
  try {
    syncNames(dir, top)
    return { ...(await takeLock(dir, clock.now())), unmake }
  } catch (error) {
    unmake()
    throw error
  }
}
