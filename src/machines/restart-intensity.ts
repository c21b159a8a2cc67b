// When to restart and when to give up: OTP's rule. A group may lose `restartsMax` children within a
// window; the next death within it escalates, so that a child that dies at every start cannot storm
// for ever. The first restart is at once: most deaths are the only one of their kind. From the
// second on a child waits, longer each time.
import { assert } from '../base/assert.ts'

export interface RestartLimits {
  /** Deaths within the window that are met with a restart; one more escalates. */
  readonly restartsMax: number
  readonly windowMillis: number
  /** The wait before a second restart; it grows by half with every further one. */
  readonly backOffMillisMin: number
  readonly backOffMillisMax: number
  /** A child that runs this long without dying is restarted at once again. */
  readonly calmMillis: number
}

const BACK_OFF_FACTOR = 1.5
/** A wait is longer by up to this part of it, by chance: not all come back at once. */
const JITTER = 0.2
/** A child that dies in its start has used up its restarts within this time (S3). */
const STORM_MILLIS_MAX = 1000

/** Promise P11: the 6th death within 10 s escalates; waits from 50 ms to 5 s. */
export const restartLimits: RestartLimits = {
  restartsMax: 5,
  windowMillis: 10_000,
  backOffMillisMin: 50,
  backOffMillisMax: 5000,
  calmMillis: 10_000,
}

assert(restartLimits.backOffMillisMin <= restartLimits.backOffMillisMax, 'waits grow')
assert(restartLimits.backOffMillisMax < restartLimits.windowMillis, 'a wait fits in the window')
assert(longestStormMillis(restartLimits) <= STORM_MILLIS_MAX / 2, 'the other half is for starting')

/** Adds a death to those before it and forgets the ones older than the window. All times are of one
 * monotonic clock; a death exactly `windowMillis` ago still counts, as in OTP. */
export function recordDeath(
  deaths: readonly number[],
  atMillis: number,
  limits: RestartLimits,
): readonly number[] {
  return [...deaths.filter(earlier => atMillis - earlier <= limits.windowMillis), atMillis]
}

/** Whether the group has died too often; `deaths` as `recordDeath` gave them. */
export function exceedsIntensity(deaths: readonly number[], limits: RestartLimits): boolean {
  return deaths.length > limits.restartsMax
}

/** The wait before restart number `attempt` (from 0) since the child was last calm: nothing, then
 * the minimum, growing by half each time and spread by `jitter` in [0, 1]; at most the maximum. */
export function backOffMillis(attempt: number, jitter: number, limits: RestartLimits): number {
  assert(jitter >= 0 && jitter <= 1, `jitter is within 0..1, found ${jitter}`)
  if (attempt === 0) return 0
  const base = limits.backOffMillisMin * BACK_OFF_FACTOR ** (attempt - 1)
  return Math.min(limits.backOffMillisMax, base * (1 + jitter * JITTER))
}

/** All waits of a child that never gets going, at their longest. */
function longestStormMillis(limits: RestartLimits): number {
  let millis = 0
  for (let n = 0; n < limits.restartsMax; n++) millis += backOffMillis(n, 1, limits)
  return millis
}
