// The log's tables in one LMDB environment; the only file that knows lmdb. Its settings are the
// ones under which nothing is visible before it is durable and nothing corrupts (docs/durability.md).
// Commits run on lmdb's own thread, so the caller's thread never waits for the disk.
import { join } from 'node:path'
import { type Database, open, type RootDatabase } from 'lmdb'
import { RollcastError } from '../base/errors.ts'
import { limits } from '../protocol/limits.ts'
import { FileRoom, growthOf } from './file-room.ts'
import { nameKey, readNameKey } from './keys.ts'
import { untilNobodyOpens } from './opening.ts'
import { DATA_FILE, spaceIn } from './place.ts'
import type { KeyRange, LogStorage, Space, Table, Write } from './storage.ts'
import { FENCE, tables } from './storage.ts'

const EPOCH_KEY = nameKey('epoch')
const EPOCH_BYTES = 4

export interface LmdbOptions {
  /** For a process that only reads. Never in the writer's process: the environment is shared. */
  readonly readOnly?: boolean
  /** Leaves the meta page to the next commit or `sync` (level `relaxed`). */
  readonly deferMetaSync?: boolean
  /** For a file in the making, which is flushed as a whole before it comes to its place. */
  readonly inTheMaking?: boolean
}

/** What lmdb-js knows of the environment and does not tell TypeScript. */
interface Info {
  readonly lastPageNumber: number
  readonly lastTxnId: number
}

type Bytes = Database<Buffer, Uint8Array>

export class LmdbStorage implements LogStorage {
  readonly #directory: string
  readonly #root: RootDatabase<Buffer, Uint8Array>
  readonly #tables: ReadonlyMap<Table, Bytes>
  /** One row whose lmdb version is the epoch: commits are conditional on it. */
  readonly #fence: Bytes
  #room: FileRoom | undefined
  readonly #inHand = new Set<Promise<unknown>>()

