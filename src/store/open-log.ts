// Opening a log: lock, look at the file, map it, check its end, raise the epoch. The same steps on
// any storage; on disk the log of run directory `dir` lives in `dir/log`.
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { type Clock, systemClock } from '../base/clock.ts'
import { RollcastError } from '../base/errors.ts'
import { limits } from '../protocol/limits.ts'
import type { Placement } from '../protocol/thread-messages.ts'
import { checkDataFile } from './check-file.ts'
import type { Durability, LogReader, LogWriter, OpenReport } from './event-log.ts'
import type { LmdbStorage } from './lmdb-storage.ts'
import { checkHeld, takeLock } from './lock.ts'
import { StorageReader } from './log-reader.ts'
import { checkFormat, formatWrite, readFormat } from './log-state.ts'
import { GroupCommitWriter } from './log-writer.ts'
import { metaWrite, readMeta } from './meta.ts'
import { openForWriting, openStorage, type WritingPlan } from './open-storage.ts'
import { openBesideWriter } from './opening.ts'
import { inTime } from './operations.ts'
import {
  checkFiles,
  checkFound,
  checkPlace,
  checkReadable,
  checkWritable,
  DATA_FILE,
  LOCK_FILE,
  logDirectory,
  makeDirectory,
  spaceIn,
} from './place.ts'
import { clearAside } from './put-file.ts'
import { recoverState } from './recovery.ts'
import { SpaceGuard } from './space-guard.ts'
import { type LogStorage, raiseEpoch, type StorageFaults } from './storage.ts'
import { StorageApart } from './storage-apart.ts'
import { unlessDamaged } from './unless-damaged.ts'

export { logDirectory }

/** Name in the `meta` table of what the writer had said of its producer. */
const IN_FLIGHT = 'inFlightBytesMax'

export interface OpenOptions {
  readonly clock?: Clock
  /** Default `group`. */
  readonly durability?: Durability
  /**
   * Where LMDB writes: in this process (default), or in a child process, so that no crash inside
   * LMDB ends this one. The end of that process is a failure of the writer that is INTERNAL and
   * temporary: the log has to be opened again. If it ended because of its disk, it is LOG_FAILED.
   */
  readonly placement?: Placement
  /**
   * Checks the file before mapping it; default true. Pass false in a process that has the log
   * open already (another thread of it): the file must never be opened a second time.
   */
  readonly check?: boolean
  /** The name of the log's lock when this process holds it already, by `lockLog`. */
  readonly lockName?: string | undefined
  /** Free disk space kept in reserve, in bytes; default `limits.freeBytesMin`. */
  readonly freeBytesMin?: number
  /** Bytes that may wait for the disk before `append` refuses; default `limits.pendingBytesMax`. */
  readonly pendingBytesMax?: number
  /** What the disk takes longer for has failed; default `limits.operationMillisMax`. */
  readonly operationMillisMax?: number
  /** Bytes that the producer may have handed over and not seen durable: told after a crash. */
  readonly inFlightBytesMax?: number
  /** Planned faults, for tests. */
  readonly faults?: StorageFaults
}

export interface OpenLog {
  readonly writer: LogWriter
  readonly report: OpenReport
  /**
   * A new writer in place of one that has failed with DISK_FULL, when twice the reserve is free
   * (else DISK_FULL): lock and file are still held, the epoch is a new one. Absent where a log
   * cannot go on.
   */
  readonly again?: () => Promise<OpenLog>
}

const openPlaced: Readonly<
  Record<Placement, (directory: string, plan: WritingPlan) => Promise<LogStorage>>
> = { thread: openForWriting, process: StorageApart.open }

/** The data file of the log in run directory `dir`. */
export const dataFile = (dir: string): string => join(logDirectory(dir), DATA_FILE)

