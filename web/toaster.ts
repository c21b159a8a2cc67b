// Milestones as they happen: shown for a while, a few at once. What is old when it arrives is history
// and only listed.
import type { StoreApi } from 'zustand/vanilla'
import type { Clock } from '../src/base/clock.ts'
import type { Milestone, ViewerState } from './state/viewer-state.ts'

const TOASTS_MAX = 3
const TOAST_MILLIS = 6_000
const NEWS_MILLIS = 10_000

export class Toaster {
  readonly #store: StoreApi<ViewerState>
  readonly #clock: Clock

  constructor(store: StoreApi<ViewerState>, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  /** Shows the milestone, unless it is old at `serverNow`, the server's time. */
  announce(milestone: Milestone, serverNow: number): void {
    if (milestone.time < serverNow - NEWS_MILLIS) return
    this.#store.setState(({ toasts }) => ({ toasts: [milestone, ...toasts].slice(0, TOASTS_MAX) }))
    this.#clock.schedule(TOAST_MILLIS, () => this.dismiss(milestone))
  }

  dismiss(toast: Milestone): void {
    this.#store.setState(({ toasts }) => ({ toasts: toasts.filter(other => other !== toast) }))
  }
}
