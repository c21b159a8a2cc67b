// What every campaign asks of a log after a fault (invariants 1 to 4 of spec/reliability.md): it is
// a gapless prefix of the sequence that was appended, every checksum and link of the chain holds,
// and nothing that was acknowledged is missing. Then: it can be opened, and goes on.
import { RollcastError } from '../../src/base/errors.ts'
import type { OpenReport } from '../../src/store/event-log.ts'
import { StorageReader } from '../../src/store/log-reader.ts'
import { type OpenOptions, openForReading, openLog } from '../../src/store/open-log.ts'
import type { LogStorage } from '../../src/store/storage.ts'
import { verifyStorage } from '../../src/store/verify.ts'
import { contributionAt, PRODUCER, pixelsAt, recordsAt, type Workload } from './workload.ts'

/** What was seen from outside before the fault. */
export interface Witness {
  readonly workload: Workload
  /** The last event that the writer said is durable. */
  readonly acknowledged: number
  /** The last event that the writer was given, if that is known. */
  readonly emitted?: number
}

export interface Verdict {
  /** The last event that is there. */
  readonly lastSeq: number
  /** Acknowledged, and not there. */
  readonly lost: number
  /** What is wrong with what is there, and with its length; nothing else may pass. */
  readonly problems: readonly string[]
}

/** Judges the log of run directory `dir`, which no process has open. It is not changed. */
export async function judgeLog(dir: string, witness: Witness): Promise<Verdict> {
  let storage: LogStorage
  try {
    storage = openForReading(dir)
  } catch (error) {
    // A writer that dies very early has not come to make a log.
    if (error instanceof RollcastError && error.code === 'NOT_FOUND') return sum(0, [], witness)
    throw error
  }
  try {
    return judgeStorage(storage, witness)
  } finally {
    await storage.close()
  }
}

/** Judges any storage of a log. */
export function judgeStorage(storage: LogStorage, witness: Witness): Verdict {
  const report = verifyStorage(storage)
  const problems = report.problems.map(({ seq, message }) => `event ${seq}: ${message}`)
  const reader = new StorageReader(storage)
  if (report.ok) problems.push(...differences(reader, witness.workload))
  const position = reader.position(PRODUCER) ?? 0
  if (position !== report.lastSeq) {
    problems.push(`the log ends at ${report.lastSeq}, its producer's position is ${position}`)
  }
  return sum(report.lastSeq, problems, witness)
}

/** Where the log is not the sequence. */
function* differences(reader: StorageReader, workload: Workload): Generator<string> {
  for (const { firstSeq, count, records } of reader.batches({ fromSeq: 1 })) {
    if (Buffer.compare(records, recordsAt(workload, firstSeq, count)) !== 0) {
      yield `batch ${firstSeq}: not what was appended as ${firstSeq} to ${firstSeq + count - 1}`
    }
    for (let seq = firstSeq; seq < firstSeq + count; seq++) {
      const pixels = reader.frame(seq)
      if (pixels && Buffer.compare(pixels, pixelsAt(seq)) !== 0) {
        yield `frame ${seq}: not the pixels that were appended`
      }
    }
  }
}

function sum(lastSeq: number, problems: readonly string[], witness: Witness): Verdict {
  const { acknowledged, emitted = Number.POSITIVE_INFINITY } = witness
  const lost = Math.max(0, acknowledged - lastSeq)
  const all = [...problems]
  if (lost > 0) all.push(`${lost} acknowledged events are lost: ${lastSeq} of ${acknowledged}`)
  if (lastSeq > emitted) all.push(`the log ends at ${lastSeq}, only ${emitted} were appended`)
  return { lastSeq, lost, problems: all }
}

export interface Reopened {
  readonly report: OpenReport
  readonly openMillis: number
}

/** Opens the log as the next writer does, appends two events, sees them durable, and closes. */
export async function goesOn(
  dir: string,
  workload: Workload,
  options: OpenOptions = {},
): Promise<Reopened> {
  const started = performance.now()
  const { writer, report } = await openLog(dir, options)
  const openMillis = performance.now() - started
  await writer.append(contributionAt(workload, writer.nextSeq, 2)).durable
  await writer.close()
  return { report, openMillis }
}
