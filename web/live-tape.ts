// The last minute of the live stage, so that it can be paused and gone back in. Bounded in time, in
// count and in bytes of pixels; the oldest goes. What is kept are the very looks that were drawn:
// nothing is copied.
import type { Look } from './stage.ts'

export const tapeLimits = {
  millisMax: 60_000,
  looksMax: 4_000,
  /** 1000 frames of 160x210 RGB. */
  bytesMax: 96 * 1024 * 1024,
} as const

/** Accounted for a look beside its pixels: its state and its trail. */
const LOOK_BYTES = 2048

interface Entry {
  readonly at: number
  readonly look: Look
  readonly bytes: number
}

export class LiveTape {
  #entries: Entry[] = []
  #bytes = 0

  /** Monotonic milliseconds of the oldest look; null when there is none. */
  get oldest(): number | null {
    return this.#entries[0]?.at ?? null
  }

  get newest(): number | null {
    return this.#entries.at(-1)?.at ?? null
  }

  get size(): number {
    return this.#entries.length
  }

  /** Adds what is shown from `at` on; times must not go back. */
  add(at: number, look: Look): void {
    const last = this.#entries.at(-1)
    if (last?.look === look) return
    // Most looks differ by their figures only, and share the picture.
    const isNewFrame = look.frame !== null && look.frame !== last?.look.frame
    const bytes = LOOK_BYTES + (isNewFrame ? look.frame.pixels.byteLength : 0)
    this.#entries.push({ at, look, bytes })
    this.#bytes += bytes
    while (this.#isTooLong(at)) this.#bytes -= this.#entries.shift()!.bytes
  }

  /** The index of the look that was shown at `at`, clamped to what is held; -1 when empty. */
  indexAt(at: number): number {
    let low = 0
    let high = this.#entries.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#entries[middle]!.at <= at) low = middle + 1
      else high = middle
    }
    return Math.min(Math.max(0, low - 1), this.#entries.length - 1)
  }

  /** The look at `index` with the time from which it was shown; undefined outside. */
  entry(index: number): { readonly at: number; readonly look: Look } | undefined {
    return this.#entries[index]
  }

  clear(): void {
    this.#entries = []
    this.#bytes = 0
  }

  #isTooLong(now: number): boolean {
    const { millisMax, looksMax, bytesMax } = tapeLimits
    if (this.#entries.length < 2) return false
    return (
      this.#entries.length > looksMax ||
      this.#bytes > bytesMax ||
      this.#entries[0]!.at < now - millisMax
    )
  }
}
