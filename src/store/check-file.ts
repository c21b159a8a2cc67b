// Looks at the data file before LMDB maps it: a file that ends before its last page is a SIGBUS,
// and a foreign one is silently written over. Never call this in a process that has the log open:
// closing any descriptor of the file would drop LMDB's locks.
//
// A page of LMDB starts with its number (u64), transaction (u64), u16 pad, u16 flags; the meta
// pages 0 and 1 continue at byte 24 with what is read below.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { isPowerOfTwo } from '../base/bytes.ts'
import { RollcastError } from '../base/errors.ts'

const META_FLAG = 0x08
const TREE_FLAGS = 0x03
const MAGIC = 0xbeefc0de
const DATA_VERSION = 2
const META_BYTES = 168
/**
 * A writer may commit between two of our reads, and its pages then seem to contradict each other:
 * only what is wrong at every look is damage.
 */
const LOOKS_MAX = 10
const LOOK_AGAIN_MILLIS = 2
const NO_PAGE = 0xffff_ffff_ffff_ffffn

interface Meta {
  readonly pageSize: number
  readonly roots: readonly bigint[]
  readonly lastPage: bigint
  readonly transaction: bigint
}

/**
 * Throws LOG_FOREIGN for a file that is no LMDB database and LOG_CORRUPT for one that is cut off
 * or whose meta pages contradict it. False when there is no file yet.
 */
export function checkDataFile(path: string): boolean {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw new RollcastError('CANNOT_CREATE', `${path} cannot be read`, { cause })
  }
  try {
    const stat = fstatSync(file)
    if (!stat.isFile()) throw foreign(path, 'a file', 'something else')
    // A log begins with a whole file (replace-file.ts), so this one has lost its contents.
    if (stat.size === 0) throw corrupt(path, 'the file is empty')
    for (let look = 1; ; look++) {
      const problem = findProblem(path, file)
      if (problem === undefined) return true
      if (look === LOOKS_MAX) throw problem
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_AGAIN_MILLIS)
    }
  } finally {
    closeSync(file)
  }
}

const foreign = (path: string, expected: string, found: string): RollcastError =>
  new RollcastError('LOG_FOREIGN', `${path}: expected ${expected}, found ${found}`)

const corrupt = (path: string, message: string): RollcastError =>
  new RollcastError('LOG_CORRUPT', `${path}: ${message}`)

/** The damage that one look finds, if any. */
function findProblem(path: string, file: number): RollcastError | undefined {
  try {
    checkPages(path, file)
    return undefined
  } catch (error) {
    if (error instanceof RollcastError && error.code === 'LOG_CORRUPT') return error
    throw error
  }
}

function checkPages(path: string, file: number): void {
  const first = readMeta(path, file, 0)
  if (!isPowerOfTwo(first.pageSize) || first.pageSize < 512 || first.pageSize > 65_536) {
    throw corrupt(path, `a page size of ${first.pageSize} B is impossible`)
  }
  const second = readMeta(path, file, first.pageSize)
  if (second.pageSize !== first.pageSize) {
    throw corrupt(path, `its meta pages disagree: ${first.pageSize} B and ${second.pageSize} B`)
  }
  const newest = first.transaction > second.transaction ? first : second
  for (const [index, meta] of [first, second].entries()) {
    const parity = Number(meta.transaction & 1n)
    // They take turns, one transaction apart; 0 is a page that no transaction has reached yet.
    const apart = newest.transaction - meta.transaction
    if (meta.transaction > 0n && (parity !== index || apart > 1n)) {
      throw corrupt(path, `meta page ${index} says transaction ${meta.transaction}`)
    }
  }
  // Pages are written before the meta page that names them, so the size is read after that.
  const { size } = fstatSync(file)
  const expected = (newest.lastPage + 1n) * BigInt(newest.pageSize)
  if (BigInt(size) < expected) {
    throw corrupt(path, `expected at least ${expected} B, found ${size}: the file was cut off`)
  }
  for (const root of newest.roots) checkRoot(path, file, newest, root)
}

function readMeta(path: string, file: number, offset: number): Meta {
  const bytes = Buffer.alloc(META_BYTES)
  const length = readSync(file, bytes, 0, META_BYTES, offset)
  if (length < META_BYTES) throw foreign(path, 'an LMDB database', `${offset + length} B`)
  const magic = bytes.readUInt32LE(24)
  if ((bytes.readUInt16LE(18) & META_FLAG) === 0 || magic !== MAGIC) {
    throw foreign(path, 'an LMDB database', `other bytes at ${offset}`)
  }
  const version = bytes.readUInt32LE(28) & 0xffff
  if (version !== DATA_VERSION)
    throw foreign(path, `LMDB data version ${DATA_VERSION}`, `${version}`)
  return {
    pageSize: bytes.readUInt32LE(48),
    roots: [bytes.readBigUInt64LE(88), bytes.readBigUInt64LE(136)],
    lastPage: bytes.readBigUInt64LE(144),
    transaction: bytes.readBigUInt64LE(152),
  }
}

function checkRoot(path: string, file: number, meta: Meta, root: bigint): void {
  if (root === NO_PAGE) return
  if (root > meta.lastPage) throw corrupt(path, `a root on page ${root} of ${meta.lastPage}`)
  const bytes = Buffer.alloc(24)
  readSync(file, bytes, 0, 24, Number(root) * meta.pageSize)
  if (bytes.readBigUInt64LE(0) !== root || (bytes.readUInt16LE(18) & TREE_FLAGS) === 0) {
    throw corrupt(path, `page ${root} is not the root that the meta page says`)
  }
}
