// The place where a log shall be: looked at before anything is written there, so that what is wrong
// with it is one error that says what was expected, what was found and where.
import { accessSync, constants, existsSync, rmdirSync, statfsSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { ensureDirectory } from '../base/ensure-directory.ts'
import { type ErrorCode, RollcastError } from '../base/errors.ts'
import { limits } from '../protocol/limits.ts'
import { checkDataFile } from './check-file.ts'
import { SpaceGuard } from './space-guard.ts'
import type { Space } from './storage.ts'

/** Name of the data file inside the log's directory. */
export const DATA_FILE = 'data.mdb'
/** LMDB's own lock and reader table. */
export const LOCK_FILE = 'lock.mdb'

/** Directory of the log in run directory `dir`. */
export const logDirectory = (dir: string): string => join(dir, 'log')

/** What the file system answered, in words. */
const findings: Readonly<Record<string, string>> = {
  EACCES: 'no permission',
  EDQUOT: 'a quota that is used up',
  EEXIST: 'something else of that name',
  ELOOP: 'a loop of symbolic links',
  ENAMETOOLONG: 'a name that is too long',
  ENOENT: 'nothing',
  ENOSPC: 'a full disk',
  ENOTDIR: 'a file in place of a directory',
  EPERM: 'no permission',
  EROFS: 'a read-only file system',
}

export interface MadeDirectory {
  /** The highest directory with a name in it that may be new: it has to be flushed. */
  readonly top: string
  /** Removes those directories again that were made and are empty. */
  readonly unmake: () => void
}

/**
 * Makes sure that `directory`, the log's in a run's, is one that can be written to. Throws
 * CANNOT_CREATE or DISK_FULL.
 */
export function makeDirectory(directory: string): MadeDirectory {
  const missing: string[] = []
  for (let path = resolve(directory); !existsSync(path); path = dirname(path)) {
    missing.push(path)
    if (path === dirname(path)) break
  }
  const unmake = (): void => {
    for (const path of missing) removeEmpty(path)
  }
  try {
    const runDir = dirname(resolve(directory))
    ensureDirectory(dirname(runDir))
    // What was recorded is nobody else's, unless its owner says so.
    for (const path of [runDir, directory]) ensureDirectory(path, 0o700)
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK)
    // A process that died here before may have made the run's directory and not flushed its name.
    const newest = missing.length > 2 ? missing.at(-1)! : dirname(resolve(directory))
    return { top: dirname(newest), unmake }
  } catch (cause) {
    unmake()
    throw refused('CANNOT_CREATE', `${directory}: expected a directory to write to`, cause)
  }
}

function removeEmpty(directory: string): void {
  try {
    rmdirSync(directory)
  } catch {
    // It was never made, or somebody else has put something into it.
  }
}

/** The bytes of the log in `directory`, 0 when there is none, and those that are free there. */
export function spaceIn(directory: string): Space {
  const { bavail, bsize } = statfsSync(directory)
  const file = statSync(join(directory, DATA_FILE), { throwIfNoEntry: false })
  return { place: directory, fileBytes: file?.size ?? 0, freeBytes: bavail * bsize }
}

/**
 * Looks whether there can be a log in run directory `dir`, and leaves everything as it was. Throws
 * CANNOT_CREATE, DISK_FULL, LOG_FOREIGN or LOG_CORRUPT. For a log that nobody has open.
 */
export function checkPlace(dir: string, freeBytesMin: number = limits.freeBytesMin): void {
  const directory = logDirectory(dir)
  const { unmake } = makeDirectory(directory)
  try {
    checkFiles(directory)
    checkDataFile(join(directory, DATA_FILE))
    new SpaceGuard({ space: () => spaceIn(directory) }, freeBytesMin).check(0)
  } finally {
    unmake()
  }
}

/** Throws CANNOT_CREATE when the log's files are there and may not be written to. */
export function checkFiles(directory: string): void {
  checkWritable(join(directory, DATA_FILE))
  checkWritable(join(directory, LOCK_FILE))
}

/** Throws NOT_FOUND or, when it cannot be known, UNAVAILABLE. */
export function checkFound(path: string, expected: string): void {
  try {
    statSync(path)
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException
    const known = code !== 'EACCES' && code !== 'EPERM'
    throw refused(known ? 'NOT_FOUND' : 'UNAVAILABLE', `${path}: expected ${expected}`, cause)
  }
}

/** Throws for a file that is there and may not be read and written. */
export function checkWritable(path: string, code: ErrorCode = 'CANNOT_CREATE'): void {
  checkAccess(path, constants.R_OK | constants.W_OK, code, 'permission to read and write')
}

/** Throws UNAVAILABLE for a file that is there and may not be read. */
export function checkReadable(path: string): void {
  checkAccess(path, constants.R_OK, 'UNAVAILABLE', 'permission to read')
}

function checkAccess(path: string, mode: number, code: ErrorCode, expected: string): void {
  if (!existsSync(path)) return
  try {
    accessSync(path, mode)
  } catch (cause) {
    throw refused(code, `${path}: expected ${expected}`, cause)
  }
}

/** The error for what the file system refused: what was expected, and what was found. */
export function refused(code: ErrorCode, expectation: string, cause: unknown): RollcastError {
  const { code: answer = '' } = cause as NodeJS.ErrnoException
  const full = answer === 'ENOSPC' || answer === 'EDQUOT'
  const found = `${findings[answer] ?? 'an error'} (${answer})`
  return new RollcastError(full ? 'DISK_FULL' : code, `${expectation}, found ${found}`, { cause })
}
