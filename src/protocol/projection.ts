// What the aggregator makes of the log: plain data, the same for a live run and its replay.
import type { EpisodeEnded, ReleaseReason } from './events.ts'

/** One episode in the index (L2). Times are Unix milliseconds, rewards are sums over the steps. */
export interface EpisodeRow {
  readonly episode: number
  readonly agent: string
  readonly startTime: number
  readonly endTime: number
  readonly steps: number
  readonly frames: number
  readonly totalReward: number
  readonly extrinsicReward: number
  readonly intrinsicReward: number
  readonly stage: number | null
  readonly epsilon: number | null
  readonly seed: number | null
  readonly terminated: boolean
  readonly truncated: boolean
  readonly reason: string
  /** Where the episode stands in the log, first and last event. */
  readonly firstSeq: number
  readonly lastSeq: number
  /** Why its frames and videos are gone; left out while they are there. */
  readonly released?: ReleaseReason
}

/** The row of an episode whose events are `firstSeq` to `lastSeq`; the last one is its end. */
export const rowOf = (
  event: EpisodeEnded,
  endTime: number,
  firstSeq: number,
  lastSeq: number,
): EpisodeRow => ({
  episode: event.episode,
  agent: event.agent,
  startTime: event.startTime,
  endTime,
  steps: event.steps,
  frames: event.frames,
  totalReward: event.totalReward,
  extrinsicReward: event.extrinsicReward,
  intrinsicReward: event.intrinsicReward,
  stage: event.stage ?? null,
  epsilon: event.epsilon ?? null,
  seed: event.seed ?? null,
  terminated: event.terminated,
  truncated: event.truncated,
  reason: event.reason,
  firstSeq,
  lastSeq,
})

/** The direction of a metric; `flat` unless the slope is significant. */
export type TrendSign = 'rising' | 'falling' | 'flat'

/** One metric's summary. `points` are `[globalStep, value]`, thinned out but with its extremes. */
export interface MetricSeries {
  readonly name: string
  readonly count: number
  readonly last: number
  /** Mean over all finite values. */
  readonly mean: number
  /** Mean over the last 100 finite values. */
  readonly movingAverage: number
  readonly min: number
  readonly max: number
  /** Slope over the last 100 values, in units of the metric per 1000 global steps. */
  readonly slope: number
  readonly trend: TrendSign
  readonly points: readonly (readonly [number, number])[]
}

export interface Milestone {
  readonly milestone: string
  readonly agent: string
  readonly episode: number
  readonly value: number
  readonly previous: number | null
  readonly time: number
  readonly seq: number
}

/** Sums over the run. */
export interface RunTotals {
  readonly episodes: number
  readonly steps: number
  readonly frames: number
  readonly events: number
  /** Events that were lost before the log and counted by gaps. */
  readonly lostEvents: number
  readonly refusedInputs: number
}

/** The aggregator's account of the run up to `seq`, 10 times a second while it changes. */
export interface Projection {
  readonly epoch: number
  readonly seq: number
  /** Event time of the newest event folded. */
  readonly time: number
  readonly run: string
  readonly name: string
  readonly totals: RunTotals
  /** Newest last. */
  readonly episodes: readonly EpisodeRow[]
  readonly metrics: readonly MetricSeries[]
  readonly milestones: readonly Milestone[]
}
