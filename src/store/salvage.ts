// The command behind `rollcast log salvage`: a new log of everything that is whole in a damaged one
// up to the first damaged event. The damaged file is read, never mapped and never written, so
// neither it nor whoever salvages it can come to harm. Batches and frames are copied as they are;
// what stands beside them is made anew, as after any end that was not clean.
import { existsSync } from 'node:fs'
import { formatBytes } from '../base/bytes.ts'
import { type Clock, systemClock } from '../base/clock.ts'
import { RollcastError } from '../base/errors.ts'
import { encodeEvent, Layouts } from '../protocol/codec.ts'
import type { Salvaged } from '../protocol/events.ts'
import { limits } from '../protocol/limits.ts'
import { takeLock } from './lock.ts'
import { formatWrite } from './log-state.ts'
import { dataFile, openWriter } from './open-log.ts'
import { openStorage } from './open-storage.ts'
import { PageFile } from './page-file.ts'
import { logDirectory, makeDirectory, spaceIn } from './place.ts'
import { createDataFile, syncNames } from './put-file.ts'
import type { Skipped } from './salvage-plan.ts'
import { commitOrThrow, type LogStorage, raiseEpoch, type Write } from './storage.ts'
import { Wreck } from './wreck.ts'

/** Ranges of skipped events that the new log tells of. */
const RANGES_MAX = 100

export interface SalvageOptions {
  readonly clock?: Clock
  /** Told how much is done, from 0 to 1. */
  readonly onProgress?: ((fraction: number) => void) | undefined
}

export interface SalvageReport {
  /** Events that are in the new log, under the numbers they had; the next one tells of this. */
  readonly lastSeq: number
  /** Events behind them that are not. */
  readonly skipped: readonly Skipped[]
  /** Frames with their pixels, and those whose pixels were damaged. */
  readonly frames: number
  readonly framesLost: number
  readonly bytes: number
}

/** What can be said of a damaged file without writing anything. */
export interface DamageSurvey {
  /** The last event of the whole beginning. */
  readonly lastGoodSeq: number
  readonly skipped: readonly Skipped[]
}

/** Salvages the log of run directory `dir` into a new run directory `into`. */
export async function salvageLog(
  dir: string,
  into: string,
  options: SalvageOptions = {},
): Promise<SalvageReport> {
  const { clock = systemClock } = options
  const lock = await takeLock(dir, clock.now())
  const file = openDamaged(dir)
  try {
    const wreck = new Wreck(file, options.onProgress)
    if (wreck.plan.batches.length === 0) {
      throw new RollcastError('LOG_CORRUPT', `${file.path}: no event of it is whole`)
    }
    return await writeLog(into, wreck, clock)
  } finally {
    file.close()
    await lock.release()
  }
}

/** How far the log of run directory `dir` is whole, by its bytes alone. */
export function surveyDamage(dir: string, onProgress?: (fraction: number) => void): DamageSurvey {
  const file = openDamaged(dir)
  try {
    const { lastSeq, skipped } = new Wreck(file, onProgress).plan
    return { lastGoodSeq: lastSeq, skipped }
  } finally {
    file.close()
  }
}

function openDamaged(dir: string): PageFile {
  const file = PageFile.open(dataFile(dir))
  if (file === undefined) throw new RollcastError('NOT_FOUND', `${dir}: there is no log`)
  return file
}

async function writeLog(into: string, wreck: Wreck, clock: Clock): Promise<SalvageReport> {
  if (existsSync(dataFile(into))) {
    throw new RollcastError('CANNOT_CREATE', `${into}: expected no log there, found one`)
  }
  const directory = logDirectory(into)
  const { top, unmake } = makeDirectory(directory)
  try {
    const lock = await takeLock(into, clock.now())
    try {
      checkRoom(directory, wreck.fileBytes)
      syncNames(directory, top)
      let report: SalvageReport | undefined
      await createDataFile(directory, async aside => {
        report = await fillStorage(openStorage(aside, { inTheMaking: true }), wreck, clock)
      })
      return report!
    } finally {
      await lock.release()
    }
  } catch (error) {
    unmake()
    throw error
  }
}

function checkRoom(directory: string, bytes: number): void {
  const needed = bytes + limits.freeBytesMin
  const { freeBytes } = spaceIn(directory)
  if (freeBytes >= needed) return
  throw new RollcastError(
    'DISK_FULL',
    `a salvaged log may need ${formatBytes(needed)}, found ${formatBytes(freeBytes)} free`,
  )
}

/** Writes the whole log to an empty storage, and closes it. Throws unless all of it is there. */
export async function fillStorage(
  storage: LogStorage,
  wreck: Wreck,
  clock: Clock,
): Promise<SalvageReport> {
  const { plan } = wreck
  let opened: Awaited<ReturnType<typeof openWriter>>
  try {
    let pending: Write[] = [formatWrite()]
    let pendingBytes = 0
    for (const write of wreck.writes()) {
      pending.push(write)
      pendingBytes += write.value!.byteLength
      if (pendingBytes < limits.transactionBytesMax) continue
      await commitOrThrow(storage, 0, pending)
      pending = []
      pendingBytes = 0
    }
    await commitOrThrow(storage, 0, pending)
    // The epoch is raised by one at a time, and the new log goes on behind the last one.
    const last = plan.batches.at(-1)!
    while (storage.epoch() < last.epoch) await raiseEpoch(storage)
    storage.refresh()
    opened = await openWriter(storage, { clock }, async () => {})
  } catch (error) {
    await storage.close()
    throw error
  }
  const { writer, report } = opened
  const { frames, lostFrames, framesLost, bytes } = wreck
  const event: Salvaged = {
    type: 'salvaged',
    previousEpoch: report.previousEpoch,
    lastSeq: plan.lastSeq,
    skipped: plan.skipped.slice(0, RANGES_MAX),
    lostFrames,
  }
  const records = encodeEvent(event, clock.now(), new Layouts())
  writer.append({ producer: 'salvage', position: report.epoch, records, count: 1 })
  // Closing commits what is left, and says nothing of a commit that failed.
  await writer.close()
  if (writer.failure) throw writer.failure
  return { lastSeq: plan.lastSeq, skipped: plan.skipped, frames, framesLost, bytes }
}
