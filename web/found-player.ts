// Plays what the filter means instead of what is live: the newest such episode, and when it has come
// to its end the newest of those that have ended since. Nothing is played twice by itself, and nothing
// while another view is shown.
import type { StoreApi } from 'zustand/vanilla'
import type { Clock } from '../src/base/clock.ts'
import { durationOf } from './playback.ts'
import type { Stage } from './stage.ts'
import type { ViewerState } from './state/viewer-state.ts'

/** The last step is looked at for a moment. */
const PAUSE_MILLIS = 700

/** What the player needs of a session. */
interface Played {
  readonly store: StoreApi<ViewerState>
  readonly stage: Stage
  openEpisode(episode: number): void
}

export class FoundPlayer {
  readonly #of: Played
  readonly #clock: Clock
  #played: number | null = null
  /** Ends the last look at an episode; null when none is under way. */
  #cancelPause: (() => void) | null = null

  constructor(of: Played, clock: Clock) {
    this.#of = of
    this.#clock = clock
    of.store.subscribe((state, before) => {
      if (!state.playsFound) this.#endPause()
      else if (
        state.found !== before.found ||
        state.look !== before.look ||
        state.replay !== before.replay
      ) {
        this.#consider()
      }
    })
  }

  toggle = (): void => {
    const { store } = this.#of
    const playsFound = !store.getState().playsFound
    this.#played = null
    store.setState({ playsFound })
    if (playsFound) this.#playNewest()
  }

  /** Something has been found, or something else is seen: is it time for the next? */
  #consider(): void {
    if (this.#of.store.getState().replay === null) this.#playNewest()
    else if (!this.#hasEnded) this.#endPause()
    // What is live goes on underneath: a pause that has begun is not begun again.
    else this.#cancelPause ??= this.#clock.schedule(PAUSE_MILLIS, () => this.#playNewest())
  }

  #endPause(): void {
    this.#cancelPause?.()
    this.#cancelPause = null
  }

  /** True when the replay stands at its last step, or cannot be had. */
  get #hasEnded(): boolean {
    const { replay, look } = this.#of.store.getState()
    if (replay?.phase !== 'ready') return replay?.phase === 'failed'
    const offsets = this.#of.stage.replayOffsets
    if (offsets === null || look?.replay?.playhead.playing !== false) return false
    return look.replay.playhead.atMillis >= durationOf(offsets)
  }

  #playNewest(): void {
    this.#endPause()
    const { found, playsFound, route } = this.#of.store.getState()
    const newest = found.rows[0]?.episode
    if (!playsFound || newest === undefined || newest === this.#played) return
    if (route.view !== 'live' && route.view !== 'episode') return
    this.#played = newest
    this.#of.openEpisode(newest)
  }
}
