// What the log takes in a second, on its way to being durable: steps beside a plain file, SQLite and
// the log written by a process of its own, frames beside a plain file. Contributions arrive as from the recorder, and no more waits
// for the disk than the trainer may have in flight; the clock stops when the last event is durable.
import { closeSync, fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { assert } from '../../src/base/assert.ts'
import { KIB, MIB } from '../../src/base/bytes.ts'
import { crc32 } from '../../src/base/checksum.ts'
import type { Contribution, WriterStats } from '../../src/store/event-log.ts'
import { type OpenOptions, openLog, openLogReader } from '../../src/store/open-log.ts'
import { type Appended, appendAll } from '../append-all.ts'
import { interleave } from '../interleave.ts'
import {
  CONTRIBUTION_EVENTS,
  contributionsOf,
  FRAME_BYTES,
  frameDeclaration,
  frameRecord,
  type Material,
  newPixels,
  STEP_RECORD_BYTES,
  stepMaterial,
} from '../material.ts'
import { inScratch } from '../scratch.ts'
import {
  type BenchSettings,
  comparedFigure,
  describeRatios,
  figure,
  heapFigure,
  type SuiteResult,
} from '../suite.ts'

const SEED = 1

export async function append(settings: BenchSettings): Promise<SuiteResult> {
  const rounds = settings.pairs ?? (settings.small ? 1 : 12)
  const material = stepMaterial(settings.small ? 8 : 600, SEED)
  const commits: WriterStats[] = []
  // The peers commit as many bytes at once as the log did the last time.
  let transactionBytes = MIB
  const steps = await interleave(
    {
      log: async () => {
        const { seconds, stats } = await inScratch(dir => appendSteps(dir, material), true)
        commits.push(stats)
        transactionBytes = Math.ceil(stats.bytes / stats.transactions)
        return material.count / seconds
      },
      apart: async () => {
        const placement = 'process'
        const { seconds } = await inScratch(dir => appendSteps(dir, material, { placement }), true)
        return material.count / seconds
      },
      raw: async () => {
        const batches = batchesOf(material.records, material.ends, transactionBytes)
        return material.count / (await inScratch(dir => writeRaw(dir, batches, material.crc), true))
      },
      sqlite: async () =>
        material.count / (await inScratch(dir => insertRows(dir, material), true)),
    },
    rounds,
    round => settings.onProgress(`append: steps, round ${round} of ${rounds}`),
  )
  const counted = commits.slice(1)
  const { rates: frames, transactionMib } = await measureFrames(settings, rounds)

  const own = figure('append.events_per_second', 'events/s', steps.log)
  const ownFrames = figure('append.frame_mib_per_second', 'MiB/s', frames.log)
  const batchKib = counted.map(stats => stats.bytes / stats.transactions / KIB)
  const dropped = counted.map(stats => stats.pendingEvents + stats.duplicates)
  return {
    figures: [
      comparedFigure(own, 'raw', steps.log, steps.raw),
      comparedFigure(own, 'sqlite', steps.log, steps.sqlite),
      comparedFigure(own, 'process', steps.log, steps.apart),
      figure('append.transaction_kib', 'KiB', batchKib),
      figure(
        'append.commit_millis_p50',
        'ms',
        counted.map(stats => stats.commitMillis.p50),
      ),
      figure(
        'append.commit_millis_p99',
        'ms',
        counted.map(stats => stats.commitMillis.p99),
      ),
      comparedFigure(ownFrames, 'raw', frames.log, frames.raw),
      figure('append.dropped', 'events', dropped),
      heapFigure('append'),
    ],
    notes: [
      `${material.count} events of ${STEP_RECORD_BYTES} B (200 and a header) a round, ${rounds} rounds`,
      describeRatios('events', 'raw', steps.log, steps.raw),
      describeRatios('events', 'sqlite', steps.log, steps.sqlite),
      describeRatios('events', 'process', steps.log, steps.apart),
      describeRatios('frames', 'raw', frames.log, frames.raw),
      `frames of ${FRAME_BYTES} B, ${transactionMib.toFixed(1)} MiB a transaction`,
      'raw: write and fdatasync of batches as large as our transactions; sqlite: WAL,' +
        ` synchronous=NORMAL (not durable at commit), ${CONTRIBUTION_EVENTS} rows a transaction`,
      'process: the same log with `logPlacement: process`',
      'every round is read back in full and compared by count and checksum',
    ],
  }
}

async function appendSteps(
  dir: string,
  material: Material,
  options: OpenOptions = {},
): Promise<Appended> {
  const { writer } = await openLog(dir, options)
  const result = await appendAll(writer, contributionsOf(material))
  await writer.close()
  const reader = openLogReader(dir)
  let count = 0
  let crc = 0
  for (const batch of reader.batches({ fromSeq: 1 })) {
    count += batch.count
    crc = crc32(batch.records, crc)
  }
  await reader.close()
  assert(count === material.count, `the log has ${count} of ${material.count} events`)
  assert(crc === material.crc, 'the log has the bytes that were appended')
  return result
}

/** Whole records, at least `batchBytes` at a time. */
function batchesOf(records: Uint8Array, ends: Float64Array, batchBytes: number): Uint8Array[] {
  const batches: Uint8Array[] = []
  let start = 0
  for (const end of ends) {
    if (end - start < batchBytes && end !== records.byteLength) continue
    batches.push(records.subarray(start, end))
    start = end
  }
  return batches
}

/** Appends each batch to a file and makes it durable; returns the seconds. */
async function writeRaw(dir: string, batches: readonly Uint8Array[], crc: number): Promise<number> {
  const path = join(dir, 'raw')
  const file = openSync(path, 'a')
  const startedAt = performance.now()
  for (const batch of batches) {
    const written = writeSync(file, batch)
    assert(written === batch.byteLength, `${written} of ${batch.byteLength} B were written`)
    fdatasyncSync(file)
  }
  const seconds = (performance.now() - startedAt) / 1000
  closeSync(file)
  assert(crc32(readFileSync(path)) === crc, 'the file has the bytes that were written')
  return seconds
}

/** One row an event; returns the seconds up to the last commit. */
async function insertRows(dir: string, material: Material): Promise<number> {
  const { records, ends, count } = material
  const database = new DatabaseSync(join(dir, 'events.sqlite'))
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
  database.exec('CREATE TABLE events (seq INTEGER PRIMARY KEY, record BLOB NOT NULL)')
  const insert = database.prepare('INSERT INTO events (seq, record) VALUES (?, ?)')
  const startedAt = performance.now()
  let start = 0
  for (let index = 0; index < count; index++) {
    if (index % CONTRIBUTION_EVENTS === 0) database.exec('BEGIN')
    const end = ends[index]!
    insert.run(index + 1, records.subarray(start, end))
    start = end
    if (index % CONTRIBUTION_EVENTS === CONTRIBUTION_EVENTS - 1) database.exec('COMMIT')
  }
  if (count % CONTRIBUTION_EVENTS !== 0) database.exec('COMMIT')
  const seconds = (performance.now() - startedAt) / 1000
  let rows = 0
  let crc = 0
  for (const row of database.prepare('SELECT record FROM events ORDER BY seq').iterate()) {
    rows++
    crc = crc32(row['record'] as Uint8Array, crc)
  }
  database.close()
  assert(rows === count && crc === material.crc, 'SQLite has the rows that were inserted')
  return seconds
}

/** Frames a contribution: under the recorder's intake of 1 MiB. */
const CONTRIBUTION_FRAMES = 8

async function measureFrames(settings: BenchSettings, rounds: number) {
  const count = settings.small ? 16 : 480
  const pixels = Array.from({ length: 16 }, (_, i) => newPixels(i))
  const mib = (count * FRAME_BYTES) / MIB
  let transactionBytes = MIB
  const rates = await interleave(
    {
      log: async () => {
        const { seconds, stats } = await inScratch(dir => appendFrames(dir, pixels, count), true)
        transactionBytes = stats.bytes / stats.transactions
        return mib / seconds
      },
      raw: async () => {
        const frames = Math.max(1, Math.round(transactionBytes / FRAME_BYTES))
        const all = Buffer.concat(Array.from({ length: count }, (_, i) => pixels[i % 16]!))
        const ends = Float64Array.from({ length: count }, (_, i) => (i + 1) * FRAME_BYTES)
        const batches = batchesOf(all, ends, frames * FRAME_BYTES)
        return mib / (await inScratch(dir => writeRaw(dir, batches, crc32(all)), true))
      },
    },
    rounds,
    round => settings.onProgress(`append: frames, round ${round} of ${rounds}`),
  )
  return { rates, transactionMib: transactionBytes / MIB }
}

async function appendFrames(
  dir: string,
  pixels: readonly Uint8Array[],
  count: number,
): Promise<Appended> {
  const contributions = [...frameContributions(pixels, count)]
  const { writer } = await openLog(dir)
  const result = await appendAll(writer, contributions)
  await writer.close()
  const reader = openLogReader(dir)
  let found = 0
  for (const { seq, event } of reader.events({ fromSeq: 1 })) {
    if (event.type !== 'frame_captured') continue
    const bytes = reader.frame(seq)
    const sum = bytes && crc32(bytes)
    assert(sum === event.crc && sum === crc32(pixels[event.index % pixels.length]!), 'its pixels')
    found++
  }
  await reader.close()
  assert(found === count, `the log has ${found} of ${count} frames`)
  return result
}

function* frameContributions(
  pixels: readonly Uint8Array[],
  count: number,
): Generator<Contribution> {
  yield { producer: 'bench', position: 1, records: frameDeclaration(), count: 1 }
  for (let from = 0; from < count; from += CONTRIBUTION_FRAMES) {
    const indexes = Array.from(
      { length: Math.min(CONTRIBUTION_FRAMES, count - from) },
      (_, i) => from + i,
    )
    const pixelsOf = (index: number): Uint8Array => pixels[index % pixels.length]!
    yield {
      producer: 'bench',
      position: from + 2,
      records: Buffer.concat(indexes.map(index => frameRecord(index, pixelsOf(index)))),
      count: indexes.length,
      frames: indexes.map((index, i) => ({ index: i, bytes: pixelsOf(index) })),
    }
  }
}
