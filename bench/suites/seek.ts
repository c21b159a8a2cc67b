// How soon any one event of the past is in hand, decoded, in a log that is in the page cache: beside
// SQLite by its primary key, and a plain file with the place of every record in memory (the limit).
import { closeSync, openSync, readSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { assert } from '../../src/base/assert.ts'
import { type Random, seededRandom } from '../../src/base/random.ts'
import { decodeRecord, Layouts, readRecord } from '../../src/protocol/codec.ts'
import type { LogReader } from '../../src/store/event-log.ts'
import { openLog, openLogReader } from '../../src/store/open-log.ts'
import { appendAll } from '../append-all.ts'
import { entriesBetween } from '../entries.ts'
import { interleave } from '../interleave.ts'
import { contributionsOf, type Material, stepMaterial, timeOf } from '../material.ts'
import { insertRows } from '../peers/sqlite.ts'
import { inScratch } from '../scratch.ts'
import { quantileOf } from '../statistics.ts'
import {
  type BenchSettings,
  comparedFigure,
  describeRatios,
  figure,
  growthOf,
  heapFigure,
  type SuiteResult,
  type Sweep,
} from '../suite.ts'

const SEED = 4
const EPISODES = 600
/** Of the sweep. */
const EPISODES_OF = [20, 60, 200, 600, 2000]

/** Finds the event with this number and returns its time. */
type Find = (seq: number) => number

export const seek = (settings: BenchSettings): Promise<SuiteResult> =>
  inScratch(async dir => {
    const rounds = settings.pairs ?? (settings.small ? 1 : 8)
    const material = stepMaterial(settings.small ? 8 : EPISODES, SEED)
    const reader = await openFilled(dir, material)
    const rows = findRow(dir, material)
    const records = findRecord(dir, material)
    const random = seededRandom(SEED)
    const seeks = settings.small ? 50 : 2000
    const p50s: Record<string, number[]> = { log: [], sqlite: [], raw: [] }
    const contender = (name: string, find: Find) => async (): Promise<number> => {
      const { p50, p99 } = timeSeeks(find, material, seeks, random)
      p50s[name]!.push(p50)
      return p99
    }
    const p99s = await interleave(
      {
        log: contender('log', findEvent(reader)),
        sqlite: contender('sqlite', rows.find),
        raw: contender('raw', records.find),
      },
      rounds,
      round => settings.onProgress(`seek: round ${round} of ${rounds}`),
    )
    await reader.close()
    rows.close()
    records.close()
    const [log, sqlite, raw] = ['log', 'sqlite', 'raw'].map(name => p50s[name]!.slice(1))
    assert(log && sqlite && raw, 'a p50 of each')
    const p99 = figure('seek.p99_micros', 'us', p99s.log)
    const p50 = figure('seek.p50_micros', 'us', log)
    return {
      figures: [
        comparedFigure(p99, 'sqlite', p99s.log, p99s.sqlite),
        comparedFigure(p99, 'raw', p99s.log, p99s.raw),
        comparedFigure(p50, 'sqlite', log, sqlite),
        comparedFigure(p50, 'raw', log, raw),
        heapFigure('seek'),
      ],
      notes: [
        `${seeks} events at random of ${material.count} a round, ${rounds} rounds; each is decoded,` +
          ' and its time compared',
        describeRatios('p50', 'sqlite', log, sqlite),
        describeRatios('p50', 'raw', log, raw),
        'sqlite: a prepared SELECT by the primary key; raw: one pread, the place known from memory;' +
          ' neither checks what it reads, the log a checksum over the whole batch of the event',
      ],
    }
  })

export const seekSweep: Sweep = async settings => {
  const rounds = settings.pairs ?? (settings.small ? 1 : 4)
  const p50s = new Map<number, number[]>()
  const p99s = new Map<number, number[]>()
  for (const episodes of settings.small ? [2, 4] : EPISODES_OF) {
    settings.onProgress(`seek: ${episodes} episodes`)
    await inScratch(async dir => {
      const material = stepMaterial(episodes, SEED)
      const reader = await openFilled(dir, material)
      const random = seededRandom(SEED)
      const samples = Array.from({ length: rounds + 1 }, () =>
        timeSeeks(findEvent(reader), material, settings.small ? 50 : 1000, random),
      ).slice(1)
      p50s.set(
        material.count,
        samples.map(({ p50 }) => p50),
      )
      p99s.set(
        material.count,
        samples.map(({ p99 }) => p99),
      )
      await reader.close()
    })
  }
  return {
    growth: [
      growthOf('seek.p50_micros', 'us', 'events in the log', p50s),
      growthOf('seek.p99_micros', 'us', 'events in the log', p99s),
    ],
    notes: ['a longer log adds a level to a tree now and then, and cold lines of memory'],
  }
}

async function openFilled(dir: string, material: Material): Promise<LogReader> {
  const { writer } = await openLog(dir)
  await appendAll(writer, contributionsOf(material))
  await writer.close()
  return openLogReader(dir)
}

/** Microseconds of single seeks. */
function timeSeeks(find: Find, { count }: Material, seeks: number, random: Random) {
  const micros: number[] = []
  for (let i = 0; i < seeks; i++) {
    const seq = 1 + random.below(count)
    const startedAt = performance.now()
    const time = find(seq)
    micros.push(1000 * (performance.now() - startedAt))
    assert(time === timeOf(seq), `event ${seq}: expected ${timeOf(seq)}, found ${time}`)
  }
  return { p50: quantileOf(micros, 0.5), p99: quantileOf(micros, 0.99) }
}

const findEvent =
  (reader: LogReader): Find =>
  seq => {
    for (const envelope of reader.events({ fromSeq: seq, toSeq: seq })) return envelope.time
    return Number.NaN
  }

/** The layouts that the material declares, in its first record. */
function layoutsOf(material: Material): Layouts {
  const layouts = new Layouts()
  decodeFirst(entriesBetween(material, 0, 1), layouts)
  return layouts
}

const decodeFirst = (bytes: Uint8Array, layouts: Layouts): number =>
  decodeRecord(bytes, readRecord(bytes, 0), layouts).time

function findRow(dir: string, material: Material): { find: Find; close: () => void } {
  const { database } = insertRows(dir, material)
  const layouts = layoutsOf(material)
  const select = database.prepare('SELECT record FROM events WHERE seq = ?')
  return {
    find: seq => decodeFirst(select.get(seq)?.['record'] as Uint8Array, layouts),
    close: () => database.close(),
  }
}

function findRecord(dir: string, material: Material): { find: Find; close: () => void } {
  const path = join(dir, 'raw')
  writeFileSync(path, material.records)
  const file = openSync(path, 'r')
  const layouts = layoutsOf(material)
  const { ends } = material
  return {
    find: seq => {
      const start = seq === 1 ? 0 : ends[seq - 2]!
      const bytes = new Uint8Array(ends[seq - 1]! - start)
      const length = readSync(file, bytes, 0, bytes.byteLength, start)
      assert(length === bytes.byteLength, 'the file has all of the record')
      return decodeFirst(bytes, layouts)
    },
    close: () => closeSync(file),
  }
}
