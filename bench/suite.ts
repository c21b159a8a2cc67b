// What a suite of benches is given and gives back. A suite checks its own result: what it measured
// is counted and summed at the other end, and a number that does not agree ends the bench.
import { assert } from '../src/base/assert.ts'
import { medianOf, quartilesOf } from './statistics.ts'

export interface BenchSettings {
  /** A tiny setting, for tests: the figures mean nothing, the checks do. */
  readonly small: boolean
  /** Only the figures that have bars, with fewer peers: for a round over all suites. */
  readonly brief: boolean
  /** Interleaved rounds; each suite has its own default. */
  readonly pairs: number | undefined
  /** How long `memory` runs the demo. */
  readonly minutes: number
  /** How long `encode` records for an encoder that is too slow. */
  readonly seconds: number
  /** Told what is going on. */
  readonly onProgress: (text: string) => void
}

/** One measured number. With several peers there are several figures of one name. */
export interface Figure {
  readonly name: string
  readonly unit: string
  readonly median: number
  /** Quartiles over the rounds, unless a note of the suite says otherwise. */
  readonly low: number
  readonly high: number
  /** What it was compared with in the same run, interleaved. */
  readonly peer: string | null
  /** Ours over the peer's, the median of the rounds' ratios: more is better for throughputs. */
  readonly ratio: number | null
}

/** How a figure goes with a size. */
export interface Growth {
  /** Of the figure. */
  readonly name: string
  readonly unit: string
  /** What grows, in words. */
  readonly over: string
  readonly points: readonly GrowthPoint[]
}

export interface GrowthPoint {
  readonly at: number
  readonly median: number
  readonly low: number
  readonly high: number
}

export interface SuiteResult {
  readonly figures: readonly Figure[]
  /** Of a sweep. */
  readonly growth?: readonly Growth[]
  /** What a reader of the table must know besides. */
  readonly notes: readonly string[]
}

export type Suite = (settings: BenchSettings) => Promise<SuiteResult>

/** How a suite's figures go with a size; a few points each, short. */
export type Sweep = (settings: BenchSettings) => Promise<{
  readonly growth: readonly Growth[]
  readonly notes: readonly string[]
}>

/** A figure of `samples`, one a round. */
export function figure(name: string, unit: string, samples: readonly number[]): Figure {
  const { low, high } = quartilesOf(samples)
  return { name, unit, median: medianOf(samples), low, high, peer: null, ratio: null }
}

/** How the figure `name` was at each size. */
export function growthOf(
  name: string,
  unit: string,
  over: string,
  samples: ReadonlyMap<number, readonly number[]>,
): Growth {
  const points = [...samples].map(([at, values]) => ({
    at,
    median: medianOf(values),
    ...quartilesOf(values),
  }))
  return { name, unit, over, points }
}

/** The same beside a peer's samples of the same rounds. */
export function comparedFigure(
  own: Figure,
  peer: string,
  samples: readonly number[],
  peerSamples: readonly number[],
): Figure {
  assert(samples.length === peerSamples.length, `${own.name}: a sample of each in every round`)
  const ratios = samples.map((sample, i) => sample / peerSamples[i]!)
  return { ...own, peer, ratio: medianOf(ratios) }
}

/** How the ratios of the rounds spread, for the notes. */
export function describeRatios(
  name: string,
  peer: string,
  samples: readonly number[],
  peerSamples: readonly number[],
): string {
  const ratios = samples.map((sample, i) => sample / peerSamples[i]!)
  const { low, high } = quartilesOf(ratios)
  const median = medianOf(ratios).toFixed(2)
  return `${name}: ${median} x ${peer} (quartiles ${low.toFixed(2)} to ${high.toFixed(2)})`
}

/** The heap that is in use after the suite, with what was garbage if the collector is exposed. */
export function heapFigure(suite: string): Figure {
  const { heapUsed } = process.memoryUsage()
  return figure(`${suite}.heap_mib`, 'MiB', [heapUsed / 2 ** 20])
}
