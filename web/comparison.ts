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

/** By steps: the number of the step at which a clock with these moments stands. */
export const stepAt = (offsets: playback.Offsets, atMillis: number): number =>
  Math.round((offsets[playback.stepIndexAt(offsets, atMillis)] ?? 0) / STEP_MILLIS)

/** An episode, when its steps were taken, and their numbers: of a long one some are left out. */
interface Side {
  readonly offsets: playback.Offsets
  readonly numbers: readonly number[]
}

export class Comparison implements playback.Player {
  readonly store: StoreApi<ComparisonState>
  readonly #stages: readonly Stage[]
  readonly #clock: Clock
  #sides: readonly (Side | null)[] = []

  constructor(stages: readonly Stage[], clock: Clock) {
    this.#stages = stages
    this.#clock = clock
    const playhead = { ...playback.startPlayhead([], clock.monotonic()), playing: false }
    this.store = createStore(() => ({ basis: 'time' as const, playhead, offsets: [] }))
  }

  /** Moves both sides to where the clock is; called once an animation frame while it plays. */
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

  shiftSpeed = (by: 1 | -1): void =>
    this.setSpeed(playback.nextSpeed(this.store.getState().playhead.speed, by))

  toStart = (): void => this.seekTo(0)

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
    this.#place()
  }

  /** An episode has come on one of the sides: it begins when both are there. */
  #noteEpisodes(): void {
    const isSame = this.#stages.every(
      ({ replayOffsets }, side) => replayOffsets === (this.#sides[side]?.offsets ?? null),
    )
    if (isSame) return
    this.#sides = this.#stages.map(
      ({ replayOffsets: offsets, replaySteps }) =>
        offsets && { offsets, numbers: (replaySteps ?? []).map(({ step }) => step) },
    )
    this.#begin()
  }

  #begin(): void {
    const offsets = this.#sharedOffsets()
    const { loop } = this.store.getState().playhead
    const started = playback.startPlayhead(offsets, this.#clock.monotonic())
    const isComplete = this.#sides.length > 0 && this.#sides.every(one => one !== null)
    this.store.setState({ offsets, playhead: { ...started, loop, playing: isComplete } })
  }

  #sharedOffsets(): playback.Offsets {
    const isTime = this.store.getState().basis === 'time'
    const held = this.#sides.filter(side => side !== null)
    const moments = held.flatMap(({ offsets, numbers }) =>
      isTime ? offsets : numbers.map(number => number * STEP_MILLIS),
    )
    return [...new Set(moments)].sort((a, b) => a - b)
  }

  #place(): void {
    const { basis, playhead, offsets } = this.store.getState()
    const step = stepAt(offsets, playhead.atMillis)
    for (const [index, side] of this.#sides.entries()) {
      if (side === null) continue
      const last = playback.durationOf(side.offsets)
      const atMillis =
        basis === 'time'
          ? Math.min(playhead.atMillis, last)
          : (side.offsets[playback.stepIndexAt(side.numbers, step)] ?? last)
      this.#stages[index]!.movePlayhead(own =>
        own.atMillis === atMillis && !own.playing ? own : { ...own, atMillis, playing: false },
      )
    }
  }
}
