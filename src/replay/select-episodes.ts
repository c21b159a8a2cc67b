// The finished episodes of a log that a predicate means. Unlike a live filter it knows the whole run:
// `best(3)` are the best three of all that there are, but for those that were discarded (L19).

import { unpackValue } from '../protocol/codec.ts'
import { asksForRank, matches } from '../protocol/predicate/evaluate.ts'
import { noPlace, rankAll } from '../protocol/predicate/ranking.ts'
import type { Predicate } from '../protocol/predicate/syntax.ts'
import type { EpisodeRow } from '../protocol/projection.ts'
import type { LogReader } from '../store/event-log.ts'

/** Their numbers, ascending. Memory: 8 bytes an episode, 24 when the predicate asks for ranks. */
export function selectEpisodes(reader: LogReader, predicate: Predicate): number[] {
  const last = reader.episodeRows({ limit: 1 })[0]?.episode ?? 0
  const placeOf = asksForRank(predicate) ? ranks(reader, last) : () => ({ better: 0, worse: 0 })
  const previous = new Map<string, EpisodeRow>()
  const selected: number[] = []
  let at = 0
  for (const row of rowsUpTo(reader, last)) {
    const isDiscarded = row.released === 'discarded'
    const place = isDiscarded ? noPlace : placeOf(at++)
    const subject = { row, previous: previous.get(row.agent), ...place }
    if (matches(predicate, subject)) selected.push(row.episode)
    if (!isDiscarded) previous.set(row.agent, row)
  }
  return selected
}

function ranks(reader: LogReader, last: number): ReturnType<typeof rankAll> {
  const returns = new Float64Array(last)
  let count = 0
  for (const { totalReward, released } of rowsUpTo(reader, last)) {
    if (released !== 'discarded') returns[count++] = totalReward
  }
  return rankAll(returns.subarray(0, count))
}

/** Episodes are numbered from 1 on; those that have not ended are left out. */
function* rowsUpTo(reader: LogReader, last: number): Generator<EpisodeRow> {
  for (let episode = 1; episode <= last; episode++) {
    const bytes = reader.episodeRow(episode)
    if (bytes !== undefined) yield unpackValue(bytes) as EpisodeRow
  }
}
