// What a log needs from below: five ordered tables of bytes and an atomic commit that is fenced by
// the epoch. Everything else (batches, numbers, checksums, folds) is above and written once.
import { RollcastError } from '../base/errors.ts'

/** Table to what its keys are. */
export const tables = ['events', 'frames', 'meta', 'episodes', 'snapshots'] as const
export type Table = (typeof tables)[number]

/** The table beside them, of the epoch; only the storage itself reads it. */
export const FENCE = 'fence'

/** One change; without a value the key is deleted. */
export interface Write {
  readonly table: Table
  readonly key: Uint8Array
  readonly value?: Uint8Array
}

export interface KeyRange {
  /** First key, inclusive (the largest one when reversed); open when left out. */
  readonly start?: Uint8Array
  readonly reverse?: boolean
  readonly limit: number
}

/** Bytes on the disk. */
export interface Space {
  /** Where, for those who shall make room. */
  readonly place?: string
  readonly fileBytes: number
  readonly freeBytes: number
}

/** Faults that a test plans. */
export interface StorageFaults {
  /** Awaited before the writer's `ordinal`-th commit (from 1) reaches the storage. */
  beforeCommit?(ordinal: number): Promise<void> | void
  /** What the disk says is free; the real figure when left out. */
  freeBytes?(): number
}

/** Ordered tables with atomic commits. Reads see committed data only. */
export interface LogStorage {
  /**
   * A copy of the value. It may be made in `into`, where that has room, and is a view of it then:
   * memory of its own costs a large value more than its bytes do.
   */
  get(table: Table, key: Uint8Array, into?: Uint8Array): Uint8Array | undefined
  /** Keys in order of their bytes. */
  keys(table: Table, range: KeyRange): Uint8Array[]
  count(table: Table): number
  /** Later reads see the newest commit, also one of another process. */
  refresh(): void
  /** The epoch of the newest writer; 0 before the first. */
  epoch(): number
  /**
   * Makes `epoch` the newest, if the one before it is: commits of older writers fail from now on.
   * False when another writer came first.
   */
  begin(epoch: number): Promise<boolean>
  /**
   * Commits all writes or none. False when `epoch` is no longer the newest. The bytes belong to
   * the storage until the promise settles.
   */
  commit(epoch: number, writes: readonly Write[]): Promise<boolean>
  /** Survives power loss from here on (level `relaxed` only needs it). */
  sync(): Promise<void>
  space(): Space
  /** True while a reader holds an old snapshot, whose room cannot be used again. */
  pinned?(): boolean
  /** Calls back when the storage is gone by itself: nothing of it works, it is to be opened anew. */
  onLost?(callback: (error: Error) => void): void
  /** Writes a compacted copy of the whole storage to the directory. */
  copy(directory: string): Promise<void>
  close(): Promise<void>
}

/** Fences all earlier writers; the epoch from here on. LOG_LOCKED when another one does the same. */
export async function raiseEpoch(storage: LogStorage): Promise<number> {
  const epoch = storage.epoch() + 1
  if (await storage.begin(epoch)) {
    storage.refresh()
    return epoch
  }
  throw new RollcastError('LOG_LOCKED', `another writer has opened the log as epoch ${epoch}`, {
    temporary: true,
  })
}

/** Commits all writes, or throws and commits none: LOG_LOCKED when another writer came since. */
export async function commitOrThrow(
  storage: LogStorage,
  epoch: number,
  writes: readonly Write[],
): Promise<void> {
  if (await storage.commit(epoch, writes)) return
  throw new RollcastError('LOG_LOCKED', `another writer has opened the log since epoch ${epoch}`, {
    temporary: true,
  })
}
