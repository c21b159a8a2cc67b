// What recording costs the trainer, measured where it is paid: every 64th call and every frame is
// timed on the trainer's thread. The figures lie in shared memory, so that the host can read them
// while the trainer's event loop sleeps. One writer (the trainer), any reader; no locks: each word
// is one aligned 64-bit store.

const CALLS = 0
const TIMED_CALLS = 1
const TIMED_NANOS = 2
const FRAMES = 3
const FRAME_NANOS = 4
const STARTED_AT = 5
const WORDS = 8

/** One call in this many is timed. A power of two. */
export const timedEvery = 64

export interface CostFigures {
  readonly calls: number
  readonly frames: number
  /** Mean time of a call that is not a frame, from the timed ones. */
  readonly meanNanos: number
  readonly meanFrameNanos: number
  /** Estimated time inside calls as a share of the time since the start, per cent. */
  readonly percent: number
}

export const createCostWords = (): SharedArrayBuffer => new SharedArrayBuffer(WORDS * 8)

/** The trainer's side. Times are of `performance.now()`, milliseconds. */
export class CostGuard {
  readonly #words: Float64Array

  constructor(shared: SharedArrayBuffer, startedAt: number) {
    this.#words = new Float64Array(shared)
    this.#words[STARTED_AT] = startedAt
  }

  /** Counts a call; true when it is one to be timed. */
  count(): boolean {
    const calls = this.#words[CALLS]!
    this.#words[CALLS] = calls + 1
    return (calls & (timedEvery - 1)) === 0
  }

  addTimed(millis: number): void {
    this.#words[TIMED_CALLS] = this.#words[TIMED_CALLS]! + 1
    this.#words[TIMED_NANOS] = this.#words[TIMED_NANOS]! + millis * 1e6
  }

  addFrame(millis: number): void {
    this.#words[FRAMES] = this.#words[FRAMES]! + 1
    this.#words[FRAME_NANOS] = this.#words[FRAME_NANOS]! + millis * 1e6
  }
}

/** Reads the figures, from any thread. `now` is the trainer thread's `performance.now()` scale. */
export function readCost(shared: SharedArrayBuffer, now: number): CostFigures {
  const words = new Float64Array(shared)
  const calls = words[CALLS]!
  const frames = words[FRAMES]!
  const meanNanos = words[TIMED_NANOS]! / Math.max(1, words[TIMED_CALLS]!)
  const spentMillis = (meanNanos * calls + words[FRAME_NANOS]!) / 1e6
  return {
    calls,
    frames,
    meanNanos,
    meanFrameNanos: words[FRAME_NANOS]! / Math.max(1, frames),
    percent: (100 * spentMillis) / Math.max(1, now - words[STARTED_AT]!),
  }
}
