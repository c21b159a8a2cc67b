// What the page asks frames to come as. It begins with what their size calls for (`auto`), and asks
// for less when frames reach the screen late for seconds: the link, the server or this machine cannot
// sustain more. When all is well for long enough it tries more again. Pure: time is handed in.
import type { Encoding } from '../src/protocol/frame-encoding.ts'

export interface FramePreference {
  readonly encoding: Encoding
  readonly quality: number
  readonly max_fps: number
}

/** From the best to what any link sustains. */
const levels: readonly FramePreference[] = [
  { encoding: 'auto', quality: 75, max_fps: 60 },
  { encoding: 'jpeg', quality: 75, max_fps: 60 },
  { encoding: 'jpeg', quality: 50, max_fps: 30 },
  { encoding: 'jpeg', quality: 25, max_fps: 15 },
]
export const firstPreference: FramePreference = levels[0]!
/** For a browser that cannot decode pictures. */
const pixels: FramePreference = { encoding: 'raw', quality: 75, max_fps: 30 }

const WINDOW_MILLIS = 1_000
const WINDOW_DRAWS_MIN = 5
/** A window whose median is above this is a late one ... */
const LATE_MILLIS = 150
/** ... and so many in a row are too many. */
const LATE_WINDOWS = 2
/** Below this there is room for more. */
const SWIFT_MILLIS = 50
/** How long it must be so; twice as long after each attempt that was in vain. */
const PATIENCE_MILLIS = 15_000
const PATIENCE_MILLIS_MAX = 240_000

export class EncodingChoice {
  #level = 0
  #cannotDecode = false
  #lags: number[] = []
  #windowStart = Number.NEGATIVE_INFINITY
  #lateWindows = 0
  #swiftSince: number | null = null
  #patience = PATIENCE_MILLIS
  /** The last change was an attempt at more. */
  #isTrying = false

  /** What is asked for now. */
  get preference(): FramePreference {
    return this.#cannotDecode ? pixels : levels[this.#level]!
  }

  /**
   * Notes that a live frame was drawn `lagMillis` after the server sent it, at `now` (monotonic
   * milliseconds). True when another preference holds from now on.
   */
  note(lagMillis: number, now: number): boolean {
    if (now - this.#windowStart >= WINDOW_MILLIS) {
      const changed = this.#judge(now)
      this.#windowStart = now
      this.#lags = []
      if (changed) return true
    }
    if (Number.isFinite(lagMillis)) this.#lags.push(lagMillis)
    return false
  }

  /** A picture could not be decoded: from now on pixels. True when that is a change. */
  noteUndecodable(): boolean {
    const changed = !this.#cannotDecode
    this.#cannotDecode = true
    return changed
  }

  #judge(now: number): boolean {
    if (this.#lags.length < WINDOW_DRAWS_MIN || this.#cannotDecode) return false
    const sorted = this.#lags.toSorted((a, b) => a - b)
    const median = sorted[sorted.length >> 1]!
    this.#lateWindows = median > LATE_MILLIS ? this.#lateWindows + 1 : 0
    this.#swiftSince = median < SWIFT_MILLIS ? (this.#swiftSince ?? now) : null
    if (this.#lateWindows >= LATE_WINDOWS && this.#level < levels.length - 1) {
      if (this.#isTrying) this.#patience = Math.min(PATIENCE_MILLIS_MAX, this.#patience * 2)
      return this.#moveTo(this.#level + 1, false)
    }
    const isPatient = this.#swiftSince !== null && now - this.#swiftSince >= this.#patience
    return isPatient && this.#level > 0 && this.#moveTo(this.#level - 1, true)
  }

  #moveTo(level: number, isTrying: boolean): true {
    this.#level = level
    this.#isTrying = isTrying
    this.#lateWindows = 0
    this.#swiftSince = null
    return true
  }
}
