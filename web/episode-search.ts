// The episodes that the filter means, as the server finds them in the whole run: page by page from
// the newest back, and again what is new. The table shows what was found before until something is
// found by another expression.
import type { StoreApi } from 'zustand/vanilla'
import type { Clock } from '../src/base/clock.ts'
import { asksForRank } from '../src/protocol/predicate/evaluate.ts'
import type {
  ServerMessage,
  ServerMessageOf,
  ViewerEpisodeRow,
} from '../src/protocol/server-messages.ts'
import type { ListingQuery } from './listings.ts'
import { readFilter, refusedFilter } from './state/episode-filter.ts'
import { EPISODE_ROWS_MAX, mergeRows } from './state/episode-rows.ts'
import { nothingFound, type ViewerState } from './state/viewer-state.ts'

const PAGE = 200
/** The server looks at so many rows a page; so many that are meant are worth waiting for. */
const ROWS_WANTED = 50
/** Who types has not said all yet. */
const TYPING_MILLIS = 200
/** New rows are looked for so long after they were told ... */
const NEW_MILLIS = 500
/** ... and once more, as the index of the run may have got them later. */
const NEW_AGAIN_MILLIS = 3_000
/** Of the best or worst all are looked for again, as a new one takes the place of another. */
const PLACES_MILLIS = 5_000

type Answer = ServerMessageOf<'episodes'> | ServerMessageOf<'error'>

export interface SearchOptions {
  readonly store: StoreApi<ViewerState>
  readonly clock: Clock
  /** Asks the server; the number of the request, null when there is no link. */
  readonly ask: (query: ListingQuery) => number | null
}

export class EpisodeSearch {
  readonly #options: SearchOptions
  readonly #awaited = new Map<number, (answer: Answer) => void>()
  #cancelTyping = (): void => {}
  #cancelNew = (): void => {}
  /** Counts the searches: answers to an earlier one are passed over. */
  #search = 0
  /** One is looked for to go to; keys repeat faster than answers come. */
  #isSeeking = false
  /** The lowest episode that is new, and the lowest of those that were looked for once. */
  #new = Number.POSITIVE_INFINITY
  #newBefore = Number.POSITIVE_INFINITY

  constructor(options: SearchOptions) {
    this.#options = options
  }

  /** Takes what was typed; looks for it when nothing more is typed for a moment. */
  type(text: string): void {
    const { store, clock } = this.#options
    const filter = readFilter(text)
    store.setState({ filter })
    this.#cancelTyping()
    if (filter.predicate !== null) this.#cancelTyping = clock.schedule(TYPING_MILLIS, this.restart)
    else if (filter.error === null) this.#clear()
  }

  /** Begins again at the newest episode: by another expression, or over another link. */
  restart = (): void => {
    const { store } = this.#options
    const { filter } = store.getState()
    this.#cancelTyping()
    this.#cancelNew()
    this.#search++
    this.#new = this.#newBefore = Number.POSITIVE_INFINITY
    this.#awaited.clear()
    this.#isSeeking = false
    if (filter.predicate === null) return
    this.#look(filter.text, null, ROWS_WANTED, true)
  }

  /** Looks for older ones; does nothing while it is looking. */
  loadOlder = (): void => {
    const { where, next, isLooking, rows } = this.#options.store.getState().found
    if (where === null || next === null || isLooking || rows.length >= EPISODE_ROWS_MAX) return
    this.#look(where, next, ROWS_WANTED, false)
  }

  /** Episodes have ended. */
  noteNew(rows: readonly ViewerEpisodeRow[]): void {
    if (this.#options.store.getState().found.where === null || rows.length === 0) return
    const isFirst = this.#new === Number.POSITIVE_INFINITY
    this.#new = Math.min(this.#new, ...rows.map(({ episode }) => episode))
    if (isFirst) this.#scheduleNew(this.#asksForPlaces ? PLACES_MILLIS : NEW_MILLIS)
  }

  /**
   * The nearest episode that is meant after `from` (`by` 1) or before it (-1; null is the live edge),
   * in the whole run. `then` is not called when there is none, or while another is looked for.
   */
  nearest(from: number | null, by: 1 | -1, then: (episode: number) => void): void {
    const { predicate, text } = this.#options.store.getState().filter
    if (predicate === null || this.#isSeeking) return
    const bounds = by > 0 ? { after: from ?? Number.MAX_SAFE_INTEGER } : beforeOf(from)
    const look = (before: { before?: number }, found: number | null): void => {
      const query = { ...bounds, ...before, limit: by > 0 ? PAGE : 1, where: text }
      this.#isSeeking = this.#ask(query, answer => {
        this.#isSeeking = false
        if (answer.type === 'error') return
        const episode = answer.rows.at(-1)?.episode ?? found
        const next = answer.next ?? null
        if (next !== null && (by > 0 || episode === null)) look({ before: next }, episode)
        else if (episode !== null) then(episode)
      })
    }
    look({}, null)
  }

