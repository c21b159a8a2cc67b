// Which episode `N` and `P` lead to: one that the filter means, or, without a filter, one that
// reached a milestone.
import type { ViewerEpisodeRow } from '../../src/protocol/viewer-messages.ts'
import { type EpisodeFilter, selectRows } from './episode-filter.ts'
import type { Milestone } from './viewer-state.ts'

interface Known {
  readonly rows: readonly ViewerEpisodeRow[]
  readonly filter: EpisodeFilter
  readonly milestones: readonly Milestone[]
}

/** The interesting episodes among those known, each once, oldest first. */
function interestingEpisodes({ rows, filter, milestones }: Known): number[] {
  const episodes =
    filter.predicate === null
      ? milestones.map(({ episode }) => episode)
      : selectRows(rows, filter.predicate).map(({ episode }) => episode)
  return [...new Set(episodes)].sort((a, b) => a - b)
}

/**
 * The nearest interesting episode after `from` (`by` 1) or before it (-1); null when there is none.
 * From the live edge (`from` null) nothing comes after, and the newest one comes before.
 */
export function nextInteresting(known: Known, from: number | null, by: 1 | -1): number | null {
  const episodes = interestingEpisodes(known)
  if (from === null) return by < 0 ? (episodes.at(-1) ?? null) : null
  const found =
    by > 0 ? episodes.find(episode => episode > from) : episodes.findLast(episode => episode < from)
  return found ?? null
}
