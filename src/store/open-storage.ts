// The storage of a log on the disk: opened, with LMDB's own errors turned into ours, or made when
// there is none, so that its file is whole from the first instant.
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { RollcastError } from '../base/errors.ts'
import { probeRoom } from './file-room.ts'
import { type LmdbOptions, LmdbStorage } from './lmdb-storage.ts'
import { formatWrite } from './log-state.ts'
import { LOCK_FILE, refused } from './place.ts'
import { createDataFile, syncNames } from './put-file.ts'

/** Exists for a moment while a log is made. */
const PROBE_FILE = 'probe'
/** LMDB's lock file for 126 readers; LMDB lengthens one that is shorter. */
const LOCK_FILE_BYTES = 8272

/** What it takes to open a log for writing. */
export interface WritingPlan {
  /** There is no file yet. */
  readonly isNew: boolean
  /** The highest directory with a name in it that may be new. */
  readonly top: string
  /** See `LmdbOptions`. */
  readonly deferMetaSync: boolean
}

/** Opens the storage in the log's `directory` for its writer; makes it where there is none. */
export async function openForWriting(directory: string, plan: WritingPlan): Promise<LmdbStorage> {
  if (plan.isNew) await createStorage(directory)
  syncNames(directory, plan.top)
  return openStorage(directory, plan)
}

/** Opens the storage in the log's `directory`. */
export function openStorage(directory: string, options: LmdbOptions = {}): LmdbStorage {
  if (!options.readOnly) makeLockFile(join(directory, LOCK_FILE))
  try {
    return new LmdbStorage(directory, options)
  } catch (cause) {
    if (cause instanceof RollcastError) throw cause
    const { code, message } = cause as { code?: number; message: string }
    // LMDB's own codes are negative, those of the file system are not.
    const noAccess = options.readOnly ? 'UNAVAILABLE' : 'CANNOT_CREATE'
    throw new RollcastError(
      (code ?? 0) > 0 ? noAccess : 'LOG_CORRUPT',
      `${directory}: LMDB cannot open the log: ${message}`,
      { cause },
    )
  }
}

// Before LMDB does: where it cannot be made, LMDB would end the process. One that is there is left
// alone: closing a lock file that this process has open frees its locks.
function makeLockFile(path: string): void {
  if (existsSync(path)) return
  try {
    writeFileSync(path, new Uint8Array(LOCK_FILE_BYTES))
  } catch (cause) {
    throw refused('CANNOT_CREATE', `${path}: expected room for a lock file`, cause)
  }
}

/** Makes the file of a log that has no events and had no writer. */
async function createStorage(directory: string): Promise<void> {
  try {
    await createDataFile(directory, async aside => {
      probeRoom(join(aside, PROBE_FILE))
      const storage = openStorage(aside, { inTheMaking: true })
      try {
        await storage.commit(0, [formatWrite()])
      } finally {
        await storage.close()
      }
    })
  } catch (cause) {
    if (cause instanceof RollcastError) throw cause
    throw refused('CANNOT_CREATE', `${directory}: expected room for a log`, cause)
  }
}
