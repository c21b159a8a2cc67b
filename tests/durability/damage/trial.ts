// One damaged log before the judge: the verdict, a reader, a writer. What none of them may do: give
// a wrong value, call whole what is not, pass over in silence what is lost, or leave it unclear.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dataFile, logDirectory } from '../../../src/store/open-log.ts'
import type { VerifyReport } from '../../../src/store/verify.ts'
import type { Damage } from './damages.ts'
import type { Answers, Judge, Outcome } from './judge.ts'
import type { Reading } from './reading.ts'
import type { SoundLog, Truth } from './sound-log.ts'

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
  putLog(dir, damage.bytes())
  const verdict = await judge.ask({ ask: 'verify', dir, truth })
  const read = await judge.ask({ ask: 'read', dir, truth })
  const write = await judge.ask({ ask: 'write', dir, truth })
  const outcomes = { verify: verdict, read, write }
  const report = verdict.is === 'answered' ? verdict.answer : undefined
  const reading = read.is === 'answered' ? read.answer : undefined
  const written = write.is === 'answered' ? write.answer : undefined
  const wrong = [...(reading?.wrong ?? []), ...(written?.reading.wrong ?? [])]
  const found = [
    ...wrong.map(what => `wrong: ${what}`),
    ...Object.entries(outcomes).flatMap(([ask, outcome]) => [...unclear(ask, outcome)]),
    ...[reading, written?.reading].flatMap(one => one?.unclear ?? []),
    ...(report && reading ? contradictions(report, reading, truth) : []),
    ...(written ? silentLosses(written, truth) : []),
  ]
  return {
    verdict: classOf(verdict),
    wrong: wrong.length,
    deaths: Object.entries(outcomes).flatMap(([ask, outcome]) =>
      outcome.is === 'died' ? [`${damage.what}: ${ask} died with ${outcome.how}`] : [],
    ),
    cautious: report !== undefined && reading !== undefined && isCautious(report, reading),
    wentOn: written !== undefined,
    complaints: found.map(complaint => `${damage.what}: ${complaint}`),
  }
}

function classOf(verdict: Outcome<VerifyReport>): Class {
  if (verdict.is === 'answered') return verdict.answer.ok ? 'whole' : 'damaged'
  return verdict.is === 'refused' || verdict.is === 'died' ? verdict.is : 'unclassified'
}

function* unclear(ask: string, outcome: Outcome<unknown>): Generator<string> {
  if (outcome.is === 'late') yield `${ask} took too long`
  if (outcome.is === 'unclear') yield `${ask}: ${outcome.message}`
  if (outcome.is === 'refused' && !outcome.code.startsWith('LOG_')) yield `${ask}: ${outcome.code}`
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