  /**
   * The episode next to `from` in the run, newer (`by` 1) or older (-1), whatever the filter means;
   * `then` as in `nearest`.
   */
  neighbour(from: number, by: 1 | -1, then: (episode: number) => void): void {
    if (this.#isSeeking) return
    const newest = this.#options.store.getState().rows[0]?.episode ?? from
    // Numbers are close together: of those after it a page tells the next one.
    const look = (after: number): void => {
      const above = { after, before: after + PAGE + 1, limit: PAGE }
      this.#isSeeking = this.#ask(by > 0 ? above : { before: from, limit: 1 }, answer => {
        this.#isSeeking = false
        if (answer.type === 'error') return
        const next = answer.rows.at(-1)?.episode
        if (next !== undefined) then(next)
        else if (by > 0 && after + PAGE < newest) look(after + PAGE)
      })
    }
    look(from)
  }

  /** Takes an answer to a question of this search; false for any other message. */
  take(message: ServerMessage): boolean {
    if (message.type !== 'episodes' && message.type !== 'error') return false
    const take = message.request === null ? undefined : this.#awaited.get(message.request)
    if (take === undefined) return false
    this.#awaited.delete(message.request!)
    take(message)
    return true
  }

  #clear(): void {
    this.#search++
    this.#cancelNew()
    this.#options.store.setState({ found: nothingFound, playsFound: false })
  }

  /** Looks from `before` back until so many more are found, or the end is reached. */
  #look(where: string, before: number | null, wanted: number, isFirst: boolean): void {
    const { store } = this.#options
    const search = this.#search
    const { found } = store.getState()
    const isSent = this.#ask({ ...beforeOf(before), limit: PAGE, where }, answer => {
      if (search !== this.#search) return
      if (answer.type === 'error') return this.#refuse(where, answer)
      const held = isFirst ? [] : store.getState().found.rows
      const rows = mergeRows(held, answer.rows)
      const next = rows.length < EPISODE_ROWS_MAX ? (answer.next ?? null) : null
      const left = wanted - answer.rows.length
      const goesOn = next !== null && left > 0
      store.setState({ found: { where, rows, next, isLooking: goesOn } })
      if (goesOn) this.#look(where, next, left, false)
    })
    if (isSent) store.setState({ found: { ...found, isLooking: true } })
  }

  #refuse(where: string, error: ServerMessageOf<'error'>): void {
    const { store } = this.#options
    const { found, filter } = store.getState()
    store.setState({ found: { ...found, isLooking: false } })
    if (filter.text === where) store.setState({ filter: refusedFilter(where, error) })
  }

  #scheduleNew(millis: number): void {
    this.#cancelNew()
    this.#cancelNew = this.#options.clock.schedule(millis, () => this.#lookForNew())
  }

  #lookForNew(): void {
    const { found } = this.#options.store.getState()
    const from = Math.min(this.#new, this.#newBefore)
    const isAgain = this.#new === Number.POSITIVE_INFINITY
    this.#newBefore = this.#new
    this.#new = Number.POSITIVE_INFINITY
    if (found.where === null || from === Number.POSITIVE_INFINITY) return
    if (this.#asksForPlaces) {
      if (!found.isLooking) this.#look(found.where, null, ROWS_WANTED, true)
    } else this.#lookAfter(found.where, from - 1, null)
    if (!isAgain) this.#scheduleNew(NEW_AGAIN_MILLIS)
  }

  get #asksForPlaces(): boolean {
    const { predicate } = this.#options.store.getState().filter
    return predicate !== null && asksForRank(predicate)
  }

  #lookAfter(where: string, after: number, before: number | null): void {
    const { store } = this.#options
    const search = this.#search
    this.#ask({ after, ...beforeOf(before), limit: PAGE, where }, answer => {
      if (search !== this.#search || answer.type === 'error') return
      const { found } = store.getState()
      if (answer.rows.length > 0) {
        store.setState({ found: { ...found, rows: mergeRows(found.rows, answer.rows) } })
      }
      if (typeof answer.next === 'number') this.#lookAfter(where, after, answer.next)
    })
  }

  #ask(query: ListingQuery, take: (answer: Answer) => void): boolean {
    const request = this.#options.ask(query)
    if (request !== null) this.#awaited.set(request, take)
    return request !== null
  }
}

const beforeOf = (before: number | null): { before?: number } => (before === null ? {} : { before })
