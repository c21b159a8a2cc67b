// Asks for older rows, a page at a time: some by itself at first, and then when the reader comes to
// the end of those held.
import type { StoreApi } from 'zustand/vanilla'
import type { ViewerState } from './state/viewer-state.ts'

const PAGE = 200

/** Asks for rows older than `before`; the number of the request, null when there is no link. */
type Ask = (before: number, limit: number) => number | null

export class EpisodePages {
  readonly #store: StoreApi<ViewerState>
  readonly #ask: Ask
  readonly #rowsAtFirst: number

  constructor(store: StoreApi<ViewerState>, rowsAtFirst: number, ask: Ask) {
    this.#store = store
    this.#rowsAtFirst = rowsAtFirst
    this.#ask = ask
  }

  /** Asks for the rows before those that are all held; does nothing while an answer is awaited. */
  loadOlder = (): void => {
    const { more, olderRequest, olderBefore } = this.#store.getState()
    if (!more || olderRequest !== null || olderBefore === null) return
    this.#store.setState({ olderRequest: this.#ask(olderBefore, PAGE) })
  }

  /** A page has come, and `before` was the state before it. */
  received(before: ViewerState): void {
    const { rows, olderRequest, awaitingFirstPage } = this.#store.getState()
    const wasAnswer = before.olderRequest !== null && olderRequest === null
    const wasFirst = before.awaitingFirstPage && !awaitingFirstPage
    if ((wasAnswer || wasFirst) && rows.length < this.#rowsAtFirst) this.loadOlder()
  }
}
