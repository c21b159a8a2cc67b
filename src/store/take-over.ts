// The command behind `rollcast log takeover`: frees a log whose writer is stopped and would hold it
// for ever. The epoch is raised, so that nothing which that writer may still do is merged, and the
// log gets a new lock. The log is left as unclean as it was: the next run says `recovered`.
import { type Clock, systemClock } from '../base/clock.ts'
import { checkDataFile } from './check-file.ts'
import { displaceHolder } from './lock.ts'
import { checkFormat, readFormat, readHead } from './log-state.ts'
import { dataFile, logDirectory } from './open-log.ts'
import { openStorage } from './open-storage.ts'
import { checkFound } from './place.ts'
import { raiseEpoch } from './storage.ts'

export interface TakeoverReport {
  readonly epoch: number
  readonly lastSeq: number
  /** The process that is fenced from now on, where it could be found. */
  readonly fencedPid: number | null
}

/**
 * Fences the writer of run directory `dir`; undefined when there is none. Throws NOT_FOUND, and
 * LOG_LOCKED when the writer answers. Blocks the thread when the writer was stopped in the middle
 * of a transaction, for as long as that lasts: to be called in a process that can be killed.
 */
export async function takeOverLog(
  dir: string,
  clock: Clock = systemClock,
): Promise<TakeoverReport | undefined> {
  checkFound(dataFile(dir), "a run's log")
  if (!checkDataFile(dataFile(dir))) return undefined
  const lock = await displaceHolder(dir, clock.now())
  if (lock === undefined) return undefined
  try {
    const storage = openStorage(logDirectory(dir))
    try {
      checkFormat(readFormat(storage), dir)
      const epoch = await raiseEpoch(storage)
      lock.confirm()
      const { lastSeq } = readHead(storage)
      return { epoch, lastSeq, fencedPid: lock.displaced?.pid ?? null }
    } finally {
      await storage.close()
    }
  } finally {
    await lock.release()
  }
}
