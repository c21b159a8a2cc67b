// What a run held each time that it was at rest: all actors running, nothing behind, no viewer there.
// Such moments are alike, so whatever grows from one to the next is kept for good.
import { medianOf } from '../../bench/statistics.ts'

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
/** Samples at each end of the rest whose medians are compared. */
const WINDOW_SHARE = 1 / 5
const WINDOW_MIN = 3
/**
 * Heaps of ten threads come and go by 100 MiB, slowly: a line goes through the medians of so many
 * parts of the rest, and what lies beside it says how well its slope is known.
 */
const PARTS = 10

/** Memory may grow by so much (S9); more is said of it when it is as sure as two standard errors. */
const OWN_MIB_A_MINUTE_MAX = 1
const ERRORS_MIN = 2
const HANDLES_MAX = 2
/**
 * Bytes of the log's file for each byte of events: small batches fill pages badly, and rows of the
 * index and snapshots stand beside them. Frames that are on a video must not.
 */
const LOG_RATIO_MAX = 3
const LOG_MIB_MAX = 32

/** How much more there is at the end than after the warm-up; of memory how much more a minute. */
export interface Growth {
  readonly minutes: number
  readonly ownMibAMinute: number
  /** The standard error of that. */
  readonly ownMibAMinuteError: number
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
  const grown = (key: keyof Growth & keyof Sample): number =>
    medianOf(late.map(sample => sample[key])) - medianOf(early.map(sample => sample[key]))
  const { slope, error } = memorySlope(warm)
  return {
    minutes: grown('minutes'),
    ownMibAMinute: slope,
    ownMibAMinuteError: error,
    fds: grown('fds'),
    threads: grown('threads'),
    logMib: grown('logMib'),
    eventMib: grown('eventMib'),
  }
}

/** The line of least squares through the parts, MiB a minute, and the standard error of its slope. */
function memorySlope(samples: readonly Sample[]): { slope: number; error: number } {
  const parts = Math.min(PARTS, samples.length)
  const cut = (part: number): number => Math.floor((part * samples.length) / parts)
  const points = Array.from({ length: parts }, (_, part) => {
    const of = samples.slice(cut(part), cut(part + 1))
    return { x: medianOf(of.map(one => one.minutes)), y: medianOf(of.map(one => one.ownMib)) }
  })
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b) / parts
  const [x0, y0] = [mean(points.map(({ x }) => x)), mean(points.map(({ y }) => y))]
  const spread = mean(points.map(({ x }) => (x - x0) ** 2)) * parts
  const slope = (mean(points.map(({ x, y }) => (x - x0) * (y - y0))) * parts) / spread
  const beside = mean(points.map(({ x, y }) => (y - y0 - slope * (x - x0)) ** 2)) * parts
  return { slope, error: Math.sqrt(beside / (parts - 2) / spread) }
}

/** What is not flat or not bounded, in words. */
export function overgrown(samples: readonly Sample[]): string[] {
  const growth = growthOf(samples)
  if (growth === undefined) return [`${samples.length} samples are too few to tell what grows`]
  const { minutes, ownMibAMinute, ownMibAMinuteError, fds, threads, logMib, eventMib } = growth
  const span = `in ${minutes.toFixed(1)} minutes`
  const problems: string[] = []
  const check = (what: string, grown: number, max: number): void => {
    if (grown > max) problems.push(`${what} grew by ${round(grown)} ${span}, at most ${round(max)}`)
  }
  if (ownMibAMinute - ERRORS_MIN * ownMibAMinuteError > OWN_MIB_A_MINUTE_MAX) {
    const known = `${round(ownMibAMinute)} MiB (standard error ${round(ownMibAMinuteError)})`
    problems.push(`memory grew by ${known} a minute, at most ${OWN_MIB_A_MINUTE_MAX}`)
  }
  check('file descriptors', fds, HANDLES_MAX)
  check('threads', threads, HANDLES_MAX)
  check('the log (MiB)', logMib, LOG_MIB_MAX + eventMib * LOG_RATIO_MAX)
  const spilled = samples.filter(({ spilledBytes }) => spilledBytes > 0).length
  if (spilled > 0) problems.push(`${spilled} times something waited on the heap at rest`)
  return problems
}

const round = (value: number): string => String(Math.round(value * 10) / 10)
