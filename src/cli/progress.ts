// How far a command has come: one line that is rewritten on a terminal, now and then a plain line
// in a pipe.
import type { Clock } from '../base/clock.ts'
import type { Output } from './output.ts'

const TERMINAL_MILLIS = 100
const PIPE_MILLIS = 10_000
const BAR_CELLS = 24

export class Progress {
  readonly #output: Pick<Output, 'terminal' | 'say' | 'rewrite'>
  readonly #clock: Clock
  #saidAt: number

  constructor(output: Pick<Output, 'terminal' | 'say' | 'rewrite'>, clock: Clock) {
    this.#output = output
    this.#clock = clock
    this.#saidAt = output.terminal ? Number.NEGATIVE_INFINITY : clock.monotonic()
  }

  /** `fraction` (0..1) of the way is behind us. */
  update(fraction: number, text: string): void {
    const now = this.#clock.monotonic()
    const { terminal } = this.#output
    if (now - this.#saidAt < (terminal ? TERMINAL_MILLIS : PIPE_MILLIS)) return
    this.#saidAt = now
    if (terminal) this.#output.rewrite(`${bar(fraction)} ${text}`)
    else this.#output.say(text)
  }

  /** Takes the line away, so that others may speak. */
  end(): void {
    if (this.#output.terminal) this.#output.rewrite('')
  }
}

/** `██████░░░░░░░░░░░░░░░░░░  25%`. */
function bar(fraction: number): string {
  const share = Math.min(1, Math.max(0, fraction))
  const done = Math.round(BAR_CELLS * share)
  const percent = `${Math.floor(share * 100)}%`.padStart(4)
  return `${'█'.repeat(done)}${'░'.repeat(BAR_CELLS - done)} ${percent}`
}
