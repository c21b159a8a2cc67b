// What the log takes in a second, on its way to being durable: steps of 200 bytes and of 2 KB, and
// frames of 100 KB, beside a plain file (the limit), databases and servers that a user would pick
// instead, and the log written by a process of its own. Contributions arrive as from the recorder, and no
// more waits for the disk than the trainer may have in flight; the clock stops when all is durable.
import { assert } from '../../src/base/assert.ts'
import { KIB, MIB } from '../../src/base/bytes.ts'
import { crc32 } from '../../src/base/checksum.ts'
import type { WriterStats } from '../../src/store/event-log.ts'
import { openLog, openLogReader } from '../../src/store/open-log.ts'
import { type Appended, appendAll } from '../append-all.ts'
import { appendFrames, appendSteps, CONTRIBUTION_FRAMES, picturesOf } from '../append-log.ts'
import type { Entries } from '../entries.ts'
import { type Contender, interleave } from '../interleave.ts'
import { contributionsOf, FRAME_BYTES, stepMaterial } from '../material.ts'
import { level } from '../peers/level.ts'
import { lmdb } from '../peers/lmdb.ts'
import { nats } from '../peers/nats.ts'
import type { Peer } from '../peers/peer.ts'
import { appendRaw } from '../peers/raw.ts'
import { redis } from '../peers/redis.ts'
import { sqlite, sqliteFull } from '../peers/sqlite.ts'
import { inScratch } from '../scratch.ts'
import { medianOf } from '../statistics.ts'
import {
  type BenchSettings,
  comparedFigure,
  describeRatios,
  type Figure,
  figure,
  growthOf,
  heapFigure,
  type SuiteResult,
  type Sweep,
} from '../suite.ts'

const SEED = 1
/** A step with 228 observations more. */
const LARGE_RECORD_BYTES = 2048
/** Of the sweep: bytes a step, and how often the material is in the log already. */
const RECORD_SIZES = [208, 512, 2048, 8192, 32_768]
const LENGTHS = [0, 3, 9, 27]
const peers: readonly Peer[] = [sqlite, sqliteFull, level, lmdb, redis, nats]

/** Entries of one size, and how the log takes them. */
interface Workload {
  readonly figure: string
  readonly unit: string
  /** What one entry counts in `unit`. */
  readonly scale: number
  readonly entries: Entries
  readonly log: (dir: string) => Promise<Appended>
  /** By a process of its own. */
  readonly apart?: (dir: string) => Promise<Appended>
}

export async function append(settings: BenchSettings): Promise<SuiteResult> {
  const { small, brief } = settings
  const rounds = settings.pairs ?? (small ? 1 : 5)
  const present = brief
    ? [sqlite, sqliteFull]
    : peers.filter(peer => peer.missing?.() === undefined)
  const workloads = [steps(small ? 8 : 600), largeSteps(small ? 2 : 80), frames(small ? 16 : 640)]
  const figures: Figure[] = []
  const notes: string[] = []
  for (const workload of workloads) {
    const found = await measure(workload, present, rounds, settings)
    figures.push(...found.figures)
    notes.push(...found.notes)
  }
  return {
    figures: [...figures, heapFigure('append')],
    notes: [
      ...notes,
      'raw: write and fdatasync of batches as large as our transactions',
      ...present.map(({ name, setup }) => `${name}: ${setup}`),
      ...(brief ? [] : peers.flatMap(({ missing }) => missing?.() ?? []).map(skipped)),
      'process: the same log with `logPlacement: process`',
      'every peer is handed the same groups, two on their way at most (raw: one), and read back in' +
        ' full in every round, as the log is, by count and checksum',
    ],
  }
}

const skipped = (why: string): string => `no peer: ${why}`

function steps(episodes: number): Workload {
  const entries = stepMaterial(episodes, SEED)
  return {
    ...{ figure: 'append.events_per_second', unit: 'events/s', scale: 1, entries },
    log: dir => appendSteps(dir, entries),
    apart: dir => appendSteps(dir, entries, { placement: 'process' }),
  }
}

function largeSteps(episodes: number): Workload {
  const entries = stepMaterial(episodes, SEED, LARGE_RECORD_BYTES)
  return {
    ...{ figure: 'append.large_events_per_second', unit: 'events/s', scale: 1, entries },
    log: dir => appendSteps(dir, entries),
  }
}

function frames(count: number): Workload {
  const pixels = picturesOf(count)
  const records = new Uint8Array(Buffer.concat(pixels))
  const ends = Float64Array.from(pixels, (_, i) => (i + 1) * FRAME_BYTES)
  const entries = { records, ends, count, crc: crc32(records), group: CONTRIBUTION_FRAMES }
  return {
    ...{ figure: 'append.frame_mib_per_second', unit: 'MiB/s', scale: FRAME_BYTES / MIB, entries },
    log: dir => appendFrames(dir, pixels),
  }
}

