// Pages of the index are read from the log, and the log has a row some seconds after its episode ended,
// with the aggregator's next snapshot. The projection has the newest rows at once: what a page
// lacks of them is put in, so that a fast run has no hole in its list.
import type { EpisodeRow } from '../protocol/projection.ts'

export interface RowsPage {
  /** Latest first. */
  readonly rows: readonly EpisodeRow[]
  /** What to ask for next as `before`; null when all have been looked at. */
  readonly next: number | null
}

export interface PageBounds {
  /** Rows older than this episode; null for the newest. */
  readonly before: number | null
  /** Only rows newer than this episode; null for all. */
  readonly after: number | null
  readonly limit: number
}

/** The page with those of `recent` that belong into it; what is over `limit` comes with the next one. */
export function withRecentRows(
  { rows, next }: RowsPage,
  recent: readonly EpisodeRow[],
  { before, after, limit }: PageBounds,
): RowsPage {
  const known = new Set(rows.map(({ episode }) => episode))
  // The page ends where the next one begins.
  const end = Math.max(next === null ? 0 : next - 1, after ?? 0)
  const lacking = recent.filter(
    ({ episode }) =>
      episode > end && episode < (before ?? Number.POSITIVE_INFINITY) && !known.has(episode),
  )
  if (lacking.length === 0) return { rows, next }
  const all = [...rows, ...lacking].sort((a, b) => b.episode - a.episode)
  const page = all.slice(0, limit)
  return { rows: page, next: all.length > limit ? page.at(-1)!.episode : next }
}
