// The episodes that the page holds: newest first, each once, bounded. Pages and pushed rows may
// come in any order and more than once; merging by episode makes that harmless.
import type { ViewerEpisodeRow } from '../../src/protocol/server-messages.ts'

/** Rows held, 2 MB of them; the oldest go. */
export const EPISODE_ROWS_MAX = 10_000

export type EpisodeRows = readonly ViewerEpisodeRow[]

/**
 * `held` and `incoming` as one list, latest first; of the same episode the incoming row stays (the
 * later of them, if there are several). Rows that are newer than all held cost one copy of the list.
 */
export function mergeRows(
  held: EpisodeRows,
  incoming: EpisodeRows,
  rowsMax = EPISODE_ROWS_MAX,
): EpisodeRows {
  if (incoming.length === 0) return held
  const byEpisode = new Map(incoming.map(row => [row.episode, row]))
  const fresh = [...byEpisode.values()].sort((a, b) => b.episode - a.episode)
  const merged: ViewerEpisodeRow[] = []
  let next = 0
  for (const row of held) {
    while (next < fresh.length && fresh[next]!.episode > row.episode) merged.push(fresh[next++]!)
    if (fresh[next]?.episode === row.episode) merged.push(fresh[next++]!)
    else merged.push(row)
  }
  while (next < fresh.length) merged.push(fresh[next++]!)
  return merged.length > rowsMax ? merged.slice(0, rowsMax) : merged
}

/** True when a first page and what is held have an episode in common: nothing lies between. */
export function overlaps(held: EpisodeRows, page: EpisodeRows): boolean {
  const known = new Set(held.map(row => row.episode))
  return page.some(row => known.has(row.episode))
}
