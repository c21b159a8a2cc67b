// Which of the rows that the page holds are meant: the predicate language of keep rules, exports
// and `--where` (src/protocol/predicate), evaluated here. Places (`best(3)`) are those among the
// rows held, and the table says so.
import { matches } from '../../src/protocol/predicate/evaluate.ts'
import { parsePredicate } from '../../src/protocol/predicate/parse.ts'
import { rankAll } from '../../src/protocol/predicate/ranking.ts'
import { type Predicate, PredicateError, pointAt } from '../../src/protocol/predicate/syntax.ts'
import type { EpisodeRow } from '../../src/protocol/projection.ts'
import type { ViewerEpisodeRow } from '../../src/protocol/viewer-messages.ts'

export interface EpisodeFilter {
  /** As typed. */
  readonly text: string
  /** Null when nothing was typed, or nothing that can be read. */
  readonly predicate: Predicate | null
  /** The text with a line below it that points at what is wrong, and what was expected there. */
  readonly error: { readonly pointed: string; readonly message: string } | null
}

export const noFilter: EpisodeFilter = { text: '', predicate: null, error: null }

/** Reads what was typed; never throws. */
export function readFilter(text: string): EpisodeFilter {
  if (text.trim() === '') return { ...noFilter, text }
  try {
    return { text, predicate: parsePredicate(text), error: null }
  } catch (error) {
    if (!(error instanceof PredicateError)) throw error
    const pointed = pointAt(text, error)
    return { text, predicate: null, error: { pointed, message: error.message } }
  }
}

/** The row in the spelling of the log, which predicates read. */
const asIndexRow = (row: ViewerEpisodeRow): EpisodeRow => ({
  episode: row.episode,
  agent: row.agent,
  startTime: row.start_time,
  endTime: row.end_time,
  steps: row.steps,
  frames: row.frames,
  totalReward: row.total_reward,
  extrinsicReward: row.extrinsic_reward,
  intrinsicReward: row.intrinsic_reward,
  stage: row.curriculum_stage,
  epsilon: row.epsilon,
  seed: row.seed,
  terminated: row.terminated,
  truncated: row.truncated,
  reason: row.reason,
  firstSeq: 0,
  lastSeq: 0,
})

/** The rows (latest first) that are meant, in the same order. One pass, and a sort for places. */
export function selectRows(
  rows: readonly ViewerEpisodeRow[],
  predicate: Predicate,
): readonly ViewerEpisodeRow[] {
  const oldestFirst = rows.toReversed()
  const places = rankAll(Float64Array.from(oldestFirst, row => row.total_reward))
  const previous = new Map<string, EpisodeRow>()
  const meant: ViewerEpisodeRow[] = []
  for (const [at, row] of oldestFirst.entries()) {
    const indexRow = asIndexRow(row)
    const subject = { row: indexRow, previous: previous.get(row.agent), ...places(at) }
    if (matches(predicate, subject)) meant.push(row)
    previous.set(row.agent, indexRow)
  }
  return meant.reverse()
}
