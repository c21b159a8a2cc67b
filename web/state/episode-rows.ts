// The episodes that the page holds: newest first, each once, bounded. Pages and pushed rows may
// come in any order and more than once; merging by episode makes that harmless.
import type { ViewerEpisodeRow } from '../../src/protocol/viewer-messages.ts'

/** Rows held; the oldest go. */
export const EPISODE_ROWS_MAX = 2000

export type EpisodeRows = readonly ViewerEpisodeRow[]

/** `held` and `incoming` as one list, latest first; of the same episode the incoming row stays. */
export function mergeRows(
  held: EpisodeRows,
  incoming: EpisodeRows,
  rowsMax = EPISODE_ROWS_MAX,
): EpisodeRows {
  if (incoming.length === 0) return held
  const byEpisode = new Map(held.map(row => [row.episode, row]))
  for (const row of incoming) byEpisode.set(row.episode, row)
  return [...byEpisode.values()].sort((a, b) => b.episode - a.episode).slice(0, rowsMax)
}

/** True when a first page and what is held have an episode in common: nothing lies between. */
export function overlaps(held: EpisodeRows, page: EpisodeRows): boolean {
  const known = new Set(held.map(row => row.episode))
  return page.some(row => known.has(row.episode))
}
