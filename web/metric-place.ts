// Where a replay's play head stands in a metric's history, and what the metric was there. Pure.
import type { ViewerSeries } from '../src/protocol/server-messages.ts'
import type { ViewerState } from './state/viewer-state.ts'

/** The aggregator's own series count finished episodes; all others go by the trainer's global step. */
export const isOverEpisodes = (name: string): boolean => name.startsWith('episode/')

/**
 * The x of the play head in the series `name`; null while nothing is replayed, and where no metric
 * was sampled near the episode.
 */
export function placeInSeries(
  { replay, look }: Pick<ViewerState, 'replay' | 'look'>,
  name: string,
): number | null {
  if (replay?.phase !== 'ready' || look === null || look.replay === null) return null
  // What an episode comes to is known at its end.
  if (isOverEpisodes(name)) return look.state?.done ? replay.episode : replay.episode - 1
  const { atMillis } = look.replay.playhead
  return lastUpTo(replay.globalSteps, atMillis)?.[1] ?? null
}

/** The value of the newest point up to `x`, of those that are kept; null when there is none. */
export const valueAt = (points: NonNullable<ViewerSeries['points']>, x: number): number | null =>
  lastUpTo(points, x)?.[1] ?? null

/** The last pair whose first member is at most `x`; the pairs are in order. */
function lastUpTo(
  pairs: readonly (readonly [number, number])[],
  x: number,
): readonly [number, number] | undefined {
  let from = 0
  let to = pairs.length
  while (from < to) {
    const middle = (from + to) >> 1
    if (pairs[middle]![0] <= x) from = middle + 1
    else to = middle
  }
  return pairs[from - 1]
}
