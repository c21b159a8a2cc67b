// Finds what is whole in a data file whatever its trees say: every batch by its magic, and every
// entry of every leaf that can be read, live or given up. It only reads; what it finds is checked
// by checksums, and the choice among several versions is left to salvage.ts.
import { isPowerOfTwo, KIB, MIB } from '../base/bytes.ts'
import { BATCH_HEADER_BYTES, BATCH_MAGIC, openBatch } from './batch-codec.ts'
import { readSeqKey } from './keys.ts'
import type { PageFile } from './page-file.ts'
import {
  flagsOf,
  META_BYTES,
  META_MAGIC,
  type Meta,
  type Node,
  nodeFlags,
  PAGE_HEADER_BYTES,
  pageFlags,
  pageNumber,
  pageTransaction,
  readMeta,
  readNodes,
  readU64,
} from './pages.ts'

/** A whole batch, and where it is. */
export interface FoundBatch {
  readonly firstSeq: number
  readonly lastSeq: number
  readonly epoch: number
  readonly crc: number
  readonly previousCrc: number
  readonly offset: number
  readonly bytes: number
  /** That wrote the page it begins on. */
  readonly transaction: number
}

/** An entry of a leaf: where its value is, and the transaction that wrote the value's page. */
export interface FoundValue {
  readonly offset: number
  readonly bytes: number
  readonly transaction: number
}

export interface Findings {
  /** By first number; several when earlier lives of the log left theirs behind. */
  readonly batches: ReadonlyMap<number, readonly FoundBatch[]>
  /** Where leaves say that batches are, whole or not, by first number; the newest first. */
  readonly places: ReadonlyMap<number, readonly FoundValue[]>
  /** All other values by key, as latin-1 text; the newest first. */
  readonly values: ReadonlyMap<string, readonly FoundValue[]>
  /** The transaction that a writer may have died in: pages of it are no part of the log. */
  readonly unfinished: number
}

/** Pieces that are read at once; whole pages, whatever their size. */
const PIECE_BYTES = 4 * MIB
const DEFAULT_PAGE_BYTES = 4 * KIB
const PAGE_BYTES_MIN = 512
const PAGE_BYTES_MAX = 64 * KIB

/** Entries of a leaf that are looked at to know its table: not all of them are damaged. */
const TABLE_LOOKS = 3

const magic = Buffer.alloc(4)
magic.writeUInt32LE(BATCH_MAGIC)

/** Reads all of `file`; `onProgress` is told how much of it, from 0 to 1. */
export function scanFile(file: PageFile, onProgress?: (fraction: number) => void): Findings {
  const { size } = file
  const { pageSize, unfinished } = metasOf(file)
  const scan = new Scan(file, pageSize, unfinished)
  // A magic may lie across two pieces.
  const piece = Buffer.alloc(Math.min(PIECE_BYTES + magic.byteLength - 1, size))
  for (let at = 0; at < size; at += PIECE_BYTES) {
    const length = file.readSectors(piece, at)
    scan.batchesIn(piece.subarray(0, length), at)
    scan.leavesIn(piece.subarray(0, Math.min(length, PIECE_BYTES)), at)
    onProgress?.(Math.min(1, (at + length) / size))
  }
  return scan.findings()
}

/**
 * The page size, which either meta page says, and the transaction after the newest one. When a meta
 * page is broken, that may be the newest itself.
 */
function metasOf(file: PageFile): { pageSize: number; unfinished: number } {
  const found: Meta[] = []
  const bytes = Buffer.alloc(META_BYTES)
  for (let at = 0; at <= PAGE_BYTES_MAX; at = Math.max(PAGE_BYTES_MIN, at * 2)) {
    if (file.readSectors(bytes, at) < META_BYTES) break
    const meta = readMeta(bytes)
    const { pageSize } = meta.free
    const possible = pageSize >= PAGE_BYTES_MIN && pageSize <= PAGE_BYTES_MAX
    if (meta.magic !== META_MAGIC || !possible || !isPowerOfTwo(pageSize)) continue
    if (at === 0 || at === pageSize) found.push(meta)
  }
  const pageSize = found[0]?.free.pageSize ?? DEFAULT_PAGE_BYTES
  const transactions = found.map(meta => meta.transaction)
  const whole = found.length === 2 && Math.abs(transactions[0]! - transactions[1]!) <= 1
  return { pageSize, unfinished: whole ? Math.max(...transactions) + 1 : Number.NaN }
}

class Scan {
  readonly #file: PageFile
  readonly #size: number
  readonly #pageSize: number
  readonly #unfinished: number
  readonly #batches = new Map<number, FoundBatch[]>()
  readonly #places = new Map<number, FoundValue[]>()
  readonly #values = new Map<string, FoundValue[]>()

