// Looks at the data file before LMDB maps it: LMDB believes what its pages say, so a file that was
// cut off, a zeroed page or one flipped bit in a page number ends the process that maps it, and a
// foreign file is silently written over. Here it is read, not mapped, so nothing in it can do harm
// (docs/decisions/0005-damage.md). Never call this in a process that has the log open: closing any
// descriptor of the file would drop LMDB's locks.
import { isDeepStrictEqual } from 'node:util'
import { isPowerOfTwo } from '../base/bytes.ts'
import { RollcastError } from '../base/errors.ts'
import { checkTrees } from './check-trees.ts'
import { PageFile } from './page-file.ts'
import { DATA_VERSION, META_BYTES, META_MAGIC, type Meta, pageFlags, readMeta } from './pages.ts'

/**
 * A writer may commit between two of our reads, and its pages then seem to contradict each other:
 * only what is wrong while nothing was committed is damage. A file that never stands still for a look
 * is taken for whole: its writer lives by it.
 */
const LOOKS_MAX = 10
const LOOK_AGAIN_MILLIS = 2

/**
 * Throws LOG_FOREIGN for a file that is no LMDB database and LOG_CORRUPT for one that LMDB could
 * not read to its end. False when there is no file yet.
 */
export function checkDataFile(path: string): boolean {
  const file = PageFile.open(path)
  if (file === undefined) return false
  try {
    checkPages(file)
    return true
  } finally {
    file.close()
  }
}

/** The same, of a file that is open. */
export function checkPages(file: PageFile): void {
  const { path } = file
  if (!file.isFile) throw foreign(path, 'a file', 'something else')
  // A log begins with a whole file (put-file.ts), so this one has lost its contents.
  if (file.size === 0) throw corrupt(path, 'the file is empty')
  for (let look = 1; ; look++) {
    const problem = findProblem(file)
    if (problem === undefined) return
    if (!problem.moved) throw problem.error
    if (look === LOOKS_MAX) return
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_AGAIN_MILLIS)
  }
}

const foreign = (path: string, expected: string, found: string): RollcastError =>
  new RollcastError('LOG_FOREIGN', `${path}: expected ${expected}, found ${found}`)

const corrupt = (path: string, message: string): RollcastError =>
  new RollcastError('LOG_CORRUPT', `${path}: ${message}`)

interface Problem {
  readonly error: RollcastError
  /**
   * Something was committed meanwhile, and may have written over what it gave up: that would be no
   * damage. Otherwise another look would find the same.
   */
  readonly moved: boolean
}

/** What one look finds wrong, if anything. */
function findProblem(file: PageFile): Problem | undefined {
  const metas = readMetas(file)
  try {
    checkTrees(file, newestOf(file, metas))
    return undefined
  } catch (cause) {
    // All of them: who reads a meta page while it is written has half of one transaction's and half of
    // another's, under the number of either.
    const moved = !isDeepStrictEqual(readMetas(file), metas)
    const error =
      cause instanceof RollcastError ? cause : corrupt(file.path, (cause as Error).message)
    return { error, moved }
  }
}

/** Both meta pages, at two moments: a transaction may have come between. */
function readMetas(file: PageFile): readonly [Meta, Meta] {
  const { path } = file
  const first = metaAt(file, 0)
  const { pageSize } = first.free
  if (!isPowerOfTwo(pageSize) || pageSize < 512 || pageSize > 65_536) {
    throw corrupt(path, `a page size of ${pageSize} B is impossible`)
  }
  const second = metaAt(file, pageSize)
  if (second.free.pageSize !== pageSize) {
    throw corrupt(path, `its meta pages disagree: ${pageSize} B and ${second.free.pageSize} B`)
  }
  return [first, second]
}

/** The newer one, when both agree with each other and with the size of the file. */
function newestOf(file: PageFile, metas: readonly [Meta, Meta]): Meta {
  const { path } = file
  const [first, second] = metas
  const newest = first.transaction > second.transaction ? first : second
  for (const [index, meta] of metas.entries()) {
    // They take turns, one transaction apart; 0 is a page that no transaction has reached yet.
    const apart = newest.transaction - meta.transaction
    if (meta.transaction > 0 && (meta.transaction % 2 !== index || apart > 1)) {
      throw corrupt(path, `meta page ${index} says transaction ${meta.transaction}`)
    }
  }
  // Pages are written before the meta page that names them, so the size is read after that.
  const { size } = file
  const expected = (newest.lastPage + 1) * newest.free.pageSize
  if (size < expected) {
    throw corrupt(path, `expected at least ${expected} B, found ${size}: the file was cut off`)
  }
  return newest
}

function metaAt(file: PageFile, offset: number): Meta {
  const { path } = file
  const bytes = Buffer.alloc(META_BYTES)
  const length = file.read(bytes, offset)
  if (length < META_BYTES) throw foreign(path, 'an LMDB database', `${offset + length} B`)
  const meta = readMeta(bytes)
  if ((meta.flags & pageFlags.meta) === 0 || meta.magic !== META_MAGIC) {
    throw foreign(path, 'an LMDB database', `other bytes at ${offset}`)
  }
  if (meta.version !== DATA_VERSION) {
    throw foreign(path, `LMDB data version ${DATA_VERSION}`, `${meta.version}`)
  }
  return meta
}

/** The number of the last transaction in the data file at `path`; -1 when that is not certain. */
export function newestTransaction(path: string): number {
  const file = PageFile.open(path)
  if (file === undefined) return -1
  try {
    return newestOf(file, readMetas(file)).transaction
  } catch {
    return -1
  } finally {
    file.close()
  }
}
