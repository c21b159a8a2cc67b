// A run in a few figures, for a list of runs: out of the aggregator's last snapshot and the rows of
// the index that came after it, so that its size does not matter.
import {
  type AggregatorState,
  aggregatorVersion,
  emptyState,
  restoreState,
} from '../actors/aggregator/logic.ts'
import { unpackValue } from '../protocol/codec.ts'
import { limits } from '../protocol/limits.ts'
import type { EpisodeRow } from '../protocol/projection.ts'
import type { LogReader } from '../store/event-log.ts'
import { listEpisodes } from './history.ts'

export interface RunSummary {
  /** What the trainer calls it; null in a log that does not say. */
  readonly title: string | null
  /** Time of the first event, Unix milliseconds; null in an empty log. */
  readonly startedAt: number | null
  /** Of finished episodes; null where there are too many to count now. */
  readonly episodes: number | null
  readonly steps: number | null
  /** Null also when no episode has a finite one. */
  readonly bestReturn: number | null
}

/** So many rows are read at most; a live run has a snapshot every five seconds. */
const PAGES_MAX = 50

/** Throws LOG_CORRUPT where the log is damaged. */
export function summarise(reader: LogReader): RunSummary {
  const [first] = reader.events({ fromSeq: 1, toSeq: 1 })
  const startedAt = first?.time ?? null
  const { state, position } = lastState(reader)
  const title = state.name || (first?.event.type === 'run_started' ? first.event.name : null)
  const rows = rowsAfter(reader, position)
  if (rows === null) return { title, startedAt, episodes: null, steps: null, bestReturn: null }
  const finished = rows.filter(
    ({ reason, released }) => reason !== 'interrupted' && released !== 'discarded',
  )
  const returns = finished.map(row => row.totalReward).filter(Number.isFinite)
  if (state.bestReturn !== null) returns.push(state.bestReturn)
  // Steps of an episode that had not ended are in the row of its end.
  const underWay = Object.values(state.open).reduce((sum, { steps }) => sum + steps, 0)
  return {
    title,
    startedAt,
    episodes: state.totals.episodes + rows.length,
    steps: state.totals.steps - underWay + rows.reduce((sum, { steps }) => sum + steps, 0),
    bestReturn: returns.length === 0 ? null : returns.reduce((a, b) => Math.max(a, b)),
  }
}

/** As the aggregator last kept it; from nothing where it did not, or was of another version. */
function lastState(reader: LogReader): { state: AggregatorState; position: number } {
  const snapshot = reader.snapshot('aggregator')
  if (snapshot?.version !== aggregatorVersion) return { state: emptyState(), position: 0 }
  const state = restoreState(unpackValue(snapshot.bytes) as AggregatorState)
  return { state, position: snapshot.position }
}

/** Rows whose episodes ended after event `position`; null when there are too many. */
function rowsAfter(reader: LogReader, position: number): EpisodeRow[] | null {
  const found: EpisodeRow[] = []
  let before: number | undefined
  for (let page = 0; page < PAGES_MAX; page++) {
    const { rows, more } = listEpisodes(reader, {
      limit: limits.episodePage,
      ...(before === undefined ? {} : { before }),
    })
    const newer = rows.filter(({ lastSeq }) => lastSeq > position)
    found.push(...newer)
    // Of several agents a long episode may end after many with higher numbers, of a page at most.
    if (!more || newer.length === 0) return found
    before = rows.at(-1)!.episode
  }
  return null
}
