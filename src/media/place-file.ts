// A video file is made beside its place and moved there when it is whole and on the disk: whoever
// looks finds no file, the old one or the new one. A path has one writer at a time, so the name
// beside it needs no chance in it, and the next try clears away what a dead one left. One that was
// only taken for dead still has its own file, and moves nothing any more.
import { renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { RollcastError } from '../base/errors.ts'
import { namesIn } from '../base/names-in.ts'
import { makeDirectorySynced, syncPath } from '../base/sync-path.ts'

const UNFINISHED = '.part'
const PLACING = 'putting it in its place'

/** Where a file is made whose place is `path`. Makes the directory; CANNOT_CREATE. */
export function asideOf(path: string): string {
  const aside = `${path}${UNFINISHED}`
  orDiskError(path, PLACING, () => {
    makeDirectorySynced(dirname(path))
    rmSync(aside, { force: true })
  })
  return aside
}

/**
 * Puts the finished file in its place, over what was there, and makes it survive power loss, unless
 * `isFlushed` is false: then the caller does. Returns its bytes. Once it is there it may be deleted
 * by somebody who wants it no more. CANNOT_CREATE, DISK_FULL.
 */
export function putInPlace(path: string, { isFlushed = true } = {}): number {
  const aside = `${path}${UNFINISHED}`
  return orDiskError(path, PLACING, () => {
    if (isFlushed) syncPath(aside)
    const { size } = statSync(aside)
    renameSync(aside, path)
    if (isFlushed) syncPath(dirname(path))
    return size
  })
}

/** Removes what was made beside `path` so far. Never throws: it comes after another error. */
export function removeAside(path: string): void {
  try {
    rmSync(`${path}${UNFINISHED}`, { force: true })
  } catch {
    // It stays for clearUnfinished.
  }
}

/** Removes what was left in `directory` by those who died while they made a file. Never throws. */
export function clearUnfinished(directory: string): void {
  for (const name of namesIn(directory)) {
    if (name.endsWith(UNFINISHED)) removeAside(join(directory, name.slice(0, -UNFINISHED.length)))
  }
}

/** Gives what `work` gives; DISK_FULL or CANNOT_CREATE for what Node throws. `doing` says where. */
export function orDiskError<T>(path: string, doing: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const full = code === 'ENOSPC' || code === 'EDQUOT'
    throw new RollcastError(full ? 'DISK_FULL' : 'CANNOT_CREATE', `${path}: ${doing}: ${message}`, {
      cause: error,
    })
  }
}
