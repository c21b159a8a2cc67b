// Room in the data file, taken before LMDB needs it. A write that fails inside LMDB can end the
// process (lmdb-js prints its error into a buffer that is too small), so every block that a commit
// can need is allocated first, by appending zeros: a full disk, a quota, a file system that turned
// read-only are then errors of ours, and LMDB writes only into what is there. Contiguous blocks
// also make large commits faster.
// A file system that has shut down or turned read-only is asked before LMDB, too.
// Bytes are only ever appended (O_APPEND), so a writer that was paused here, replaced and woken up
// can write over nothing. LMDB's advisory locks are on its lock file: opening this one is harmless.
import {
  closeSync,
  constants,
  fstatSync,
  futimes,
  openSync,
  rmSync,
  write,
  writeSync,
} from 'node:fs'
import { promisify } from 'node:util'
import { alignUp, formatBytes, KIB } from '../base/bytes.ts'
import { RollcastError } from '../base/errors.ts'
import type { Write } from './storage.ts'

const PAGE_BYTES = 4 * KIB
const PAGE_HEADER_BYTES = 16
/** What a commit may copy of the trees, whatever it writes: a path of 4 pages in each of 8 trees. */
const TREE_PAGES = 32
/** Appended at least at once: fewer changes of the file's length, so fewer writes of its inode. */
const APPEND_BYTES_MIN = 256 * KIB
const ZEROS = new Uint8Array(1024 * KIB)

const fullErrors: ReadonlySet<string | undefined> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

const writeAsync = promisify(write)
const futimesAsync = promisify(futimes)

/** The bytes by which the file may grow when `writes` are committed. */
export function growthOf(writes: readonly Write[]): number {
  let pages = TREE_PAGES
  // A value in pages of its own, or in a leaf that splits.
  for (const { value } of writes) {
    pages += 1 + Math.ceil((PAGE_HEADER_BYTES + (value?.byteLength ?? 0)) / PAGE_BYTES)
  }
  return pages * PAGE_BYTES
}

export class FileRoom {
  readonly #path: string
  readonly #file: number
  #working: Promise<void> | undefined

  /** The file exists. */
  constructor(path: string) {
    this.#path = path
    this.#file = openSync(path, constants.O_WRONLY | constants.O_APPEND)
  }

  /** Allocates `bytes` behind the page that LMDB used last. Throws DISK_FULL. */
  async reach(lastPage: number, bytes: number): Promise<void> {
    const { size, atime, mtime } = fstatSync(this.#file)
    const missing = (lastPage + 1) * PAGE_BYTES + bytes - size
    // The file's times as they are: the smallest change, which a dead file system refuses as well.
    this.#working =
      missing <= 0
        ? futimesAsync(this.#file, atime, mtime)
        : this.#append(alignUp(missing, APPEND_BYTES_MIN))
    await this.#working
  }

  async #append(bytes: number): Promise<void> {
    let left = bytes
    try {
      while (left > 0) {
        const length = Math.min(left, ZEROS.byteLength)
        left -= (await writeAsync(this.#file, ZEROS, 0, length)).bytesWritten
      }
    } catch (cause) {
      throw noRoom(this.#path, left, cause)
    }
  }

  /** Waits for what is on its way: its descriptor may by then be another file's. */
  async close(): Promise<void> {
    await this.#working?.catch(() => {})
    closeSync(this.#file)
  }
}

/** Throws DISK_FULL when a new log would find no room at `path`, a file that is made and removed. */
export function probeRoom(path: string): void {
  let left = growthOf([])
  const file = openSync(path, 'w')
  try {
    while (left > 0) left -= writeSync(file, ZEROS, 0, left)
  } catch (cause) {
    throw noRoom(path, left, cause)
  } finally {
    closeSync(file)
    rmSync(path, { force: true })
  }
}

function noRoom(path: string, bytes: number, cause: unknown): unknown {
  const { code } = cause as NodeJS.ErrnoException
  if (!fullErrors.has(code)) return cause
  const message = `${path}: expected room for ${formatBytes(bytes)} more, found none (${code})`
  return new RollcastError('DISK_FULL', message, { cause })
}
