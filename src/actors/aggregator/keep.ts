// The keep rule (L19): which episodes keep their frames and videos. Asked when an episode ends, and
// again when later ones take its place among the best or worst. What was released stays released.
// Memory is bounded by the ranks that the rule asks for, not by the run. Pure.
import type { EpisodeReleased, ReleaseReason } from '../../protocol/events.ts'
import { matches, rankCounts } from '../../protocol/predicate/evaluate.ts'
import { parsePredicate } from '../../protocol/predicate/parse.ts'
import { type Predicate, PredicateError } from '../../protocol/predicate/syntax.ts'
import type { EpisodeRow } from '../../protocol/projection.ts'

/** An episode that is to be given up. */
export interface Release {
  readonly row: EpisodeRow
  readonly reason: ReleaseReason
}

/** An episode that may still be overtaken, or stands before one that may be. */
interface Contender {
  readonly row: EpisodeRow
  readonly previous: EpisodeRow | undefined
  released: boolean
}

/** Plain data. Both lists hold the best first, or the worst, as far as the rule looks. */
export interface KeepState {
  readonly rule: string
  best: number[]
  worst: number[]
  /** The members of both lists, by their episodes. */
  contenders: Record<number, Contender>
  /** The last episode of each agent. */
  previous: Record<string, EpisodeRow>
}

/** The state after `run_started` says `rule`: another rule knows nothing of what was before. */
export function setRule(keep: KeepState | undefined, rule: string | undefined) {
  if (rule === undefined) return undefined
  if (keep?.rule === rule) return keep
  return restoreKeep({ rule, best: [], worst: [], contenders: {}, previous: {} })
}

/** A decoded state again. Keyed by names that users chose: no inherited keys. */
export function restoreKeep(decoded: KeepState): KeepState {
  return {
    ...decoded,
    contenders: Object.assign(Object.create(null), decoded.contenders),
    previous: Object.assign(Object.create(null), decoded.previous),
  }
}

/** A rule of a later version that cannot be read keeps everything. */
function readRule(rule: string): Predicate {
  try {
    return parsePredicate(rule)
  } catch (error) {
    if (error instanceof PredicateError) return { kind: 'all' }
    throw error
  }
}

/** Takes in an episode that has ended; returns those that are given up because of it. */
export function judge(keep: KeepState, row: EpisodeRow): Release[] {
  const rule = readRule(keep.rule)
  const counts = rankCounts(rule)
  const previous = keep.previous[row.agent]
  keep.previous[row.agent] = row
  const newcomer: Contender = { row, previous, released: false }
  keep.contenders[row.episode] = newcomer
  const better = enter(keep, keep.best, row, (a, b) => a >= b)
  const worse = enter(keep, keep.worst, row, (a, b) => a <= b)
  const given: Release[] = []
  if (!matches(rule, { row, previous, better, worse })) {
    newcomer.released = true
    given.push({ row, reason: 'not_kept' })
  }
  // Only who has just passed a rank that the rule names can have lost what it had.
  const passed = [
    ...passing(keep.best, counts.best, better),
    ...passing(keep.worst, counts.worst, worse),
  ]
  for (const episode of new Set(passed)) {
    const contender = keep.contenders[episode]!
    if (contender.released || matches(rule, { ...contender, ...placeOf(keep, episode) })) continue
    contender.released = true
    given.push({ row: contender.row, reason: 'overtaken' })
  }
  keep.best.length = Math.min(keep.best.length, Math.max(0, ...counts.best))
  keep.worst.length = Math.min(keep.worst.length, Math.max(0, ...counts.worst))
  for (const episode of new Set([...passed, row.episode])) {
    const place = placeOf(keep, episode)
    if (place.better === Number.POSITIVE_INFINITY && place.worse === Number.POSITIVE_INFINITY)
      delete keep.contenders[episode]
  }
  return given
}

/** Puts the episode into its place: behind all that are `ahead` of it. Returns that place. */
function enter(
  keep: KeepState,
  list: number[],
  row: EpisodeRow,
  ahead: (theirs: number, own: number) => boolean,
): number {
  const own = returnOf(row)
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (ahead(returnOf(keep.contenders[list[middle]!]!.row), own)) low = middle + 1
    else high = middle
  }
  list.splice(low, 0, row.episode)
  return low
}

/** No number takes the last place. */
const returnOf = ({ totalReward }: EpisodeRow): number =>
  Number.isNaN(totalReward) ? Number.NEGATIVE_INFINITY : totalReward

/** Those whom a newcomer at place `at` has moved from within a rank to behind it. */
const passing = (list: readonly number[], counts: readonly number[], at: number): number[] =>
  counts.filter(count => count > at && count < list.length).map(count => list[count]!)

/** Behind all that a list holds is as far as the rule looks. */
function placeOf({ best, worst }: KeepState, episode: number): { better: number; worse: number } {
  const place = (list: readonly number[]): number => {
    const at = list.indexOf(episode)
    return at < 0 ? Number.POSITIVE_INFINITY : at
  }
  return { better: place(best), worse: place(worst) }
}

/** The fact that an episode is given up. */
export function releaseFact({ row, reason }: Release): EpisodeReleased {
  const { agent, episode, firstSeq: fromSeq, lastSeq: toSeq, frames } = row
  return { type: 'episode_released', agent, episode, reason, fromSeq, toSeq, frames }
}
