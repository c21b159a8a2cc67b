// Which episode `N` and `P` lead to without a filter: one that reached a milestone.
import type { Milestone } from './viewer-state.ts'

/**
 * The nearest episode with a milestone after `from` (`by` 1) or before it (-1); null when there is
 * none. From the live edge (`from` null) nothing comes after, and the newest one comes before.
 */
export function nextMilestone(
  milestones: readonly Milestone[],
  from: number | null,
  by: 1 | -1,
): number | null {
  const episodes = milestones.map(({ episode }) => episode).sort((a, b) => a - b)
  if (from === null) return by < 0 ? (episodes.at(-1) ?? null) : null
  const found =
    by > 0 ? episodes.find(episode => episode > from) : episodes.findLast(episode => episode < from)
  return found ?? null
}
