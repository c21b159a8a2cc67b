// What the playback bar and the keys do, whatever is on the stage: of a replay they move its
// playhead, of the live run the time shift. One place, so that no key and no button differ.
import type { StoreApi } from 'zustand/vanilla'
import type { Clock } from '../src/base/clock.ts'
import type { EpisodeSearch } from './episode-search.ts'
import * as playback from './playback.ts'
import type { Stage } from './stage.ts'
import { nextMilestone } from './state/interesting.ts'
import type { ViewerState } from './state/viewer-state.ts'
import type { TimeShift } from './time-shift.ts'

/** What the controls need of a session. */
interface Controlled {
  readonly stage: Stage
  readonly store: StoreApi<ViewerState>
  readonly shift: TimeShift
  readonly search: EpisodeSearch
  openEpisode(episode: number): void
}

export class Controls implements playback.Player {
  readonly #of: Controlled
  readonly #clock: Clock

  constructor(of: Controlled, clock: Clock) {
    this.#of = of
    this.#clock = clock
  }

  /** Plays or pauses the replay, or the live stage. */
  togglePlaying = (): void => {
    if (!this.#isReplay) this.#of.shift.toggle(this.#clock.monotonic())
    else {
      this.#move((playhead, offsets, now) =>
        playhead.playing
          ? playback.pause(playhead, offsets, now)
          : playback.play(playhead, offsets, now),
      )
    }
  }

  /** `max` is of replays only; the live edge has one pace. */
  setSpeed = (speed: playback.Speed): void => {
    if (this.#isReplay) {
      this.#move((playhead, offsets, now) => playback.setSpeed(playhead, offsets, now, speed))
    } else if (speed !== 'max') this.#of.shift.setSpeed(speed, this.#clock.monotonic())
  }

  /** One speed up or down; stays at the ends. */
  shiftSpeed = (by: 1 | -1): void => {
    const { look, shift } = this.#of.store.getState()
    const held = look?.replay?.playhead.speed ?? playback.speeds.find(one => one === shift.speed)
    if (held !== undefined) this.setSpeed(playback.nextSpeed(held, by))
  }

  /** Of a replay: to the step at `index`. */
  seek = (index: number): void =>
    this.#move((playhead, offsets, now) => playback.seek(playhead, offsets, now, index))

  /** Of the live stage: so far behind the edge; 0 is live. */
  seekBehind = (behindMillis: number): void =>
    this.#of.shift.seek(behindMillis, this.#clock.monotonic())

  /** Steps of a replay, pictures of the live stage; pauses. */
  stepBy = (steps: number): void => {
    if (!this.#isReplay) this.#of.shift.stepBy(steps, this.#clock.monotonic())
    else {
      this.#move((playhead, offsets, now) => playback.stepBy(playhead, offsets, now, steps))
    }
  }

  /** The first step of the replay, or as far back in the live run as the page remembers. */
  toStart = (): void => {
    if (this.#isReplay) this.seek(0)
    else this.seekBehind(Number.MAX_SAFE_INTEGER)
  }

  toggleLoop = (): void => {
    const loop = !this.#of.store.getState().loop
    this.#of.store.setState({ loop })
    this.#move(playhead => playback.setLoop(playhead, loop))
  }

  /**
   * The episode next to the replayed one: 1 is newer, -1 older. From live: the newest. What the page
   * does not hold the server is asked for.
   */
  openNeighbour = (by: 1 | -1): void => {
    const { replay, rows } = this.#of.store.getState()
    if (replay === null) {
      const newest = rows[0]
      if (by < 0 && newest !== undefined) this.#of.openEpisode(newest.episode)
      return
    }
    const { episode } = replay
    const at = rows.findIndex(isEpisode(episode))
    const row = at < 0 ? undefined : rows[at - by]
    if (row !== undefined) this.#of.openEpisode(row.episode)
    else if (at !== 0 || by < 0) this.#of.search.neighbour(episode, by, this.#openFrom(episode))
  }

  /** The next (1) or previous (-1) episode that the filter means, or one with a milestone. */
  openInteresting = (by: 1 | -1): void => {
    const { replay, filter, milestones } = this.#of.store.getState()
    const from = replay?.episode ?? null
    if (filter.predicate !== null) {
      this.#of.search.nearest(from, by, this.#openFrom(from))
      return
    }
    const episode = nextMilestone(milestones, from, by)
    if (episode !== null) this.#of.openEpisode(episode)
  }

  /** Opens what was found from there, unless the user has gone on meanwhile. */
  #openFrom(from: number | null): (episode: number) => void {
    return episode => {
      const { replay } = this.#of.store.getState()
      if ((replay?.episode ?? null) === from) this.#of.openEpisode(episode)
    }
  }

  get #isReplay(): boolean {
    return this.#of.store.getState().replay !== null
  }

  #move(
    move: (
      playhead: playback.Playhead,
      offsets: playback.Offsets,
      now: number,
    ) => playback.Playhead,
  ): void {
    const now = this.#clock.monotonic()
    this.#of.stage.movePlayhead((playhead, offsets) => move(playhead, offsets, now))
  }
}

const isEpisode =
  (episode: number) =>
  (row: { readonly episode: number }): boolean =>
    row.episode === episode