/**
 * Opens the log of run directory `dir` for writing, creating both when missing. Throws LOG_LOCKED
 * (temporary, within 100 ms), LOG_FOREIGN, LOG_CORRUPT, LOG_VERSION, CANNOT_CREATE or DISK_FULL.
 */
export async function openLog(dir: string, options: OpenOptions = {}): Promise<OpenLog> {
  const clock = options.clock ?? systemClock
  const directory = logDirectory(dir)
  const { top, unmake } = makeDirectory(directory)
  try {
    const { lockName } = options
    if (lockName !== undefined) checkHeld(dir, lockName)
    const lock = lockName === undefined ? await takeLock(dir, clock.now()) : undefined
    const release = async (): Promise<void> => lock?.release()
    try {
      const isNew = !isReady(directory, options)
      const plan = { isNew, top, deferMetaSync: options.durability === 'relaxed' }
      const { placement, operationMillisMax = limits.operationMillisMax } = options
      const opening = openPlaced[placement ?? 'thread'](directory, plan)
      const storage = await inTime(clock, operationMillisMax, opening)
      try {
        return await openHeld(storage, options, release)
      } catch (error) {
        // One that has not answered may not close either: it is left to the end of the process.
        if (!isUnanswered(error)) await storage.close()
        throw error
      }
    } catch (error) {
      await release()
      throw error
    }
  } catch (error) {
    unmake()
    throw diskError(dir, error)
  }
}

const isUnanswered = (error: unknown): boolean =>
  error instanceof RollcastError && error.code === 'LOG_FAILED'

/** What the file system or LMDB said, as an error of ours; anything else as it is. */
function diskError(dir: string, error: unknown): unknown {
  const fromBelow = error instanceof Error && 'code' in error
  if (!fromBelow || error instanceof RollcastError) return error
  const full = error.code === 'ENOSPC' || error.code === constants.errno.ENOSPC
  const message = `${dir}: the log cannot be opened: ${error.message}`
  return new RollcastError(full ? 'DISK_FULL' : 'LOG_FAILED', message, { cause: error })
}

/**
 * Looks whether run directory `dir`, whose log nobody has open, can be recorded into, and leaves
 * everything as it was. Throws what opening the log would, but for what takes longer to find out.
 */
export async function checkRecordable(dir: string, freeBytesMin?: number): Promise<void> {
  checkPlace(dir, freeBytesMin)
  if (!existsSync(dataFile(dir))) return
  try {
    await openForReading(dir, { check: false }).close()
  } catch (error) {
    // What else a reader cannot read, a writer may mend.
    if (error instanceof RollcastError && error.code === 'LOG_VERSION') throw error
  }
}

/** As `openWriter`, for whoever keeps lock and storage when the disk was full: see `again`. */
export async function openHeld(
  storage: LogStorage,
  options: OpenOptions,
  release: () => Promise<void>,
): Promise<OpenLog> {
  const { freeBytesMin = limits.freeBytesMin, faults } = options
  return {
    ...(await openWriter(storage, options, release)),
    again: async () => {
      new SpaceGuard(storage, 2 * freeBytesMin, faults).check(0)
      return openHeld(storage, options, release)
    },
  }
}

/**
 * Checks what must hold before LMDB touches anything: permission, and a sound file, or room for a
 * new one. False when there is no file.
 */
function isReady(directory: string, options: OpenOptions): boolean {
  const file = join(directory, DATA_FILE)
  checkFiles(directory)
  clearAside(directory)
  if ((options.check ?? true) ? checkDataFile(file) : existsSync(file)) return true
  const { freeBytesMin = limits.freeBytesMin, faults } = options
  new SpaceGuard({ space: () => spaceIn(directory) }, freeBytesMin, faults).check(0)
  return false
}

