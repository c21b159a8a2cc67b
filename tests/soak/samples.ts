// What a run held each time that it was at rest: all actors running, nothing behind, no viewer there.
// Such moments are alike, so whatever grows from one to the next is kept for good.
import { medianOf, quantileOf } from '../../bench/statistics.ts'

export interface Sample {
  readonly minutes: number
  /** Memory apart from the pages of the log that are mapped, MiB. */
  readonly ownMib: number
  readonly fds: number
  readonly threads: number
  /** The log's file, and the records of events in it, MiB. */
  readonly logMib: number
  readonly eventMib: number
  /** What waits on the heap for room in the ring. */
  readonly spilledBytes: number
}

/** The first part of a soak, in which what is only used again is taken. */
const WARM_SHARE = 1 / 3
/** Samples at each end of the rest that are compared: by their medians, memory by its least. */
const WINDOW_SHARE = 1 / 5
const WINDOW_MIN = 3

/** Heaps come and go by so much, MiB; over long times memory may grow by 1 MiB a minute (S9). */
const OWN_MIB_MAX = 24
const OWN_MIB_A_MINUTE_MAX = 1
const HANDLES_MAX = 2
/**
 * Bytes of the log's file for each byte of events: small batches fill pages badly, and rows of the
 * index and snapshots stand beside them. Frames that are on a video must not.
 */
const LOG_RATIO_MAX = 3
const LOG_MIB_MAX = 32

/** How much more there is at the end than after the warm-up. */
export interface Growth {
  readonly minutes: number
  readonly ownMib: number
  readonly fds: number
  readonly threads: number
  readonly logMib: number
  readonly eventMib: number
}

/** Undefined while there are too few samples to tell. */
export function growthOf(samples: readonly Sample[]): Growth | undefined {
  const warm = samples.slice(Math.floor(samples.length * WARM_SHARE))
  const window = Math.max(WINDOW_MIN, Math.floor(warm.length * WINDOW_SHARE))
  if (warm.length < 2 * window) return undefined
  const [early, late] = [warm.slice(0, window), warm.slice(-window)]
  const grown = (key: keyof Growth, typical = medianOf): number =>
    typical(late.map(sample => sample[key])) - typical(early.map(sample => sample[key]))
  return {
    minutes: grown('minutes'),
    // Heaps of ten threads come and go; what is kept for good is there when most has gone.
    ownMib: grown('ownMib', values => quantileOf(values, 0)),
    fds: grown('fds'),
    threads: grown('threads'),
    logMib: grown('logMib'),
    eventMib: grown('eventMib'),
  }
}

/** What is not flat or not bounded, in words. */
export function overgrown(samples: readonly Sample[]): string[] {
  const growth = growthOf(samples)
  if (growth === undefined) return [`${samples.length} samples are too few to tell what grows`]
  const { minutes, ownMib, fds, threads, logMib, eventMib } = growth
  const span = `in ${minutes.toFixed(1)} minutes`
  const problems: string[] = []
  const check = (what: string, grown: number, max: number): void => {
    if (grown > max) problems.push(`${what} grew by ${round(grown)} ${span}, at most ${round(max)}`)
  }
  check('memory (MiB)', ownMib, Math.max(OWN_MIB_MAX, minutes * OWN_MIB_A_MINUTE_MAX))
  check('file descriptors', fds, HANDLES_MAX)
  check('threads', threads, HANDLES_MAX)
  check('the log (MiB)', logMib, LOG_MIB_MAX + eventMib * LOG_RATIO_MAX)
  const spilled = samples.filter(({ spilledBytes }) => spilledBytes > 0).length
  if (spilled > 0) problems.push(`${spilled} times something waited on the heap at rest`)
  return problems
}

const round = (value: number): string => String(Math.round(value * 10) / 10)
