// Judges what a power cut has left, by the shared oracle and by what only a power cut can undo: the
// epoch, the clean end, the wholeness of a contribution.
import { describeError } from '../../../src/base/errors.ts'
import type { OpenReport } from '../../../src/store/event-log.ts'
import { StorageReader } from '../../../src/store/log-reader.ts'
import { openForReading } from '../../../src/store/open-log.ts'
import { goesOn, judgeLog, judgeStorage } from '../oracle.ts'
import { acknowledged, type Told } from './crash.ts'
import { eventsOf, foldAt, foldsOf } from './workloads.ts'

/** A log after the power went. */
export interface Case {
  readonly dir: string
  readonly workload: string
  readonly seed: number
  readonly told: Told
  /** Who opens it first, and finds LMDB's lock file as the boot before has left it. */
  readonly first: 'reader' | 'writer'
}

export interface Recovered {
  /** Acknowledged events that are not there, and for how long the first had been acknowledged. */
  readonly missing: number
  readonly missingMillis: number
  /** What breaks a promise; nothing else may pass. */
  readonly faults: readonly string[]
}

/** What a power cut may take of the level `relaxed`, as documented. */
const RELAXED_MILLIS = 1000

export async function judgeRecovered(found: Case): Promise<Recovered> {
  const { dir, workload, told } = found
  const required = acknowledged(told, workload === 'relaxed' ? RELAXED_MILLIS : 0)
  const witness = { workload: eventsOf(workload), acknowledged: required }
  const faults: string[] = []
  let lastSeq = 0
  try {
    const before = found.first === 'reader' ? await judgeLog(dir, witness) : undefined
    faults.push(...(before?.problems ?? []))
    lastSeq = before?.lastSeq ?? 0
    const { report } = await goesOn(dir, witness.workload, { durability: 'sync', freeBytesMin: 0 })
    faults.push(...contradictions(report, told, before?.lastSeq))
    lastSeq = report.lastSeq
    if (lastSeq < required) faults.push(`opened at ${lastSeq}, ${required} were acknowledged`)
    faults.push(...(await judgeAgain(found, lastSeq)))
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

/** The next writer takes over at the last event, and knows how the one before ended. */
function contradictions(report: OpenReport, told: Told, lastSeq: number | undefined): string[] {
  const faults: string[] = []
  if (lastSeq !== undefined && report.lastSeq !== lastSeq) {
    faults.push(`a writer found ${report.lastSeq} events, a reader ${lastSeq}`)
  }
  if (report.epoch <= told.epoch) faults.push(`epoch ${report.epoch} after epoch ${told.epoch}`)
  if (report.cutEvents + report.cutBytes > 0) faults.push(`${report.cutEvents} events were cut`)
  if (told.closed && !report.cleanClose) faults.push('a clean end is forgotten')
  return faults
}

/** The two new events stand behind the old ones; what stands beside them is as old as they are. */
async function judgeAgain({ dir, workload, seed }: Case, lastSeq: number): Promise<string[]> {
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
