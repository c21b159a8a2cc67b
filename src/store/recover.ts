// The command behind `rollcast log recover`: keeps the whole part of a damaged log, and makes
// everything beside the events anew. Opening does the harmless part of this by itself; what would
// give up whole events behind the damage must be asked for. It takes many transactions. The head of
// the log is in the last one: until then it does not agree with what is cut, and whoever opens a log
// whose recovery has ended half-way does the rest, or refuses it until that is done.
import { type Clock, systemClock } from '../base/clock.ts'
import { describeError, RollcastError } from '../base/errors.ts'
import { openBatch, type StoredBatch } from './batch-codec.ts'
import { checkDataFile } from './check-file.ts'
import { dropNotes } from './dropping.ts'
import { nameKey, readSeqKey } from './keys.ts'
import { takeLock } from './lock.ts'
import { formatWrite } from './log-state.ts'
import { dataFile, logDirectory } from './open-log.ts'
import { openStorage } from './open-storage.ts'
import { allKeys, rebuildState, rebuildWrites } from './recovery.ts'
import { commitOrThrow, type LogStorage, raiseEpoch, type Write } from './storage.ts'

/** Changes in one transaction. */
const WRITES_MAX = 64

export interface RecoverOptions {
  /** Also cut when whole batches follow the damage; default false. */
  readonly cutAtDamage?: boolean
  readonly clock?: Clock
}

export interface RecoverReport {
  readonly epoch: number
  readonly lastSeq: number
  /** Why the log was cut behind `lastSeq`; undefined when all of it was whole. */
  readonly damage: string | undefined
  readonly cutBatches: number
  readonly cutBytes: number
  /** Whole batches among them. */
  readonly cutWholeBatches: number
}

/**
 * Recovers the log of run directory `dir`, in place. Throws LOG_CORRUPT, having changed nothing,
 * when whole batches follow the damage and `cutAtDamage` is not given.
 */
export async function recoverLog(
  dir: string,
  options: RecoverOptions = {},
): Promise<RecoverReport> {
  const lock = await takeLock(dir, (options.clock ?? systemClock).now())
  try {
    if (!checkDataFile(dataFile(dir))) throw new RollcastError('NOT_FOUND', `${dir}: no log`)
    const storage = openStorage(logDirectory(dir))
    try {
      return await recoverStorage(storage, options.cutAtDamage ?? false)
    } finally {
      await storage.close()
    }
  } finally {
    await lock.release()
  }
}

interface Split {
  readonly last: StoredBatch | undefined
  readonly lastSeq: number
  readonly damage: string | undefined
  readonly cut: readonly Uint8Array[]
  readonly cutBytes: number
  readonly cutWhole: number
}

export async function recoverStorage(
  storage: LogStorage,
  cutAtDamage: boolean,
): Promise<RecoverReport> {
  const split = splitAtDamage(storage)
  if (split.cutWhole > 0 && !cutAtDamage) {
    throw new RollcastError(
      'LOG_CORRUPT',
      `after event ${split.lastSeq}: ${split.damage}; cutting there gives up ${split.cutWhole} ` +
        'whole batches behind it, which has to be asked for',
    )
  }
  const epoch = await raiseEpoch(storage)
  const cut = split.cut.map((key): Write => ({ table: 'events', key })).reverse()
  // What asked for pixels to go may be among what is cut: they stay.
  const notes = dropNotes(storage).map((name): Write => ({ table: 'meta', key: nameKey(name) }))
  await commitAll(storage, epoch, [...notes, ...cut])
  storage.refresh()
  const tail = { last: split.last, lastSeq: split.lastSeq, broken: [], brokenBytes: 0 }
  const { state, ended } = rebuildState(storage, tail)
  await commitAll(storage, epoch, rebuildWrites(storage, state, ended))
  await commitOrThrow(storage, epoch, [formatWrite(), state.headWrite()])
  return {
    epoch,
    lastSeq: split.lastSeq,
    damage: split.damage,
    cutBatches: split.cut.length,
    cutBytes: split.cutBytes,
    cutWholeBatches: split.cutWhole,
  }
}

async function commitAll(
  storage: LogStorage,
  epoch: number,
  writes: readonly Write[],
): Promise<void> {
  for (let at = 0; at < writes.length; at += WRITES_MAX) {
    await commitOrThrow(storage, epoch, writes.slice(at, at + WRITES_MAX))
  }
}

/** The longest whole, gapless, chained beginning of the log, and the keys of what follows. */
function splitAtDamage(storage: LogStorage): Split {
  let last: StoredBatch | undefined
  let lastSeq = 0
  let damage: string | undefined
  const cut: Uint8Array[] = []
  let cutBytes = 0
  let cutWhole = 0
  for (const key of allKeys(storage, 'events')) {
    const value = storage.get('events', key) ?? new Uint8Array()
    let batch: StoredBatch | undefined
    let broken: string | undefined
    try {
      batch = openBatch(readSeqKey(key), value)
      if (batch.firstSeq !== lastSeq + 1) broken = `events are missing up to ${batch.firstSeq}`
      else if (batch.previousCrc !== (last?.crc ?? 0)) broken = 'the chain is broken'
    } catch (error) {
      broken = describeError(error)
    }
    damage ??= broken
    if (damage === undefined && batch !== undefined) {
      last = batch
      lastSeq = batch.firstSeq + batch.count - 1
    } else {
      cut.push(key)
      cutBytes += value.byteLength
      if (batch !== undefined) cutWhole++
    }
  }
  return { last, lastSeq, damage, cut, cutBytes, cutWhole }
}
