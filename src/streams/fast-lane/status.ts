// What a lane's header tells anybody who looks, without taking part: the host for its status, the
// recorder for what the log is asked for.
import type { FrameSource, LaneHud, LaneStatus } from '../../protocol/lane.ts'
import {
  FLAG_PAUSED,
  FLAG_RUNNING,
  FLOAT_HUD,
  FLOAT_PUBLISHED,
  FLOAT_REFUSED,
  FLOAT_REPAIRED,
  FLOAT_SHOWN,
  FLOAT_SKIPPED,
  FLOAT_TAKEN,
  type LaneMemory,
  openLane,
  orderReads,
  WORD_FLAGS,
  WORD_HUD,
  WORD_SOURCE,
  WORD_WANTED,
  WORD_WATCHED,
  wordOfLogWish,
} from './layout.ts'

/** By their number in the header. */
export const sources: readonly FrameSource[] = ['none', 'lane', 'log']

/** A producer writes its HUD in less than a microsecond: so many looks miss only one that died. */
const LOOKS_MAX = 100

/** Looks at a lane from any thread. */
export class LaneGauge {
  readonly #memory: LaneMemory

  constructor(buffer: SharedArrayBuffer) {
    this.#memory = openLane(buffer)
  }

  /** Whether anybody watches now: one load. */
  get isWatched(): boolean {
    return Atomics.load(this.#memory.words, WORD_WATCHED) === 1
  }

  /** Whether frames of this layout are asked of whoever writes the log: one load. */
  isWishedByLog(layout: number): boolean {
    return Atomics.load(this.#memory.words, wordOfLogWish(layout)) === 1
  }

  /** The producer's numbers, all of one moment; undefined before the first, or if it died writing. */
  hud(): LaneHud | undefined {
    const { words, floats } = this.#memory
    for (let looks = 0; looks < LOOKS_MAX; looks++) {
      const sequence = Atomics.load(words, WORD_HUD)
      if (sequence === 0) return undefined
      if (sequence & 1) continue
      const hud: LaneHud = {
        layout: words[WORD_HUD + 1]!,
        episode: words[WORD_HUD + 2]! >>> 0,
        step: words[WORD_HUD + 3]! >>> 0,
        lastReward: floats[FLOAT_HUD]!,
        meanReward: floats[FLOAT_HUD + 1]!,
        stepsPerSecond: floats[FLOAT_HUD + 2]!,
        loss: floats[FLOAT_HUD + 3]!,
        time: floats[FLOAT_HUD + 4]!,
      }
      orderReads()
      if (Atomics.load(words, WORD_HUD) === sequence) return hud
    }
    return undefined
  }

  status(): LaneStatus {
    const { words, floats } = this.#memory
    const flags = Atomics.load(words, WORD_FLAGS)
    return {
      running: (flags & FLAG_RUNNING) !== 0,
      paused: (flags & FLAG_PAUSED) !== 0,
      source: sources[Atomics.load(words, WORD_SOURCE)] ?? 'none',
      wantedFps: Atomics.load(words, WORD_WANTED) / 1000,
      published: floats[FLOAT_PUBLISHED]!,
      refused: floats[FLOAT_REFUSED]!,
      repaired: floats[FLOAT_REPAIRED]!,
      taken: floats[FLOAT_TAKEN]!,
      skipped: floats[FLOAT_SKIPPED]!,
      shown: floats[FLOAT_SHOWN]!,
      hud: this.hud() ?? null,
    }
  }
}
