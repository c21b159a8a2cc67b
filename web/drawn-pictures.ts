// What is learnt from pictures when they are drawn: how old they are on this screen, and whether they
// come too late or cannot be decoded here, so that less, or pixels, are asked for.
import type { StoreApi } from 'zustand/vanilla'
import type { Clock } from '../src/base/clock.ts'
import type { ClockSample } from './clock-sync.ts'
import { EncodingChoice, type FramePreference } from './encoding-choice.ts'
import { LatencyMeter } from './latency.ts'
import type { Look } from './stage.ts'
import type { ViewerState } from './state/viewer-state.ts'

const LATENCY_SHOWN_EVERY_MILLIS = 500

interface DrawnPicturesOptions {
  readonly clock: Clock
  readonly store: StoreApi<ViewerState>
  /** Asks for frames as they can be shown here. */
  readonly prefer: (preference: FramePreference) => void
}

export class DrawnPictures {
  /** How our clock and the server's agree; null before it is known. */
  clocks: ClockSample | null = null
  readonly #options: DrawnPicturesOptions
  readonly #latency = new LatencyMeter()
  readonly #choice = new EncodingChoice()
  #latencyShownAt = 0
  #lastCapture = 0

  constructor(options: DrawnPicturesOptions) {
    this.#options = options
  }

  /** A look was drawn for the first time, at `at` (Unix milliseconds); it `isNow` if it is live. */
  note(look: Look, isNow: boolean, at: number): void {
    if (!isNow || this.clocks === null) {
      this.#latency.reset()
      this.#show(null)
      return
    }
    // The same picture with a newer figure beside it is not a newer picture.
    if (look.capturedAt === this.#lastCapture) return
    this.#lastCapture = look.capturedAt
    const { offsetMillis } = this.clocks
    this.#latency.record(look.capturedAt, at, offsetMillis)
    const now = this.#options.clock.monotonic()
    if (look.frame !== null && this.#choice.note(at + offsetMillis - look.frame.sendTime, now)) {
      this.#options.prefer(this.#choice.preference)
    }
    if (now - this.#latencyShownAt < LATENCY_SHOWN_EVERY_MILLIS) return
    this.#latencyShownAt = now
    const millis = this.#latency.medianMillis
    const errorMillis = this.clocks.roundTripMillis / 2
    // None at all is what the clocks' error looks like, not a picture that is seen as it is made.
    this.#show(millis === null || millis === 0 ? null : { millis, errorMillis })
  }

  /** A picture could not be drawn: pixels can. */
  noteUndrawn(problem: string): void {
    if (!this.#choice.noteUndecodable()) return
    const { store, prefer } = this.#options
    prefer(this.#choice.preference)
    store.setState({ problem: `this browser cannot show pictures: ${problem}` })
  }

  #show(latency: ViewerState['latency']): void {
    const { store } = this.#options
    if (latency !== store.getState().latency) store.setState({ latency })
  }
}
