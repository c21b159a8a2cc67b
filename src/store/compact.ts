// The command behind `rollcast log compact`: a copy without free pages takes the log's place. The
// old file stays whole until the new one is on the disk; readers that have it open go on reading
// the old one until they close.
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { formatBytes } from '../base/bytes.ts'
import { type Clock, systemClock } from '../base/clock.ts'
import { RollcastError } from '../base/errors.ts'
import { limits } from '../protocol/limits.ts'
import { checkDataFile } from './check-file.ts'
import { DATA_FILE, LOCK_FILE } from './lmdb-storage.ts'
import { takeLock } from './lock.ts'
import { dataFile, logDirectory, openLog, openStorage } from './open-log.ts'

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
  const directory = logDirectory(dir)
  const copy = join(directory, 'compact')
  const framesDropped = options.dropFrames ? await dropFrames(dir, clock) : 0
  const lock = await takeLock(dir, clock.now())
  try {
    if (!checkDataFile(file)) throw new RollcastError('NOT_FOUND', `${dir}: there is no log`)
    const storage = openStorage(dir, {})
    const { fileBytes, freeBytes } = storage.space()
    try {
      const needed = fileBytes + limits.freeBytesMin
      if (freeBytes < needed) {
        throw new RollcastError(
          'DISK_FULL',
          `a compacted copy may need ${formatBytes(needed)}, found ${formatBytes(freeBytes)} free`,
        )
      }
      rmSync(copy, { recursive: true, force: true })
      mkdirSync(copy)
      await storage.copy(copy)
    } finally {
      await storage.close()
    }
    sync(join(copy, DATA_FILE))
    // LMDB's lock file belongs to the old file: a new pair begins with the next opening.
    rmSync(join(directory, LOCK_FILE), { force: true })
    renameSync(join(copy, DATA_FILE), file)
    sync(directory)
    return { bytesBefore: fileBytes, bytesAfter: statSync(file).size, framesDropped }
  } finally {
    rmSync(copy, { recursive: true, force: true })
    await lock.release()
  }
}

async function dropFrames(dir: string, clock: Clock): Promise<number> {
  const { writer } = await openLog(dir, { clock })
  try {
    return await writer.pruneFrames(Number.MAX_SAFE_INTEGER)
  } finally {
    await writer.close()
  }
}

function sync(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
