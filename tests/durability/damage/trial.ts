// One damaged log before the judge: the verdict, a reader, a salvage, a writer. What none of them
// may do: give a wrong value, call whole what is not, pass over in silence what is lost, or leave it
// unclear.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { Examination } from '../../../src/store/examine.ts'
import { dataFile, logDirectory } from '../../../src/store/open-log.ts'
import type { VerifyReport } from '../../../src/store/verify.ts'
import type { Damage } from './damages.ts'
import type { Answers, Judge, Outcome } from './judge.ts'
import type { Reading } from './reading.ts'
import { lastUntouched, type SoundLog, type Truth } from './sound-log.ts'

/** What the verdict comes to. */
export type Class = 'whole' | 'damaged' | 'refused' | 'died' | 'unclassified'

export interface Trial {
  readonly verdict: Class
  /** Wrong values that a reader was given, also behind a writer that went on. */
  readonly wrong: number
  /** Deaths of the process that opened it. */
  readonly deaths: readonly string[]
  /** The verdict's last good event is earlier than it needs to be. */
  readonly cautious: boolean
  /** A writer went on in the log. */
  readonly wentOn: boolean
  /** Every event was salvaged that stands before the first damaged one. */
  readonly salvaged: boolean
  readonly complaints: readonly string[]
}

/** Puts `bytes` as the log of the new run directory `dir`. */
export function putLog(dir: string, bytes: Uint8Array): void {
  mkdirSync(logDirectory(dir), { recursive: true })
  writeFileSync(dataFile(dir), bytes)
}

export async function tryDamage(
  judge: Judge,
  damage: Damage<SoundLog>,
  dir: string,
): Promise<Trial> {
  const { truth } = damage.log
  const bytes = damage.bytes()
  putLog(dir, bytes)
  const verdict = await judge.ask({ ask: 'verify', dir, truth })
  const read = await judge.ask({ ask: 'read', dir, truth })
  const salvage = await judge.ask({ ask: 'salvage', dir, into: `${dir}-salvaged`, truth })
  const untouched = readFileSync(dataFile(dir)).equals(bytes)
  const write = await judge.ask({ ask: 'write', dir, truth })
  const outcomes = { verify: verdict, read, write }
  const examination = verdict.is === 'answered' ? verdict.answer : undefined
  const report = examination && 'report' in examination ? examination.report : undefined
  const goodSeq = examination ? goodSeqOf(examination) : 0
  const reading = read.is === 'answered' ? read.answer : undefined
  const written = write.is === 'answered' ? write.answer : undefined
  const salvaged = salvage.is === 'answered' ? salvage.answer : undefined
  const wrong = [reading, written?.reading, salvaged?.reading].flatMap(one => one?.wrong ?? [])
  const found = [
    ...wrong.map(what => `wrong: ${what}`),
    ...Object.entries(outcomes).flatMap(([ask, outcome]) => [...unclear(ask, outcome)]),
    ...[reading, written?.reading].flatMap(one => one?.unclear ?? []),
    ...(report && reading ? contradictions(report, reading, truth) : []),
    ...(written ? silentLosses(written, truth) : []),
    ...lostInSalvage(salvage, goodSeq),
    ...(untouched ? [] : ['the salvaged log was changed']),
  ]
  return {
    verdict: classOf(verdict),
    wrong: wrong.length,
    deaths: Object.entries({ ...outcomes, salvage }).flatMap(([ask, outcome]) =>
      outcome.is === 'died' ? [`${damage.what}: ${ask} died with ${outcome.how}`] : [],
    ),
    cautious: report !== undefined && reading !== undefined && isCautious(report, reading),
    wentOn: written !== undefined,
    salvaged: (salvaged?.report.lastSeq ?? 0) >= lastUntouched(damage.log, bytes),
    complaints: found.map(complaint => `${damage.what}: ${complaint}`),
  }
}

const goodSeqOf = (found: Examination): number =>
  'report' in found ? found.report.lastGoodSeq : found.unreadable.lastGoodSeq

function classOf(verdict: Outcome<Examination>): Class {
  if (verdict.is === 'answered') {
    if ('unreadable' in verdict.answer) return 'refused'
    return verdict.answer.report.ok ? 'whole' : 'damaged'
  }
  return verdict.is === 'refused' || verdict.is === 'died' ? verdict.is : 'unclassified'
}

function* unclear(ask: string, outcome: Outcome<unknown>): Generator<string> {
  if (outcome.is === 'late') yield `${ask} took too long`
  if (outcome.is === 'unclear') yield `${ask}: ${outcome.message}`
  if (outcome.is === 'refused' && !outcome.code.startsWith('LOG_')) yield `${ask}: ${outcome.code}`
}

/** The verdict's last good event, and all before it, are what a salvage gives back. */
function* lostInSalvage(salvage: Outcome<Answers['salvage']>, goodSeq: number): Generator<string> {
  if (salvage.is !== 'answered') {
    if (goodSeq > 0 || salvage.is !== 'refused') yield `salvage: ${JSON.stringify(salvage)}`
    return
  }
  const { report, verified, reading } = salvage.answer
  if (report.lastSeq < goodSeq) yield `good up to ${goodSeq}, salvaged up to ${report.lastSeq}`
  if (reading.readable < report.lastSeq) yield `salvaged, and read up to ${reading.readable}`
  if (!verified.ok) yield `the salvaged log is damaged: ${verified.problems[0]?.message}`
}

/** The last event up to which a reader was given everything. */
const lastGiven = ({ readable, firstBadFrame }: Reading): number =>
  Math.min(readable, firstBadFrame - 1)

function* contradictions(
  { ok, lastSeq, lastGoodSeq }: VerifyReport,
  reading: Reading,
  truth: Truth,
): Generator<string> {
  if (lastGoodSeq > lastGiven(reading)) {
    yield `good up to ${lastGoodSeq} by the verdict, read up to ${lastGiven(reading)}`
  }
  if (!ok) return
  if (lastSeq !== truth.lastSeq) yield `whole with ${lastSeq} events of ${truth.lastSeq}`
  for (const what of reading.missing) yield `whole by the verdict, and not given: ${what}`
}

const isCautious = ({ ok, lastGoodSeq }: VerifyReport, reading: Reading): boolean =>
  !ok && lastGoodSeq < lastGiven(reading)

function* silentLosses({ report }: Answers['write'], truth: Truth): Generator<string> {
  const { lastSeq, cutBytes } = report
  if (lastSeq < truth.lastSeq && cutBytes === 0) {
    yield `a writer went on at ${lastSeq} of ${truth.lastSeq} and did not say so`
  }
}
