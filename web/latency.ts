// Glass latency: from the capture of what is shown to the animation frame that drew it, on the
// server's clock. The median of the last draws, so that one slow frame does not make it jump.

const DRAWS_MAX = 64

/** Collects the latency of each draw, at most 64, and gives their median. */
export class LatencyMeter {
  readonly #millis: number[] = []

  /**
   * Adds one draw; all in milliseconds. `offsetMillis` is added to `drawnAt` to get the server's
   * time. Below zero is the error of the clocks and counts as zero.
   */
  record(capturedAt: number, drawnAt: number, offsetMillis: number): void {
    const latency = drawnAt + offsetMillis - capturedAt
    if (!Number.isFinite(latency)) return
    this.#millis.push(Math.max(0, latency))
    if (this.#millis.length > DRAWS_MAX) this.#millis.shift()
  }

  /** Null when nothing was drawn since the last reset. */
  get medianMillis(): number | null {
    if (this.#millis.length === 0) return null
    const sorted = [...this.#millis].sort((a, b) => a - b)
    return sorted[sorted.length >> 1]!
  }

  /** Forgets everything: what is shown now has another source. */
  reset(): void {
    this.#millis.length = 0
  }
}
