// The command behind `rollcast log compact`: a copy without free pages takes the log's place. The
// old file stays whole until the new one is on the disk; readers that have it open go on reading
// the old one until they close.
import { statSync } from 'node:fs'
import { formatBytes } from '../base/bytes.ts'
import { type Clock, systemClock } from '../base/clock.ts'
import { RollcastError } from '../base/errors.ts'
import { limits } from '../protocol/limits.ts'
import { checkDataFile } from './check-file.ts'
import { takeLock } from './lock.ts'
import { dataFile, logDirectory, openLog } from './open-log.ts'
import { openStorage } from './open-storage.ts'
import { replaceDataFile } from './put-file.ts'

export interface CompactOptions {
  /** Also deletes the pixels of all frames; their events stay. Default false. */
  readonly dropFrames?: boolean
  readonly clock?: Clock
}

export interface CompactReport {
  readonly bytesBefore: number
  readonly bytesAfter: number
  readonly framesDropped: number
}

/** Compacts the log of run directory `dir`; needs the lock and room for the copy. */
export async function compactLog(
  dir: string,
  options: CompactOptions = {},
): Promise<CompactReport> {
  const clock = options.clock ?? systemClock
  const file = dataFile(dir)
  const framesDropped = options.dropFrames ? await dropFrames(dir, clock) : 0
  const lock = await takeLock(dir, clock.now())
  try {
    if (!checkDataFile(file)) throw new RollcastError('NOT_FOUND', `${dir}: there is no log`)
    const bytesBefore = statSync(file).size
    await replaceDataFile(logDirectory(dir), aside => copyLog(dir, aside))
    return { bytesBefore, bytesAfter: statSync(file).size, framesDropped }
  } finally {
    await lock.release()
  }
}

async function copyLog(dir: string, aside: string): Promise<void> {
  const storage = openStorage(logDirectory(dir))
  try {
    const { fileBytes, freeBytes } = storage.space()
    const needed = fileBytes + limits.freeBytesMin
    if (freeBytes < needed) {
      throw new RollcastError(
        'DISK_FULL',
        `a compacted copy may need ${formatBytes(needed)}, found ${formatBytes(freeBytes)} free`,
      )
    }
    await storage.copy(aside)
  } finally {
    await storage.close()
  }
}

async function dropFrames(dir: string, clock: Clock): Promise<number> {
  const { writer } = await openLog(dir, { clock })
  try {
    return await writer.dropFrames({ beforeSeq: Number.MAX_SAFE_INTEGER })
  } finally {
    await writer.close()
  }
}
