// How fast the past is read: the log checked, decoded and folded as by the aggregator, beside the
// same record bytes in a plain file, decoded by the same codec. Both come from the page cache.
import { closeSync, openSync, readSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { emptyState, evolve, noChanges } from '../../src/actors/aggregator/logic.ts'
import { assert } from '../../src/base/assert.ts'
import { alignUp, KIB } from '../../src/base/bytes.ts'
import { decodeRecord, Layouts, RECORD_HEADER_BYTES, readRecord } from '../../src/protocol/codec.ts'
import type { Event } from '../../src/protocol/events.ts'
import type { LogReader } from '../../src/store/event-log.ts'
import { openLog, openLogReader } from '../../src/store/open-log.ts'
import { appendAll } from '../append-all.ts'
import { interleave } from '../interleave.ts'
import { contributionsOf, type Material, STEP_RECORD_BYTES, stepMaterial } from '../material.ts'
import { inScratch } from '../scratch.ts'
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

/** As large as the log's own batches. */
const CHUNK_BYTES = 256 * KIB
const SEED = 2
/** Of the sweep. */
const EPISODES_OF = [20, 60, 200, 600, 2000]

export const replay = (settings: BenchSettings): Promise<SuiteResult> =>
  inScratch(async dir => {
    const rounds = settings.pairs ?? (settings.small ? 1 : 12)
    const material = stepMaterial(settings.small ? 8 : 600, SEED)
    const file = join(dir, 'raw')
    writeFileSync(file, material.records)
    await writeLog(dir, material)
    const reader = openLogReader(dir)
    const rates = await interleave(
      {
        fold: async () => material.count / foldLog(reader, material),
        decode: async () => material.count / decodeLog(reader, material),
        raw: async () => material.count / decodeFile(file, material),
      },
      rounds,
      round => settings.onProgress(`replay: round ${round} of ${rounds}`),
    )
    await reader.close()
    const fold = figure('replay.events_per_second', 'events/s', rates.fold)
    const decode = figure('replay.decode_events_per_second', 'events/s', rates.decode)
    return {
      figures: [
        comparedFigure(fold, 'raw', rates.fold, rates.raw),
        comparedFigure(decode, 'raw', rates.decode, rates.raw),
        heapFigure('replay'),
      ],
      notes: [
        `${material.count} events (steps of ${STEP_RECORD_BYTES} B) a round, ${rounds} rounds`,
        describeRatios('read, decode and fold', 'raw', rates.fold, rates.raw),
        describeRatios('read and decode', 'raw', rates.decode, rates.raw),
        'raw: the same records in a plain file, read by 256 KiB, decoded by the same codec',
        'every round counts the events and sums the rewards; the fold must agree with both',
      ],
    }
  })

/** How the rate goes with the length of the log. */
export const replaySweep: Sweep = async settings => {
  const rounds = settings.pairs ?? (settings.small ? 1 : 4)
  const folds = new Map<number, number[]>()
  const decodes = new Map<number, number[]>()
  for (const episodes of settings.small ? [2, 4] : EPISODES_OF) {
    settings.onProgress(`replay: ${episodes} episodes`)
    await inScratch(async dir => {
      const material = stepMaterial(episodes, SEED)
      await writeLog(dir, material)
      const reader = openLogReader(dir)
      const { fold, decode } = await interleave(
        {
          fold: async () => material.count / foldLog(reader, material),
          decode: async () => material.count / decodeLog(reader, material),
        },
        rounds,
        () => {},
      )
      folds.set(material.count, fold)
      decodes.set(material.count, decode)
      await reader.close()
    })
  }
  return {
    growth: [
      growthOf('replay.events_per_second', 'events/s', 'events in the log', folds),
      growthOf('replay.decode_events_per_second', 'events/s', 'events in the log', decodes),
    ],
    notes: ['the whole log is read, checked and decoded, and folded in the first; page cache warm'],
  }
}

async function writeLog(dir: string, material: Material): Promise<void> {
  const { writer } = await openLog(dir)
  await appendAll(writer, contributionsOf(material))
  await writer.close()
}

/** Each returns its seconds. */
function foldLog(reader: LogReader, material: Material): number {
  const state = emptyState()
  const changes = noChanges()
  let rewardSum = 0
  const startedAt = performance.now()
  for (const envelope of reader.events({ fromSeq: 1 })) {
    evolve(state, envelope, changes)
    if (changes.rows.length > 0) {
      for (const row of changes.rows) rewardSum += row.totalReward
      changes.rows.length = 0
    }
  }
  const seconds = (performance.now() - startedAt) / 1000
  const { events, steps, episodes, lostEvents } = state.totals
  assert(events === material.count && lostEvents === 0, `folded ${events} of ${material.count}`)
  assert(steps === material.steps && episodes === material.episodes, `${steps} steps`)
  assert(rewardSum === material.rewardSum, 'the fold has the sum of all rewards')
  return seconds
}

function decodeLog(reader: LogReader, material: Material): number {
  const tally = new Tally()
  const startedAt = performance.now()
  for (const { event } of reader.events({ fromSeq: 1 })) tally.add(event)
  const seconds = (performance.now() - startedAt) / 1000
  tally.check(material)
  return seconds
}

function decodeFile(path: string, material: Material): number {
  const tally = new Tally()
  const layouts = new Layouts()
  const chunk = new Uint8Array(CHUNK_BYTES)
  const startedAt = performance.now()
  const file = openSync(path, 'r')
  for (let kept = 0; ; ) {
    const length = kept + readSync(file, chunk, kept, CHUNK_BYTES - kept, null)
    if (length === 0) break
    const bytes = chunk.subarray(0, length)
    let at = 0
    while (holdsRecord(bytes, at)) {
      const record = readRecord(bytes, at)
      tally.add(decodeRecord(bytes, record, layouts).event)
      at = record.end
    }
    assert(at > 0, 'a chunk holds a record')
    chunk.copyWithin(0, at, length)
    kept = length - at
  }
  closeSync(file)
  const seconds = (performance.now() - startedAt) / 1000
  tally.check(material)
  return seconds
}

/** Whether a whole record begins at `at`: the last one of a chunk may be cut. */
function holdsRecord(bytes: Uint8Array, at: number): boolean {
  const left = bytes.byteLength - at
  if (left < RECORD_HEADER_BYTES) return false
  const body = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
  return RECORD_HEADER_BYTES + alignUp(body, 8) <= left
}

/** What was decoded: enough to notice an event that is missing, doubled or wrong. */
class Tally {
  #events = 0
  #rewardSum = 0

  add(event: Event): void {
    this.#events++
    if (event.type === 'step_taken') this.#rewardSum += event.reward
  }

  check(material: Material): void {
    assert(this.#events === material.count, `decoded ${this.#events} of ${material.count} events`)
    assert(this.#rewardSum === material.rewardSum, 'the decoded rewards have the right sum')
  }
}