/** Opens a writer on any storage; `release` runs when the writer has closed it. */
export async function openWriter(
  storage: LogStorage,
  options: OpenOptions,
  release: () => Promise<void>,
): Promise<{ writer: LogWriter; report: OpenReport }> {
  const previousEpoch = storage.epoch()
  const created = previousEpoch === 0 && storage.count('events') === 0
  const format = readFormat(storage)
  if (!created || format !== undefined) checkFormat(format, storage.space().place ?? 'the log')
  // A log that cannot be opened is left as it is.
  recoverState(storage)
  const faults = options.faults ?? {}
  const freeBytesMin = options.freeBytesMin ?? limits.freeBytesMin
  const clock = options.clock ?? systemClock
  new SpaceGuard(storage, freeBytesMin, faults).check(0)
  const { operationMillisMax = limits.operationMillisMax } = options
  const epoch = await inTime(clock, operationMillisMax, raiseEpoch(storage))
  // Read again behind the fence: until it stood, an earlier writer may have committed.
  const { state, tail, cutEvents, writes } = recoverState(storage)
  // From here on only `close` makes an end clean, even if nothing is ever written.
  const cleanClose = state.head.clean
  state.head = { ...state.head, clean: false }
  const inFlightBytesMax = unlessDamaged(() => readMeta(storage, IN_FLIGHT) as number | undefined)
  writes.push(formatWrite(), state.headWrite())
  if (options.inFlightBytesMax) writes.push(metaWrite(IN_FLIGHT, options.inFlightBytesMax))
  await inTime(clock, operationMillisMax, storage.commit(epoch, writes))
  storage.refresh()
  const report: OpenReport = {
    created,
    previousEpoch: epoch - 1,
    epoch,
    lastSeq: tail.lastSeq,
    lastTime: tail.last?.lastTime,
    inFlightBytesMax,
    cleanClose,
    cutBytes: tail.brokenBytes,
    cutEvents,
    openEpisodes: [...state.openEpisodes]
      .sort(([a], [b]) => a - b)
      .map(([episode, agent]) => ({ episode, agent })),
    lastEpisode: state.lastEpisode,
    layouts: state.layouts.all(),
    positions: state.producers.positions,
  }
  const writer = new GroupCommitWriter(
    storage,
    state,
    epoch,
    {
      clock,
      durability: options.durability ?? 'group',
      freeBytesMin,
      pendingBytesMax: options.pendingBytesMax ?? limits.pendingBytesMax,
      operationMillisMax,
      faults,
    },
    release,
  )
  return { writer, report }
}

export interface OpenReaderOptions {
  /** Checks the file before mapping it; default true. False when this process has it open. */
  readonly check?: boolean
  /** Default true; false in a process that writes the log, whose environment is shared. */
  readonly readOnly?: boolean
}

/** How an actor comes to its reader. */
export type OpenReader = (dir: string, options: OpenReaderOptions) => LogReader

/**
 * Opens the log of run directory `dir` for reading, beside a writer or without one. Throws
 * NOT_FOUND, UNAVAILABLE (no permission), LOG_FOREIGN, LOG_CORRUPT or LOG_VERSION.
 */
export function openLogReader(dir: string, options: OpenReaderOptions = {}): LogReader {
  const storage = openForReading(dir, options)
  return new StorageReader(storage)
}

/** The storage of an existing log. */
export function openForReading(dir: string, options: OpenReaderOptions = {}): LogStorage {
  const file = dataFile(dir)
  checkFound(file, "a run's log")
  const readOnly = options.readOnly ?? true
  checkReadable(file)
  // Readers write too: each has a line in LMDB's lock file.
  checkWritable(join(logDirectory(dir), LOCK_FILE), 'UNAVAILABLE')
  const isFirst = options.check ?? true
  if (isFirst) checkDataFile(file)
  const directory = logDirectory(dir)
  const open = (): LmdbStorage => openStorage(directory, { readOnly })
  const storage = isFirst ? openBesideWriter(directory, open) : open()
  try {
    checkFormat(readFormat(storage), dir)
    return storage
  } catch (error) {
    void storage.close()
    throw error
  }
}
