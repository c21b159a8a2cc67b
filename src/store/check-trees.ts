// Checks all that LMDB believes of a file: every tree, every place of a large value, the list of
// free pages. A wild number in any of them is a SIGBUS or an abort of the process that maps the
// file, or a write over live pages. What stands in the values is left to their checksums.
import { RollcastError } from '../base/errors.ts'
import type { PageFile } from './page-file.ts'
import { expectSame, PageOwners, walkTree } from './page-tree.ts'
import {
  flagsOf,
  keyOf,
  type Large,
  type Meta,
  type Node,
  nodeFlags,
  overflowPages,
  PAGE_HEADER_BYTES,
  pageFlags,
  pageNumber,
  pagesFor,
  readTree,
  readU64,
  TREE_BYTES,
  type Tree,
} from './pages.ts'
import { FENCE, type Table, tables } from './storage.ts'

/** lmdb-js marks a table whose values begin with a version. */
const VERSIONED = 0x100
/** LMDB's mark of keys that are numbers. */
const INTEGER_KEYS = 0x08
/** Bytes of the epoch with its version. */
const EPOCH_BYTES = 12
/**
 * Of large values in the two big tables only the newest have their own page looked at: to read one
 * LMDB needs nothing of that page, and opening deletes at most the newest (a torn tail).
 */
const NEWEST_LARGE = 1024

const keyLengths: Partial<Record<string, number>> = { events: 8, frames: 8, episodes: 4 }
const bigTables: readonly string[] = ['events', 'frames'] satisfies Table[]
const names: readonly string[] = [...tables, FENCE]

/** Throws an Error that says what is wrong and on which page; LOG_FOREIGN for a strange table. */
export function checkTrees(file: PageFile, meta: Meta): void {
  const check = new TreesCheck(file, meta)
  check.tables()
  // Last, because only then is it known which pages are in use.
  check.freePages()
}

class TreesCheck {
  readonly #file: PageFile
  readonly #meta: Meta
  readonly #owners: PageOwners

  constructor(file: PageFile, meta: Meta) {
    this.#file = file
    this.#meta = meta
    this.#owners = new PageOwners(meta.lastPage)
  }

  get #pageSize(): number {
    return this.#meta.free.pageSize
  }

  tables(): void {
    const found: { name: string; tree: Tree }[] = []
    this.#walk('tables', this.#meta.tables, 0, (page, node) => {
      const name = keyOf(page, node).toString('latin1').replace('\0', '') // lmdb ends names with it
      if (!names.includes(name)) throw this.#foreign(name)
      expectSame('the kind of a table', nodeFlags.tree, node.flags)
      expectSame('the bytes of a table', TREE_BYTES, node.valueBytes)
      found.push({ name, tree: readTree(page, node.valueAt) })
    })
    for (const { name, tree } of found) this.#table(name, tree)
  }

  #foreign(name: string): RollcastError {
    return new RollcastError(
      'LOG_FOREIGN',
      `${this.#file.path}: expected a Rollcast log, found an LMDB database with a table ${name}`,
    )
  }

  #table(name: string, tree: Tree): void {
    const large = new LargeValues(this.#file, this.#pageSize, this.#owners)
    const keyBytes = keyLengths[name]
    this.#walk(name, tree, name === FENCE ? VERSIONED : 0, (page, node) => {
      if (keyBytes !== undefined) expectSame('bytes of a key', keyBytes, node.keyBytes)
      large.take(node, bigTables.includes(name))
      if (name === FENCE) checkEpoch(page, node)
    })
    large.finish(name, tree)
  }

  freePages(): void {
    const name = 'free pages'
    const tree = this.#meta.free
    const large = new LargeValues(this.#file, this.#pageSize, this.#owners)
    this.#walk(name, tree, INTEGER_KEYS, (page, node) => {
      large.take(node, false)
      const at = node.large && node.large.page * this.#pageSize + PAGE_HEADER_BYTES
      const list = Buffer.from(page.subarray(node.valueAt, node.valueAt + node.valueBytes))
      if (at === undefined) return this.#freeList(list)
      const pages = Buffer.alloc(node.valueBytes)
      this.#file.read(pages, at)
      this.#freeList(pages)
    })
    large.finish(name, tree)
  }

  /** How many words, then page numbers; -n says that n pages from the next number on are free. */
  #freeList(list: Buffer): void {
    const words = list.byteLength < 8 ? Number.POSITIVE_INFINITY : readU64(list, 0)
    if (list.byteLength % 8 !== 0 || (words + 1) * 8 > list.byteLength) {
      throw new Error(`${words} words in a list of ${list.byteLength} B`)
    }
    for (let at = 8; at <= words * 8; at += 8) {
      const count = -Number(list.readBigInt64LE(at))
      if (count === 0) continue
      if (count > 0) at += 8
      if (at > words * 8) throw new Error('a list of free pages ends within a run of them')
      this.#owners.take(readU64(list, at), Math.max(1, count))
    }
  }

  #walk(
    name: string,
    tree: Tree,
    flags: number,
    onEntry: (page: Buffer, node: Node) => void,
  ): void {
    try {
      expectSame('its flags', flags, tree.flags)
      const integerKeys = flags === INTEGER_KEYS
      walkTree(this.#file, this.#meta, tree, { owners: this.#owners, integerKeys, onEntry })
    } catch (cause) {
      if (cause instanceof RollcastError) throw cause
      throw new Error(`tree of ${name}: ${(cause as Error).message}`, { cause })
    }
  }
}

/** The large values of one tree. */
class LargeValues {
  readonly #file: PageFile
  readonly #pageSize: number
  readonly #owners: PageOwners
  #newest: Large[] = []
  #pages = 0

  constructor(file: PageFile, pageSize: number, owners: PageOwners) {
    this.#file = file
    this.#pageSize = pageSize
    this.#owners = owners
  }

  /** Checks where the value of `node` is, if it is large. */
  take({ flags, large, valueBytes }: Node, newestOnly: boolean): void {
    if (flags === 0) return
    expectSame('the kind of an entry', nodeFlags.large, flags)
    // More than it needs, where LMDB put it into the place of a longer one.
    if (large === undefined || large.pages < pagesFor(valueBytes, this.#pageSize)) {
      throw new Error(`${valueBytes} B in ${large?.pages} pages`)
    }
    this.#owners.take(large.page, large.pages)
    this.#pages += large.pages
    this.#newest.push(large)
    if (newestOnly && this.#newest.length > 2 * NEWEST_LARGE) {
      this.#newest = this.#newest.slice(-NEWEST_LARGE)
    }
  }

  finish(name: string, tree: Tree): void {
    const header = Buffer.alloc(PAGE_HEADER_BYTES)
    for (const { page, pages } of this.#newest) {
      this.#file.read(header, page * this.#pageSize)
      const right = pageNumber(header) === page && flagsOf(header) === pageFlags.overflow
      if (right && overflowPages(header) === pages) continue
      throw new Error(`tree of ${name}: page ${page} is not the value that it should be`)
    }
    expectSame(`tree of ${name}: pages of large values`, this.#pages, tree.overflowPages)
  }
}

/** The epoch stands there twice, and no checksum guards it. */
function checkEpoch(page: Buffer, { valueAt, valueBytes, large }: Node): void {
  expectSame('bytes of the epoch', EPOCH_BYTES, large ? 0 : valueBytes)
  expectSame('the epoch', page.readDoubleLE(valueAt), page.readUInt32LE(valueAt + 8))
}
