// One of LMDB's B-trees, walked page by page from the file's bytes. Every page must be the one that
// its parent means, of the right kind, in order and within its parent's bounds, and belong to
// nothing else; then LMDB finds its way in it.
import { RollcastError } from '../base/errors.ts'
import type { PageFile } from './page-file.ts'
import {
  flagsOf,
  type Meta,
  type Node,
  pageFlags,
  pageNumber,
  pageTransaction,
  readNodes,
  readU64,
  type Tree,
} from './pages.ts'

/** Deeper than any tree that fits a file; LMDB itself stops at 32. */
const DEPTH_MAX = 32
const KEY_BYTES_MAX = 511

/** Which pages have an owner, a bit for each. */
export class PageOwners {
  readonly #lastPage: number
  readonly #owned: Uint8Array

  constructor(lastPage: number) {
    this.#lastPage = lastPage
    this.#owned = new Uint8Array(Math.floor(lastPage / 8) + 1)
    this.take(0, 2) // the meta pages
  }

  /** Takes `count` pages from `page` on; throws when there are none or one is taken. */
  take(page: number, count: number): void {
    if (!(count >= 1 && page + count - 1 <= this.#lastPage)) {
      throw new Error(`${count} pages from ${page} on, the last one is ${this.#lastPage}`)
    }
    for (let at = page; at < page + count; at++) {
      const bit = 1 << (at & 7)
      if (this.#owned[at >> 3]! & bit) throw new Error(`page ${at} has another owner`)
      this.#owned[at >> 3]! |= bit
    }
  }
}

export interface WalkOptions {
  readonly owners: PageOwners
  /** Keys are numbers of 8 bytes, not strings of bytes. */
  readonly integerKeys: boolean
  /** Called for every entry, in order of the keys; the page is gone afterwards. */
  readonly onEntry: (page: Buffer, entry: Node, pageNumber: number) => void
}

/** Throws an Error that says what is wrong with `tree`, and on which page. */
export function walkTree(file: PageFile, meta: Meta, tree: Tree, options: WalkOptions): void {
  new TreeWalk(file, meta, options).run(tree)
}

/** A key where it stands. */
interface Key {
  readonly bytes: Buffer
  readonly node: Node
}

/** Keys of a page are from `low` on and below `high`. */
interface Bounds {
  readonly low: Key | undefined
  readonly high: Key | undefined
}

class TreeWalk {
  readonly #file: PageFile
  readonly #meta: Meta
  readonly #options: WalkOptions
  /** One buffer for each level: while a page is walked, those above it stay. */
  readonly #pages: Buffer[] = []
  #branchPages = 0
  #leafPages = 0
  #entries = 0

  constructor(file: PageFile, meta: Meta, options: WalkOptions) {
    this.#file = file
    this.#meta = meta
    this.#options = options
  }

  run(tree: Tree): void {
    if ((tree.root === undefined) !== (tree.depth === 0) || tree.depth > DEPTH_MAX) {
      throw new Error(`a depth of ${tree.depth}`)
    }
    if (tree.root !== undefined) {
      this.#page(tree.root, tree.depth, { low: undefined, high: undefined })
    }
    expectSame('branches', this.#branchPages, tree.branchPages)
    expectSame('leaves', this.#leafPages, tree.leafPages)
    expectSame('entries', this.#entries, tree.entries)
  }

  /** Leaves are of level 1. */
  #page(number: number, level: number, bounds: Bounds): void {
    this.#options.owners.take(number, 1)
    const bytes = this.#load(number, level)
    try {
      const kind = level === 1 ? pageFlags.leaf : pageFlags.branch
      expectSame('its number', number, pageNumber(bytes))
      expectSame('its kind', kind, flagsOf(bytes))
      if (pageTransaction(bytes) > this.#meta.transaction) throw new Error('it is of the future')
      const nodes = readNodes(bytes)
      if (nodes.length < (level === 1 ? 1 : 2)) throw new Error(`${nodes.length} nodes`)
      // The first key of a branch is empty: nobody compares it.
      this.#checkOrder(bytes, level === 1 ? nodes : nodes.slice(1), bounds)
      if (level > 1) this.#children(bytes, nodes, level, bounds)
      else this.#leaf(number, bytes, nodes)
    } catch (cause) {
      const told = cause instanceof PageError || cause instanceof RollcastError
      throw told ? cause : new PageError(number, cause as Error)
    }
  }

  #load(number: number, level: number): Buffer {
    const { pageSize } = this.#meta.free
    this.#pages[level] ??= Buffer.alloc(pageSize)
    const bytes = this.#pages[level]!
    this.#file.read(bytes, number * pageSize)
    return bytes
  }

  #checkOrder(bytes: Buffer, nodes: readonly Node[], { low, high }: Bounds): void {
    const { integerKeys } = this.#options
    let before = low
    let differenceMin = 0
    for (const node of nodes) {
      const { keyBytes } = node
      if (keyBytes === 0 || keyBytes > KEY_BYTES_MAX || (integerKeys && keyBytes !== 8)) {
        throw new Error(`a key of ${keyBytes} B`)
      }
      const key = { bytes, node }
      if (before && compare(key, before, integerKeys) < differenceMin) throw new Error('no order')
      before = key
      differenceMin = 1
    }
    if (before && high && compare(before, high, integerKeys) >= 0) throw new Error('no order')
  }

  #children(bytes: Buffer, nodes: readonly Node[], level: number, { low, high }: Bounds): void {
    this.#branchPages++
    for (const [i, node] of nodes.entries()) {
      const next = nodes[i + 1]
      this.#page(node.child, level - 1, {
        low: i === 0 ? low : { bytes, node },
        high: next ? { bytes, node: next } : high,
      })
    }
  }

  #leaf(number: number, bytes: Buffer, nodes: readonly Node[]): void {
    this.#leafPages++
    this.#entries += nodes.length
    for (const node of nodes) this.#options.onEntry(bytes, node, number)
  }
}

class PageError extends Error {
  constructor(page: number, cause: Error) {
    super(`page ${page}: ${cause.message}`, { cause })
  }
}

export function expectSame(what: string, expected: number, found: number): void {
  if (expected !== found) throw new Error(`${what}: expected ${expected}, found ${found}`)
}

/** Negative, 0 or positive, as LMDB orders keys. */
function compare(a: Key, b: Key, integers: boolean): number {
  const { keyAt: aAt, keyBytes: aBytes } = a.node
  const { keyAt: bAt, keyBytes: bBytes } = b.node
  if (integers) return readU64(a.bytes, aAt) - readU64(b.bytes, bAt)
  const shared = Math.min(aBytes, bBytes)
  for (let i = 0; i < shared; i++) {
    const difference = a.bytes[aAt + i]! - b.bytes[bAt + i]!
    if (difference !== 0) return difference
  }
  return aBytes - bBytes
}
