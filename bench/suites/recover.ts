// How soon a log can be written again after its writer was killed, and how that grows with its
// length: a process fills a log and kills itself with SIGKILL; another opens it. Beside it the time
// to read the same file from beginning to end, which a recovery that scans would need.
import { execFile } from 'node:child_process'
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { assert } from '../../src/base/assert.ts'
import { formatBytes, MIB } from '../../src/base/bytes.ts'
import { RollcastError } from '../../src/base/errors.ts'
import { startRun } from '../../src/index.ts'
import { dataFile, openLog } from '../../src/store/open-log.ts'
import { inScratch } from '../scratch.ts'
import {
  type BenchSettings,
  comparedFigure,
  type Figure,
  figure,
  growthOf,
  heapFigure,
  type SuiteResult,
  type Sweep,
} from '../suite.ts'

const SIZES_MIB = [64, 256, 1024]
const SMALL_MIB = [8]
const BRIEF_MIB = [1024]
/** Of the sweep. */
const SWEPT_MIB = [16, 64, 256, 1024]
const READ_BYTES = 4 * MIB
const filler = fileURLToPath(new URL('../fill-and-die.ts', import.meta.url))

/** Milliseconds of one round. */
interface Round {
  readonly open: number
  readonly run: number
  readonly read: number
}

export async function recover(settings: BenchSettings): Promise<SuiteResult> {
  const rounds = settings.pairs ?? (settings.small ? 1 : 5)
  const figures: Figure[] = []
  const notes: string[] = []
  for (const mib of settings.small ? SMALL_MIB : settings.brief ? BRIEF_MIB : SIZES_MIB) {
    await inScratch(async dir => {
      settings.onProgress(`recover: filling ${mib} MiB`)
      const samples: Round[] = []
      let lastSeq = await fillAndDie(dir, mib)
      for (let round = 0; round < rounds; round++) {
        settings.onProgress(`recover: ${mib} MiB, round ${round + 1} of ${rounds}`)
        const open = await timeOpening(dir, lastSeq)
        // The next rounds find a killed writer too: a few events more, and no close.
        lastSeq = await fillAndDie(dir, 0)
        const run = await timeRun(dir)
        lastSeq = await fillAndDie(dir, 0)
        samples.push({ open, run, read: timeReading(dir) })
      }
      const of = (key: keyof Round): number[] => samples.map(sample => sample[key])
      figures.push(
        comparedFigure(
          figure(`recover.open_${mib}_millis`, 'ms', of('open')),
          'read',
          of('open'),
          of('read'),
        ),
        figure(`recover.run_${mib}_millis`, 'ms', of('run')),
      )
      notes.push(`${mib} MiB: ${lastSeq} events, a file of ${formatBytes(fileBytes(dir))}`)
    })
  }
  return {
    figures: [...figures, heapFigure('recover')],
    notes: [
      'open: from the call of openLog to a writer that takes events, after SIGKILL of the last one',
      'run: from the call of startRun to a run whose actors are all at work',
      `the peer 'read' reads the whole file once; ${rounds} rounds; the page cache is warm`,
      ...notes,
    ],
  }
}

const fileBytes = (dir: string): number => statSync(dataFile(dir)).size

/** Appends `mib` (a few events for 0) in a process that then kills itself; the last number. */
async function fillAndDie(dir: string, mib: number): Promise<number> {
  try {
    await promisify(execFile)(process.execPath, [filler, dir, String(mib)])
  } catch (error) {
    const { stdout, signal, stderr } = error as { stdout: string; stderr: string; signal: string }
    assert(signal === 'SIGKILL', `the process that fills the log: ${stderr}`)
    return Number(stdout)
  }
  throw new RollcastError('INTERNAL', 'the process that fills the log did not kill itself')
}

async function timeOpening(dir: string, lastSeq: number): Promise<number> {
  const startedAt = performance.now()
  const { writer, report } = await openLog(dir)
  const millis = performance.now() - startedAt
  assert(!report.cleanClose && report.lastSeq === lastSeq, `opened at ${report.lastSeq}`)
  await writer.close()
  return millis
}

async function timeRun(dir: string): Promise<number> {
  const startedAt = performance.now()
  const run = await startRun({ dir, handleSignals: false, live: { port: 0 } })
  const millis = performance.now() - startedAt
  await run.close()
  return millis
}

function timeReading(dir: string): number {
  const startedAt = performance.now()
  const file = openSync(dataFile(dir), 'r')
  const chunk = new Uint8Array(READ_BYTES)
  while (readSync(file, chunk) > 0);
  closeSync(file)
  return performance.now() - startedAt
}

/** How opening goes with the length of the log. */
export const recoverSweep: Sweep = async settings => {
  const rounds = settings.pairs ?? (settings.small ? 1 : 3)
  const opens = new Map<number, number[]>()
  const reads = new Map<number, number[]>()
  for (const mib of settings.small ? SMALL_MIB : SWEPT_MIB) {
    settings.onProgress(`recover: ${mib} MiB`)
    await inScratch(async dir => {
      const open: number[] = []
      const read: number[] = []
      let lastSeq = await fillAndDie(dir, mib)
      for (let round = 0; round <= rounds; round++) {
        open.push(await timeOpening(dir, lastSeq))
        lastSeq = await fillAndDie(dir, 0)
        read.push(timeReading(dir))
      }
      opens.set(mib, open.slice(1))
      reads.set(mib, read.slice(1))
    })
  }
  return {
    growth: [
      growthOf('recover.open_millis', 'ms', 'MiB in the log', opens),
      growthOf('read_millis', 'ms', 'MiB in the log', reads),
    ],
    notes: [
      'read: what it takes to read the file from beginning to end, which opening does not do',
    ],
  }
}
