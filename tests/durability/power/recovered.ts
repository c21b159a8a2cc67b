// Judges what a power cut has left, by the shared oracle and by what only a power cut can undo: the
// epoch, the clean end, the wholeness of a contribution.
import { describeError } from '../../../src/base/errors.ts'
import { StorageReader } from '../../../src/store/log-reader.ts'
import { openForReading } from '../../../src/store/open-log.ts'
import { goesOn, judgeLog, judgeStorage } from '../oracle.ts'
import { acknowledged, type Told } from './crash.ts'
import { eventsOf, foldAt, foldsOf } from './workloads.ts'

export interface Recovered {
  /** Acknowledged events that are not there, and for how long the first had been acknowledged. */
  readonly missing: number
  readonly missingMillis: number
  /** What breaks a promise; nothing else may pass. */
  readonly faults: readonly string[]
}

/** What a power cut may take of the level `relaxed`, as documented. */
const RELAXED_MILLIS = 1000

/** Judges the log of run directory `dir` after the power went. */
export async function judgeRecovered(
  dir: string,
  workload: string,
  seed: number,
  told: Told,
): Promise<Recovered> {
  const faults: string[] = []
  const required = acknowledged(told, workload === 'relaxed' ? RELAXED_MILLIS : 0)
  let lastSeq = 0
  try {
    const found = await judgeLog(dir, { workload: eventsOf(workload), acknowledged: required })
    faults.push(...found.problems)
    lastSeq = found.lastSeq
    faults.push(...(await reopen(dir, workload, told, lastSeq)))
    faults.push(...(await judgeAgain(dir, workload, seed, lastSeq)))
  } catch (error) {
    faults.push(describeError(error))
  }
  const first = told.acknowledgements.find(({ seq }) => seq > lastSeq)
  return {
    missing: Math.max(0, acknowledged(told) - lastSeq),
    missingMillis: first ? told.atMillis - first.atMillis : 0,
    faults,
  }
}

/** The next writer takes over at the last event, knows how the one before ended, and appends. */
async function reopen(
  dir: string,
  workload: string,
  told: Told,
  lastSeq: number,
): Promise<string[]> {
  const { report } = await goesOn(dir, eventsOf(workload), {
    durability: 'sync',
    freeBytesMin: 0,
  })
  const faults: string[] = []
  if (report.lastSeq !== lastSeq) faults.push(`opened at ${report.lastSeq}, not at ${lastSeq}`)
  if (report.epoch <= told.epoch) faults.push(`epoch ${report.epoch} after epoch ${told.epoch}`)
  if (report.cutEvents + report.cutBytes > 0) faults.push(`${report.cutEvents} events were cut`)
  if (told.closed && !report.cleanClose) faults.push('a clean end is forgotten')
  return faults
}

async function judgeAgain(
  dir: string,
  workload: string,
  seed: number,
  lastSeq: number,
): Promise<string[]> {
  const storage = openForReading(dir)
  try {
    const witness = { workload: eventsOf(workload), acknowledged: lastSeq + 2 }
    const { problems } = judgeStorage(storage, witness)
    const reader = new StorageReader(storage)
    const folds = foldsOf(workload, seed).filter(seq => seq <= lastSeq)
    const rows = reader.episodeRows({ limit: 200 }).map(({ episode }) => episode)
    const faults = [...problems]
    if (rows.reverse().join() !== folds.join()) faults.push(`rows ${rows}, expected ${folds}`)
    const newest = folds.at(-1)
    const bytes = reader.snapshot('fold')?.bytes ?? new Uint8Array()
    const expected = newest === undefined ? new Uint8Array() : foldAt(newest).snapshot.bytes
    if (Buffer.compare(bytes, expected) !== 0) faults.push(`the snapshot of ${newest} is not there`)
    return faults
  } finally {
    await storage.close()
  }
}
