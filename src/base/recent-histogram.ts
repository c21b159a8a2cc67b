// A histogram of what was recorded lately: a few histograms, one for each part of the time, of which
// the oldest is emptied and used again. A fixed size, however much is recorded.
import type { Clock } from './clock.ts'
import { Histogram } from './histogram.ts'

export class RecentHistogram {
  readonly #clock: Clock
  readonly #partMillis: number
  readonly #parts: readonly Histogram[]
  /** The part of time that is now, counted from the clock's origin. */
  #part: number

  /** Of the last `spanMillis`, and up to one of `parts` parts of it less. */
  constructor(clock: Clock, spanMillis: number, parts = 6) {
    this.#clock = clock
    this.#partMillis = spanMillis / parts
    this.#parts = Array.from({ length: parts }, () => new Histogram())
    this.#part = this.#now()
  }

  record(value: number): void {
    this.#moveOn()
    this.#parts[this.#part % this.#parts.length]!.record(value)
  }

  /** All that was recorded lately, as of now. */
  summed(): Histogram {
    this.#moveOn()
    const sum = new Histogram()
    for (const part of this.#parts) sum.add(part)
    return sum
  }

  #now(): number {
    return Math.floor(this.#clock.monotonic() / this.#partMillis)
  }

  #moveOn(): void {
    const now = this.#now()
    const passed = Math.min(now - this.#part, this.#parts.length)
    for (let at = 0; at < passed; at++) this.#parts[(now - at) % this.#parts.length]!.reset()
    this.#part = now
  }
}
