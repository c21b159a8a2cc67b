// How far a command has come: one line that is rewritten on a terminal, now and then a plain line
// in a pipe.
import type { Clock } from '../base/clock.ts'
import type { Output } from './output.ts'

const TERMINAL_MILLIS = 100
const PIPE_MILLIS = 10_000
const BAR_CELLS = 24
const clearLine = '\r\u001b[K'

export class Progress {
  readonly #output: Output
  readonly #clock: Clock
  #saidAt = Number.NEGATIVE_INFINITY
  #shown = false

  constructor(output: Output, clock: Clock) {
    this.#output = output
    this.#clock = clock
    if (!output.terminal) this.#saidAt = clock.monotonic()
  }

  /** `fraction` (0..1) of the way is behind us; null when there is no telling. */
  update(fraction: number | null, text: string): void {
    const now = this.#clock.monotonic()
    const { terminal } = this.#output
    if (now - this.#saidAt < (terminal ? TERMINAL_MILLIS : PIPE_MILLIS)) return
    this.#saidAt = now
    if (!terminal) {
      this.#output.say(text)
      return
    }
    const line = fraction === null ? text : `${this.#bar(fraction)} ${text}`
    process.stderr.write(clearLine + line.slice(0, (process.stderr.columns ?? 80) - 1))
    this.#shown = true
  }

  /** Takes the line away, so that others may speak. */
  end(): void {
    if (this.#shown) process.stderr.write(clearLine)
    this.#shown = false
  }

  #bar(fraction: number): string {
    const done = Math.round(BAR_CELLS * Math.min(1, Math.max(0, fraction)))
    return `${'█'.repeat(done)}${'░'.repeat(BAR_CELLS - done)} ${Math.floor(fraction * 100)}%`
  }
}