  constructor(file: PageFile, pageSize: number, unfinished: number) {
    this.#file = file
    this.#size = file.size
    this.#pageSize = pageSize
    this.#unfinished = unfinished
  }

  batchesIn(piece: Buffer, offset: number): void {
    for (let at = piece.indexOf(magic); at >= 0; at = piece.indexOf(magic, at + 1)) {
      this.#batch(offset + at)
    }
  }

  #batch(offset: number): void {
    const header = Buffer.alloc(BATCH_HEADER_BYTES)
    if (this.#file.readSectors(header, offset) < BATCH_HEADER_BYTES) return
    const firstSeq = readU64(header, 8)
    const bytes = header.readUInt16LE(6) + header.readUInt32LE(40)
    const possible = firstSeq >= 1 && Number.isSafeInteger(firstSeq) && header.readUInt32LE(16) > 0
    if (!possible || offset + bytes > this.#size) return
    const value = Buffer.alloc(bytes)
    this.#file.readSectors(value, offset)
    try {
      const { count, epoch, crc, previousCrc } = openBatch(firstSeq, value)
      const lastSeq = firstSeq + count - 1
      const transaction = this.#transactionAt(offset)
      const found = { firstSeq, lastSeq, epoch, crc, previousCrc, offset, bytes, transaction }
      const known = this.#batches.get(firstSeq) ?? []
      // A leaf that was written again left the same batch behind in its old place.
      const others = known.filter(batch => batch.crc !== crc)
      const same = known.find(batch => batch.crc === crc)
      const newer = same && same.transaction > transaction ? same : found
      this.#batches.set(firstSeq, [...others, newer])
    } catch {
      // Broken, or something else that begins with the same four bytes.
    }
  }

  #transactionAt(offset: number): number {
    const header = Buffer.alloc(PAGE_HEADER_BYTES)
    this.#file.readSectors(header, offset - (offset % this.#pageSize))
    return pageTransaction(header)
  }

  leavesIn(piece: Buffer, offset: number): void {
    const pageSize = this.#pageSize
    for (let at = 0; at + pageSize <= piece.byteLength; at += pageSize) {
      const page = piece.subarray(at, at + pageSize)
      const number = (offset + at) / pageSize
      if (flagsOf(page) !== pageFlags.leaf || pageNumber(page) !== number) continue
      try {
        this.#leaf(page, offset + at)
      } catch {
        // Something else that looks like a leaf, or a damaged one.
      }
    }
  }

  #leaf(page: Buffer, offset: number): void {
    if (pageTransaction(page) === this.#unfinished) return
    const entries = readNodes(page).filter(node => this.#isPossible(node))
    const values = entries.map(({ large, valueAt, valueBytes: bytes }) => ({
      offset: large ? large.page * this.#pageSize + PAGE_HEADER_BYTES : offset + valueAt,
      bytes,
      transaction: large?.transaction ?? pageTransaction(page),
    }))
    // Events and frames have the same keys, but no leaf has both.
    const batches = values.slice(0, TABLE_LOOKS).some(value => this.#beginsBatch(value))
    for (const [i, node] of entries.entries()) {
      const key = page.toString('latin1', node.keyAt, node.keyAt + node.keyBytes)
      const seq = batches ? seqOf(key) : undefined
      const isNew = node.large === undefined
      if (seq === undefined) add(this.#values, key, values[i]!, isNew)
      else add(this.#places, seq, values[i]!, isNew)
    }
  }

  #isPossible({ flags, large, valueBytes }: Node): boolean {
    if (flags === nodeFlags.tree) return false
    return large === undefined || large.page * this.#pageSize + valueBytes < this.#size
  }

  #beginsBatch({ offset }: FoundValue): boolean {
    const start = Buffer.alloc(magic.byteLength)
    this.#file.readSectors(start, offset)
    return start.equals(magic)
  }

  findings(): Findings {
    for (const known of [...this.#values.values(), ...this.#places.values()]) {
      known.sort((a, b) => b.transaction - a.transaction)
    }
    return {
      batches: this.#batches,
      places: this.#places,
      values: this.#values,
      unfinished: this.#unfinished,
    }
  }
}

/** Adds what is not known yet; what stands in its own leaf cannot be known. */
function add<K>(to: Map<K, FoundValue[]>, key: K, value: FoundValue, isNew: boolean): void {
  const known = to.get(key)
  if (known === undefined) to.set(key, [value])
  else if (isNew || !known.some(({ offset }) => offset === value.offset)) known.push(value)
}

/** The number that a key of 8 bytes says; undefined for other keys. */
export function seqOf(key: string): number | undefined {
  if (key.length !== 8) return undefined
  const seq = readSeqKey(Buffer.from(key, 'latin1'))
  return Number.isSafeInteger(seq) && seq >= 1 ? seq : undefined
}
