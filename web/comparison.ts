// Two episodes on one clock: a play head that both sides follow. By time each shows what it showed so
// long after its first step; by steps both show the same step, however long they took.
import { createStore, type StoreApi } from 'zustand/vanilla'
import type { Clock } from '../src/base/clock.ts'
import * as playback from './playback.ts'
import type { Stage } from './stage.ts'

export type Basis = 'time' | 'steps'

export interface ComparisonState {
  readonly basis: Basis
  readonly playhead: playback.Playhead
  /** When something happens on either side: the moments that can be stepped to. */
  readonly offsets: playback.Offsets
}

/** By steps the clock counts them, so fast that they can be followed by eye. */
const STEP_MILLIS = 50

export class Comparison {
  readonly store: StoreApi<ComparisonState>
  readonly #stages: readonly Stage[]
  readonly #clock: Clock
  #seen: readonly (playback.Offsets | null)[] = []

  constructor(stages: readonly Stage[], clock: Clock) {
    this.#stages = stages
    this.#clock = clock
    const playhead = { ...playback.startPlayhead([], clock.monotonic()), playing: false }
    this.store = createStore(() => ({ basis: 'time' as const, playhead, offsets: [] }))
  }

  /** Moves both sides to where the clock is; called once an animation frame. */
  tick(): void {
    this.#noteEpisodes()
    const { playhead, offsets } = this.store.getState()
    if (playhead.playing) {
      this.store.setState({
        playhead: playback.advance(playhead, offsets, this.#clock.monotonic()),
      })
    }
    this.#place()
  }

  togglePlaying = (): void =>
    this.#move((playhead, offsets, now) =>
      playhead.playing
        ? playback.pause(playhead, offsets, now)
        : playback.play(playhead, offsets, now),
    )

  seekTo = (atMillis: number): void =>
    this.#move((playhead, offsets, now) => playback.seekTo(playhead, offsets, now, atMillis))

  stepBy = (steps: number): void =>
    this.#move((playhead, offsets, now) => playback.stepBy(playhead, offsets, now, steps))

  setSpeed = (speed: playback.Speed): void =>
    this.#move((playhead, offsets, now) => playback.setSpeed(playhead, offsets, now, speed))

  toggleLoop = (): void => this.#move(playhead => playback.setLoop(playhead, !playhead.loop))

  /** Counts by time or by steps, from the beginning. */
  setBasis = (basis: Basis): void => {
    this.store.setState({ basis })
    this.#begin()
  }

  #move(
    move: (
      playhead: playback.Playhead,
      offsets: playback.Offsets,
      now: number,
    ) => playback.Playhead,
  ): void {
    const { playhead, offsets } = this.store.getState()
    this.store.setState({ playhead: move(playhead, offsets, this.#clock.monotonic()) })
  }

  /** An episode has come on one of the sides: it begins when both are there. */
  #noteEpisodes(): void {
    const now = this.#stages.map(stage => stage.replayOffsets)
    if (now.every((offsets, side) => offsets === this.#seen[side])) return
    this.#seen = now
    this.#begin()
  }

  #begin(): void {
    const offsets = this.#sharedOffsets()
    const { loop } = this.store.getState().playhead
    const started = playback.startPlayhead(offsets, this.#clock.monotonic())
    const isComplete = this.#seen.length > 0 && this.#seen.every(one => one !== null)
    this.store.setState({ offsets, playhead: { ...started, loop, playing: isComplete } })
  }

  #sharedOffsets(): playback.Offsets {
    const held = this.#seen.filter(offsets => offsets !== null)
    if (this.store.getState().basis === 'steps') {
      const count = Math.max(0, ...held.map(offsets => offsets.length))
      return Array.from({ length: count }, (_, step) => step * STEP_MILLIS)
    }
    return [...new Set(held.flat())].sort((a, b) => a - b)
  }

  #place(): void {
    const { basis, playhead } = this.store.getState()
    for (const stage of this.#stages) {
      const offsets = stage.replayOffsets
      if (offsets === null) continue
      const step = Math.floor(playhead.atMillis / STEP_MILLIS + 1e-6)
      const last = playback.durationOf(offsets)
      const atMillis =
        basis === 'time' ? Math.min(playhead.atMillis, last) : (offsets[step] ?? last)
      stage.movePlayhead(own =>
        own.atMillis === atMillis && !own.playing ? own : { ...own, atMillis, playing: false },
      )
    }
  }
}
