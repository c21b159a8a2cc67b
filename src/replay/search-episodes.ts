// Pages of the finished episodes that a predicate means, newest first, for viewers. The whole run is
// searched, a bounded number of rows for each page, so that nobody waits for long: an answer may hold
// few rows or none, and says where to go on. Places (`best(3)`) are those in the whole run.
import { unpackValue } from '../protocol/codec.ts'
import { limits } from '../protocol/limits.ts'
import { asksForRank, matches } from '../protocol/predicate/evaluate.ts'
import type { Predicate } from '../protocol/predicate/syntax.ts'
import type { EpisodeRow } from '../protocol/projection.ts'
import type { EpisodesPage } from '../protocol/thread-messages.ts'
import type { LogReader } from '../store/event-log.ts'
import type { RunPlaces } from './run-places.ts'

/** Rows that are looked at for one answer. */
export const SEARCH_ROWS_MAX = 5_000
/** How many rows back `changed` looks for the same agent's episode before. */
export const LOOK_BACK_MAX = 10_000

/** Above the number of any episode. */
const NEWEST = 0xffff_ffff

export interface Found {
  readonly rows: EpisodeRow[]
  /** Where to go on, as `before`; null at the end. */
  readonly next: number | null
}

type Search = Omit<EpisodesPage, 'where'> & { readonly where: Predicate }

/** A page of the search. `places` are of the same log; they are brought up to date here. */
export function searchEpisodes(reader: LogReader, search: Search, places: RunPlaces): Found {
  const { before, where } = search
  const limit = Math.min(search.limit, limits.episodePage)
  const after = search.after ?? 0
  if (asksForRank(where) && !places.update(SEARCH_ROWS_MAX)) {
    // Not all returns are known yet: the next page goes on.
    return { rows: [], next: before ?? NEWEST }
  }
  const rowsBack = new RowsBack(reader, before)
  const rows: EpisodeRow[] = []
  for (let looked = 0; ; looked++) {
    const row = rowsBack.next()
    if (row === undefined || row.episode <= after) return { rows, next: null }
    const subject = {
      row,
      // Most predicates ask for neither.
      get previous() {
        return rowsBack.find(row.agent)
      },
      get better() {
        return places.of(row.episode).better
      },
      get worse() {
        return places.of(row.episode).worse
      },
    }
    if (matches(where, subject)) rows.push(row)
    const { episode } = row
    const isFull = rows.length === limit || looked + 1 === SEARCH_ROWS_MAX
    if (isFull) return { rows, next: rowsBack.isPast(after) ? null : episode }
  }
}

/** The rows of a log from `before` back, some of them read ahead. */
class RowsBack {
  readonly #reader: LogReader
  #before: number | null
  #ahead: EpisodeRow[] = []
  #at = 0

  constructor(reader: LogReader, before: number | null) {
    this.#reader = reader
    this.#before = before
  }

  next(): EpisodeRow | undefined {
    if (this.#at === this.#ahead.length) {
      this.#ahead = []
      this.#at = 0
      this.#read()
    }
    return this.#ahead[this.#at++]
  }

  /** True when all that is left is not newer than `episode`. */
  isPast(episode: number): boolean {
    if (this.#at === this.#ahead.length) this.#read()
    const row = this.#ahead[this.#at]
    return row === undefined || row.episode <= episode
  }

  /** The nearest of those that are still to come, of `agent`, that was not discarded. */
  find(agent: string): EpisodeRow | undefined {
    for (let at = this.#at; at < this.#at + LOOK_BACK_MAX; at++) {
      if (at === this.#ahead.length && !this.#read()) return undefined
      const row = this.#ahead[at]
      if (row?.agent === agent && row.released !== 'discarded') return row
    }
    return undefined
  }

  /** Reads on; false at the end. */
  #read(): boolean {
    const page = {
      limit: limits.episodePage,
      ...(this.#before !== null && { before: this.#before }),
    }
    const found = this.#reader.episodeRows(page)
    for (const { bytes } of found) this.#ahead.push(unpackValue(bytes) as EpisodeRow)
    this.#before = found.at(-1)?.episode ?? 0
    return found.length > 0
  }
}
