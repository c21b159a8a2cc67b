// The filter of the table: the predicate language of keep rules, exports and `--where`
// (src/protocol/predicate). It is read here, so that who types is told at once what is wrong, and
// evaluated by the server.
import { parsePredicate } from '../../src/protocol/predicate/parse.ts'
import { type Predicate, PredicateError, pointAt } from '../../src/protocol/predicate/syntax.ts'
import type { ServerMessageOf } from '../../src/protocol/server-messages.ts'

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

/** A filter that the server could not read, or that it could not look for. */
export function refusedFilter(
  text: string,
  { message, at, length }: ServerMessageOf<'error'>,
): EpisodeFilter {
  const pointed = at === undefined ? text : pointAt(text, { at, length: length ?? 1 })
  return { text, predicate: null, error: { pointed, message } }
}
