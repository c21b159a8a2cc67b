// What recording costs the trainer, measured where it is paid: one call in 64 and every frame is
// timed on the trainer's thread, calls at irregular distances, so that no rhythm of the trainer
// is mistaken for its average. The figures lie in shared memory, so that the host can read them
// while the trainer's event loop sleeps. One writer (the trainer), any reader; no locks: each word
// is one aligned 64-bit store.

const CALLS = 0
const TIMED_CALLS = 1
const TIMED_NANOS = 2
const FRAMES = 3
const FRAME_NANOS = 4
const OTHER_NANOS = 5
const STARTED_AT = 6
const WORDS = 8

export interface CostFigures {
  /** Steps; frames and the rare calls are not among them. */
  readonly calls: number
  readonly frames: number
  /** Mean time of a step's call, from the timed ones. */
  readonly meanNanos: number
  readonly meanFrameNanos: number
  /** Estimated time inside calls as a share of the time since the start, per cent. */
  readonly percent: number
}

export const createCostWords = (): SharedArrayBuffer => new SharedArrayBuffer(WORDS * 8)

/** The trainer's side. Times are of `performance.now()`, milliseconds. */
export class CostGuard {
  readonly #words: Float64Array
  #calls = 0
  #untilTimed = 32
  #chance = 1

  constructor(shared: SharedArrayBuffer, startedAt: number) {
    this.#words = new Float64Array(shared)
    this.#words[STARTED_AT] = startedAt
  }

  /** Counts a step's call; true when it is one to be timed: one in 33 to 96, by chance. */
  count(): boolean {
    this.#words[CALLS] = ++this.#calls
    if (--this.#untilTimed > 0) return false
    // A linear congruential generator (Numerical Recipes); its high bits are good enough here.
    this.#chance = (Math.imul(this.#chance, 1_664_525) + 1_013_904_223) | 0
    this.#untilTimed = 33 + (this.#chance >>> 26)
    return true
  }

  addTimed(millis: number): void {
    this.#words[TIMED_CALLS] = this.#words[TIMED_CALLS]! + 1
    this.#words[TIMED_NANOS] = this.#words[TIMED_NANOS]! + millis * 1e6
  }

  /** A call that is neither a step nor a frame: these are rare, and all of them are timed. */
  addOther(millis: number): void {
    this.#words[OTHER_NANOS] = this.#words[OTHER_NANOS]! + millis * 1e6
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
  const spentMillis = (meanNanos * calls + words[FRAME_NANOS]! + words[OTHER_NANOS]!) / 1e6
  return {
    calls,
    frames,
    meanNanos,
    meanFrameNanos: words[FRAME_NANOS]! / Math.max(1, frames),
    percent: (100 * spentMillis) / Math.max(1, now - words[STARTED_AT]!),
  }
}