  /** Opens the environment, creating it unless `readOnly`; the directory exists. */
  constructor(directory: string, options: LmdbOptions = {}) {
    this.#directory = directory
    const bytes = { encoding: 'binary', keyEncoding: 'binary', cache: false } as const
    this.#root = open<Buffer, Uint8Array>({
      ...bytes,
      path: directory,
      noSubdir: false,
      maxDbs: tables.length + 1,
      mapSize: limits.logBytesMax,
      overlappingSync: false,
      commitDelay: 0,
      // Its own promise for each turn would reject, unhandled, when a commit fails.
      eventTurnBatching: false,
      readOnly: options.readOnly ?? false,
      noMetaSync: options.deferMetaSync ?? false,
      noSync: options.inTheMaking ?? false,
    })
    const foreign = (found: string): RollcastError =>
      new RollcastError('LOG_FOREIGN', `${directory}: expected a Rollcast log, found ${found}`)
    try {
      const names: readonly string[] = [...tables, FENCE]
      for (const key of this.#root.getKeys({ limit: names.length + 1 })) {
        const name = readNameKey(key).replace('\0', '') // lmdb ends the names of tables with it
        if (!names.includes(name)) throw foreign(`an LMDB database with a table ${name}`)
      }
      const openTable = (name: string, useVersions: boolean): Bytes => {
        const settings = { ...bytes, useVersions, create: !options.readOnly }
        const table: Bytes | undefined = this.#root.openDB(name, settings)
        if (table) return table
        throw foreign(`an LMDB database without a table ${name}`)
      }
      this.#tables = new Map(tables.map(table => [table, openTable(table, false)]))
      this.#fence = openTable(FENCE, true)
    } catch (error) {
      void this.#root.close()
      throw error
    }
  }

  get(table: Table, key: Uint8Array, into?: Uint8Array): Uint8Array | undefined {
    const of = this.#tables.get(table)!
    // What `getBinaryFast` gives is lmdb's own until the next call; only its `length` is that of the value.
    const value = into ? of.getBinaryFast(key) : of.getBinary(key)
    if (value === undefined) return undefined
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.length)
    if (into === undefined) return bytes
    if (bytes.byteLength > into.byteLength) return bytes.slice()
    into.set(bytes)
    return into.subarray(0, bytes.byteLength)
  }

  keys(table: Table, { start, reverse, limit }: KeyRange): Uint8Array[] {
    const range = { limit, reverse: reverse ?? false, ...(start ? { start } : {}) }
    return [...this.#tables.get(table)!.getKeys(range)]
  }

  count(table: Table): number {
    return (this.#tables.get(table)!.getStats() as { entryCount: number }).entryCount
  }

  refresh(): void {
    this.#root.resetReadTxn()
  }

  epoch(): number {
    const value = this.#fence.getBinary(EPOCH_KEY)
    return value === undefined ? 0 : value.readUInt32LE(0)
  }

  begin(epoch: number): Promise<boolean> {
    return this.#hold(this.#begin(epoch))
  }

  async #begin(epoch: number): Promise<boolean> {
    const value = Buffer.alloc(EPOCH_BYTES)
    value.writeUInt32LE(epoch)
    await this.#makeRoom([])
    await untilNobodyOpens(this.#directory)
    const isFirst = await this.#whileNewest(epoch - 1, () => {
      this.#fence.put(EPOCH_KEY, value, epoch)
    })
    this.refresh()
    return isFirst
  }

  commit(epoch: number, writes: readonly Write[]): Promise<boolean> {
    return this.#hold(this.#commit(epoch, writes))
  }

  async #commit(epoch: number, writes: readonly Write[]): Promise<boolean> {
    await this.#makeRoom(writes)
    await untilNobodyOpens(this.#directory)
    return this.#whileNewest(epoch, () => {
      for (const { table, key, value } of writes) {
        const into = this.#tables.get(table)!
        if (value === undefined) into.remove(key)
        else into.put(key, value as Buffer)
      }
    })
  }

  /** Commits the changes if `epoch` is the newest; 0 is that of a log that had no writer yet. */
  #whileNewest(epoch: number, change: () => void): Promise<boolean> {
    return this.#settle(
      epoch === 0
        ? this.#fence.ifNoExists(EPOCH_KEY, change)
        : this.#fence.ifVersion(EPOCH_KEY, epoch, change),
    )
  }

  /** LMDB must not meet a full disk: what `writes` may need is allocated before. */
  async #makeRoom(writes: readonly Write[]): Promise<void> {
    this.#room ??= new FileRoom(join(this.#directory, DATA_FILE))
    await this.#room.reach(this.#info().lastPageNumber, growthOf(writes))
  }

  // A failed commit rejects with an error whose own promise carries the reason; left alone, that
  // promise would end the process as an unhandled rejection.
  async #settle(commit: Promise<boolean>): Promise<boolean> {
    try {
      return await commit
    } catch (error) {
      const reason = (error as { commitError?: Promise<never> }).commitError
      throw await (reason ?? Promise.reject(error)).catch(cause => cause)
    }
  }

  sync(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const root = this.#root as unknown as { sync(done: (error?: Error) => void): void }
    root.sync(error => (error ? reject(error) : resolve()))
    return this.#hold(promise)
  }

  /** Keeps an operation in hand until it has settled. */
  #hold<T>(operation: Promise<T>): Promise<T> {
    const held = operation.finally(() => this.#inHand.delete(held))
    this.#inHand.add(held)
    return held
  }

  pinned(): boolean {
    if (!this.#hasOldReader()) return false
    // A reader that was killed holds its snapshot until somebody looks; lmdb-js does so seldom.
    this.#root.readerCheck()
    return this.#hasOldReader()
  }

  #hasOldReader(): boolean {
    // A line for each reader: process, thread, and the transaction that it reads or `-`.
    const reads = this.#root
      .readerList()
      .split('\n')
      .map(line => Number(line.trim().split(/\s+/)[2]))
      .filter(transaction => transaction > 0)
    return this.#info().lastTxnId - Math.min(...reads) > limits.pinnedTransactions
  }

  /** The number of the last transaction, as the file has it. */
  get lastTransaction(): number {
    return this.#info().lastTxnId
  }

  #info(): Info {
    return (this.#root as unknown as { env: { info(): Info } }).env.info()
  }

  space(): Space {
    return spaceIn(this.#directory)
  }

  async copy(directory: string): Promise<void> {
    await this.#root.backup(directory, true)
  }

  /** Waits for what is in hand: LMDB ends the process when it meets a closed environment. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#inHand)
    await this.#root.close()
    await this.#room?.close()
  }
}
