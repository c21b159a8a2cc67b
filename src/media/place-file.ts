// A video file is made beside its place and moved there when it is whole and on the disk: whoever
// looks finds no file, the old one or the new one. A path has one writer at a time, so the name
// beside it needs no chance in it, and the next try clears away what a dead one left.
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { RollcastError } from '../base/errors.ts'
import { syncPath } from '../base/sync-path.ts'

const UNFINISHED = '.part'

/** Where a file is made whose place is `path`. Makes the directory; CANNOT_CREATE. */
export function asideOf(path: string): string {
  orDiskError(path, () => mkdirSync(dirname(path), { recursive: true }))
  return `${path}${UNFINISHED}`
}

/**
 * Puts the finished file in its place, over what was there, and makes it survive power loss.
 * CANNOT_CREATE, DISK_FULL.
 */
export function putInPlace(path: string): void {
  const aside = `${path}${UNFINISHED}`
  orDiskError(path, () => {
    syncPath(aside)
    renameSync(aside, path)
    syncPath(dirname(path))
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

/** Removes what processes left in `directory` that died while they made a file. */
export function clearUnfinished(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (name.endsWith(UNFINISHED)) rmSync(join(directory, name))
  }
}

function orDiskError(path: string, work: () => void): void {
  try {
    work()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const full = code === 'ENOSPC' || code === 'EDQUOT'
    throw new RollcastError(
      full ? 'DISK_FULL' : 'CANNOT_CREATE',
      `${path}: putting it in its place: ${message}`,
      { cause: error },
    )
  }
}