async function measure(
  { figure: name, unit, scale, entries, log, apart }: Workload,
  present: readonly Peer[],
  rounds: number,
  { brief, onProgress }: BenchSettings,
): Promise<{ readonly figures: Figure[]; readonly notes: string[] }> {
  const commits: WriterStats[] = []
  // The file's batches are as large as the log's transactions were the last time.
  let transactionBytes = MIB
  const rateOf = ({ seconds }: Appended): number => entries.count / seconds
  const contenders: Record<string, Contender> = {
    log: async () => {
      const appended = await inScratch(log, true)
      commits.push(appended.stats)
      transactionBytes = Math.ceil(appended.stats.bytes / appended.stats.transactions)
      return scale * rateOf(appended)
    },
    raw: async () =>
      scale * (await inScratch(dir => appendRaw(dir, entries, transactionBytes), true)),
  }
  for (const peer of present) {
    contenders[peer.name] = async () =>
      scale * (await inScratch(dir => peer.append(dir, entries), true))
  }
  if (apart && !brief) contenders['process'] = async () => rateOf(await inScratch(apart, true))
  const rates = await interleave(contenders, rounds, round =>
    onProgress(`${name}, round ${round} of ${rounds}`),
  )
  const { log: own = [], ...others } = rates
  const of = figure(name, unit, own)
  const counted = commits.slice(1)
  const bytes = medianOf(counted.map(stats => stats.bytes / stats.transactions))
  const entryBytes = Math.round(entries.records.byteLength / entries.count)
  return {
    figures: [
      ...Object.entries(others).map(([peer, theirs]) => comparedFigure(of, peer, own, theirs)),
      ...(name === 'append.events_per_second' ? commitFigures(counted) : []),
    ],
    notes: [
      `${name}: ${entries.count} entries of ${entryBytes} B a round, ${entries.group} at once,` +
        ` ${(bytes / KIB).toFixed(0)} KiB a transaction; ${rounds} rounds`,
      ...Object.entries(others).map(([peer, theirs]) => describeRatios(name, peer, own, theirs)),
    ],
  }
}

function commitFigures(commits: readonly WriterStats[]): Figure[] {
  const of = (name: string, unit: string, value: (stats: WriterStats) => number): Figure =>
    figure(`append.${name}`, unit, commits.map(value))
  return [
    of('transaction_kib', 'KiB', ({ bytes, transactions }) => bytes / transactions / KIB),
    of('commit_millis_p50', 'ms', ({ commitMillis }) => commitMillis.p50),
    of('commit_millis_p99', 'ms', ({ commitMillis }) => commitMillis.p99),
    of('dropped', 'events', ({ pendingEvents, duplicates }) => pendingEvents + duplicates),
  ]
}

/** How the rate goes with the size of a step, and with what is in the log already. */
export const appendSweep: Sweep = async settings => {
  const { small } = settings
  const rounds = settings.pairs ?? (small ? 1 : 3)
  const bySize = new Map<number, number[]>()
  for (const bytes of small ? [208, 2048] : RECORD_SIZES) {
    const episodes = Math.max(1, Math.round((small ? 2 : 64_000) / bytes))
    const material = stepMaterial(episodes, SEED, bytes)
    const rates: number[] = []
    for (let round = 0; round <= rounds; round++) {
      settings.onProgress(`append: steps of ${bytes} B, round ${round} of ${rounds}`)
      const { seconds } = await inScratch(dir => appendSteps(dir, material), true)
      rates.push(material.records.byteLength / MIB / seconds)
    }
    bySize.set(bytes, rates.slice(1))
  }
  return {
    growth: [
      growthOf('append.mib_per_second', 'MiB/s', 'bytes a step', bySize),
      growthOf(
        'append.events_per_second',
        'events/s',
        'events in the log before',
        await rateByLength(rounds, settings),
      ),
    ],
    notes: ['each point is a log of its own, read back in full; fdatasync at every commit'],
  }
}

/** Events a second into a log that has so many. */
async function rateByLength(
  rounds: number,
  { small, onProgress }: BenchSettings,
): Promise<Map<number, number[]>> {
  const material = stepMaterial(small ? 2 : 200, SEED)
  const lengths = small ? [0, 1] : LENGTHS
  const rates = new Map<number, number[]>(lengths.map(times => [times * material.count, []]))
  for (let round = 0; round < rounds; round++) {
    await inScratch(async dir => {
      const { writer } = await openLog(dir)
      for (let times = 0; times <= lengths.at(-1)!; times++) {
        onProgress(`append: ${times * material.count} events in the log, round ${round + 1}`)
        const contributions = [...contributionsOf(material, `bench:${times}`)]
        const { seconds } = await appendAll(writer, contributions)
        rates.get(times * material.count)?.push(material.count / seconds)
      }
      await writer.close()
      const reader = openLogReader(dir)
      const { seq } = reader.durable()
      await reader.close()
      assert(seq === (lengths.at(-1)! + 1) * material.count, `the log has ${seq} events`)
    }, true)
  }
  return rates
}
