// LMDB's data file (version 2, as lmdb-js 3 writes it) as bytes: what a page says, read without
// mapping the file, so that nothing in it can take the process down. Knows no tables and believes
// no number before it is checked.
//
//  page   0 u64 its number   8 u64 transaction   16 u16 0   18 u16 flags
//         20 u16 bytes of node offsets   22 u16 where the nodes begin      (u32 pages: a large value)
//         24 u16[] offsets of the nodes, sorted by key; offsets count from byte 24
//  node   0 u32 bytes of the value (branch: u48 the child's number)   4 u16 flags   6 u16 key bytes
//         8 key, then the value, or where the large value is: u64 page, u64 transaction, u64 pages
//  tree   0 u32 page size or 0   4 u16 flags   6 u16 depth   8 u64 branches   16 u64 leaves
//         24 u64 pages of large values   32 u64 entries   40 u64 root
//  meta   (pages 0 and 1) 24 u32 magic   28 u32 version   32 u64 0   40 u64 bytes of the map
//         48 tree of free pages   96 tree of tables   144 u64 last page   152 u64 transaction

export const PAGE_HEADER_BYTES = 24
export const META_BYTES = 168
export const TREE_BYTES = 48
export const META_MAGIC = 0xbeefc0de
export const DATA_VERSION = 2

export const pageFlags = { branch: 1, leaf: 2, overflow: 4, meta: 8 } as const
export const nodeFlags = { large: 1, tree: 2 } as const

const NODE_HEADER_BYTES = 8
const LARGE_BYTES = 24
const TWO_32 = 0x1_0000_0000
const ALL_ONES = 0xffff_ffff

/** A B-tree, as its parent describes it. */
export interface Tree {
  readonly pageSize: number
  readonly flags: number
  readonly depth: number
  readonly branchPages: number
  readonly leafPages: number
  readonly overflowPages: number
  readonly entries: number
  /** Undefined for a tree without entries. */
  readonly root: number | undefined
}

/** A meta page: what the file was after a transaction. */
export interface Meta {
  readonly flags: number
  readonly magic: number
  readonly version: number
  readonly free: Tree
  readonly tables: Tree
  readonly lastPage: number
  readonly transaction: number
}

/** A large value: consecutive pages of its own, of which only the first has a header. */
export interface Large {
  readonly page: number
  readonly transaction: number
  readonly pages: number
}

/** An entry of a leaf, or a child of a branch. Offsets count from the start of the page. */
export interface Node {
  readonly keyAt: number
  readonly keyBytes: number
  readonly flags: number
  /** A leaf's: bytes of the value, and where it begins unless it is large. */
  readonly valueBytes: number
  readonly valueAt: number
  readonly large: Large | undefined
  /** A branch's. */
  readonly child: number
}

/** A number of 8 bytes; not exact past 2^53, which nothing that is whole reaches. */
export const readU64 = (bytes: Buffer, at: number): number =>
  bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * TWO_32

export const pageNumber = (page: Buffer): number => readU64(page, 0)
export const pageTransaction = (page: Buffer): number => readU64(page, 8)
export const flagsOf = (page: Buffer): number => page.readUInt16LE(18)
/** Of the first page of a large value. */
export const overflowPages = (page: Buffer): number => page.readUInt32LE(20)

/** Pages that a large value of `bytes` takes. */
export const pagesFor = (bytes: number, pageSize: number): number =>
  Math.ceil((PAGE_HEADER_BYTES + bytes) / pageSize)

export function readTree(bytes: Buffer, at: number): Tree {
  const none = bytes.readUInt32LE(at + 40) === ALL_ONES && bytes.readUInt32LE(at + 44) === ALL_ONES
  return {
    pageSize: bytes.readUInt32LE(at),
    flags: bytes.readUInt16LE(at + 4),
    depth: bytes.readUInt16LE(at + 6),
    branchPages: readU64(bytes, at + 8),
    leafPages: readU64(bytes, at + 16),
    overflowPages: readU64(bytes, at + 24),
    entries: readU64(bytes, at + 32),
    root: none ? undefined : readU64(bytes, at + 40),
  }
}

/** `page` holds at least the first 168 bytes of a meta page. */
export const readMeta = (page: Buffer): Meta => ({
  flags: flagsOf(page),
  magic: page.readUInt32LE(24),
  version: page.readUInt32LE(28) & 0xffff,
  free: readTree(page, 48),
  tables: readTree(page, 96),
  lastPage: readU64(page, 144),
  transaction: readU64(page, 152),
})

/**
 * The nodes of a branch or leaf, in order. Throws an Error that says what is impossible; after
 * that, every offset lies within the page and the bytes of all nodes fill the page.
 */
export function readNodes(page: Buffer): Node[] {
  const branch = flagsOf(page) === pageFlags.branch
  const lower = page.readUInt16LE(20)
  const upper = page.readUInt16LE(22)
  const room = page.byteLength - PAGE_HEADER_BYTES
  if (lower % 2 !== 0 || lower > upper || upper > room) {
    throw new Error(`nodes from ${upper} on, ${lower} B of offsets, in ${room} B`)
  }
  const nodes: Node[] = []
  let bytes = 0
  for (let i = 0; i < lower; i += 2) {
    const offset = page.readUInt16LE(PAGE_HEADER_BYTES + i)
    if (offset < upper || offset + NODE_HEADER_BYTES > room || offset % 2 !== 0) {
      throw new Error(`node ${i / 2} at ${offset} of ${room}`)
    }
    const node = readNode(page, PAGE_HEADER_BYTES + offset, branch)
    const length = nodeBytes(node, branch)
    if (offset + length > room) throw new Error(`node ${i / 2} ends past the page`)
    bytes += length + (length % 2)
    nodes.push(node)
  }
  // They fill the page from `upper` on without a gap, so the sum tells when two overlap.
  if (bytes !== room - upper) throw new Error(`nodes of ${bytes} B in ${room - upper} B`)
  return nodes
}

function readNode(page: Buffer, at: number, branch: boolean): Node {
  const low = page.readUInt32LE(at)
  const flags = page.readUInt16LE(at + 4)
  const keyBytes = page.readUInt16LE(at + 6)
  const keyAt = at + NODE_HEADER_BYTES
  const valueAt = keyAt + keyBytes
  const fits = valueAt + LARGE_BYTES <= page.byteLength
  const large = !branch && flags === nodeFlags.large && fits ? readLarge(page, valueAt) : undefined
  const child = branch ? low + flags * TWO_32 : 0
  return { keyAt, keyBytes, flags, valueBytes: low, valueAt, large, child }
}

const readLarge = (page: Buffer, at: number): Large => ({
  page: readU64(page, at),
  transaction: readU64(page, at + 8),
  pages: readU64(page, at + 16),
})

function nodeBytes(node: Node, branch: boolean): number {
  const head = NODE_HEADER_BYTES + node.keyBytes
  if (branch) return head
  return head + (node.flags & nodeFlags.large ? LARGE_BYTES : node.valueBytes)
}

/** The key of a node, a view. */
export const keyOf = (page: Buffer, node: Node): Buffer =>
  page.subarray(node.keyAt, node.keyAt + node.keyBytes)
