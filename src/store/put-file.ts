// A data file is made beside its place and moved there when it is whole and on the disk. Whoever
// opens the log finds no file, the old one or the new one, whenever the power went, and never one
// that is half made and looks like a damaged one.
import {
  accessSync,
  constants,
  linkSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { syncPath } from '../base/sync-path.ts'
import { DATA_FILE, LOCK_FILE } from './place.ts'

/** Beginning of the names of directories in which files are made. */
const ASIDE = 'aside-'

/** What a file system says that knows no links, as on some memory sticks. */
const noLinks: ReadonlySet<string | undefined> = new Set(['EPERM', 'EOPNOTSUPP', 'ENOSYS'])

type Make = (aside: string) => Promise<void>

/** Puts the data file that `make` leaves in the directory it is given in the place of the old one. */
export function replaceDataFile(directory: string, make: Make): Promise<void> {
  return putDataFile(directory, make, (made, place) => {
    // LMDB's lock file belongs to the old file: a new pair begins with the next opening.
    rmSync(join(directory, LOCK_FILE), { force: true })
    renameSync(made, place)
  })
}

/** The same where there is none. If another writer was faster, its file stays. */
export function createDataFile(directory: string, make: Make): Promise<void> {
  return putDataFile(directory, make, (made, place) => {
    try {
      linkSync(made, place)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (noLinks.has(code)) renameSync(made, place)
      else if (code !== 'EEXIST') throw error
    }
  })
}

async function putDataFile(
  directory: string,
  make: Make,
  put: (made: string, place: string) => void,
): Promise<void> {
  const aside = mkdtempSync(join(directory, ASIDE))
  try {
    await make(aside)
    const made = join(aside, DATA_FILE)
    syncPath(made)
    put(made, join(directory, DATA_FILE))
    syncPath(directory)
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
}

/** Removes what processes left that died while they made a file. */
export function clearAside(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (name.startsWith(ASIDE)) rmSync(join(directory, name), { recursive: true, force: true })
  }
}

/**
 * Makes the names in `directory` and in those above it, up to `top`, survive power loss: a file
 * does so only together with its name.
 */
export function syncNames(directory: string, top: string): void {
  for (let at = resolve(directory); ; at = dirname(at)) {
    if (mayRead(at)) syncPath(at)
    if (at === top) return
  }
}

// A directory that may be entered and not be read is somebody else's to flush.
function mayRead(directory: string): boolean {
  try {
    accessSync(directory, constants.R_OK)
    return true
  } catch {
    return false
  }
}
