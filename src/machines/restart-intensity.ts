// When to restart and when to give up: OTP's rule. A group may lose `restartsMax` children within a
// window; the next death within it escalates, so that a child that dies at every start cannot storm
// for ever. Between restarts a child waits, longer each time.
import { assert } from '../base/assert.ts'

export interface RestartLimits {
  /** Deaths within the window that are met with a restart; one more escalates. */
  readonly restartsMax: number
  readonly windowMillis: number
  /** The wait before a first restart; it doubles with every further one. */
  readonly backOffMillisMin: number
  readonly backOffMillisMax: number
  /** A child that runs this long without dying starts again from the shortest wait. */
  readonly calmMillis: number
}

/** Promise P11: the 6th death within 10 s escalates; waits of 50 ms up to 5 s. */
export const restartLimits: RestartLimits = {
  restartsMax: 5,
  windowMillis: 10_000,
  backOffMillisMin: 50,
  backOffMillisMax: 5000,
  calmMillis: 10_000,
}

assert(restartLimits.backOffMillisMin <= restartLimits.backOffMillisMax, 'waits grow')
assert(restartLimits.backOffMillisMax < restartLimits.windowMillis, 'a wait fits in the window')

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

/** The wait before restart number `attempt` (from 0) since the child was last calm: between the
 * doubled minimum and half as much again, spread by `jitter` in [0, 1]; never above the maximum. */
export function backOffMillis(attempt: number, jitter: number, limits: RestartLimits): number {
  assert(jitter >= 0 && jitter <= 1, `jitter is within 0..1, found ${jitter}`)
  const base = limits.backOffMillisMin * 2 ** attempt
  return Math.min(limits.backOffMillisMax, base * (1 + jitter / 2))
}
