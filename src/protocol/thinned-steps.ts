// The steps of one episode as viewers get them, bounded in count and in the numbers within them, for
// live episodes and for those that are read from the log. When there are too many, every other one
// goes, and from then on only every 2nd, 4th, 8th ... is kept; the last one always.
import { limits } from './limits.ts'
import type { HistoryStep } from './thread-messages.ts'

/** Bounds of what is kept of one episode; one step is kept however many numbers it has. */
export interface KeptMax {
  readonly steps: number
  readonly numbers: number
}

const KEPT_MAX: KeptMax = {
  steps: limits.liveEpisodeSteps,
  numbers: limits.liveEpisodeNumbers,
}

export class ThinnedSteps {
  #kept: HistoryStep[] = []
  #numbers = 0
  #thinnedBy = 1
  #last: HistoryStep | undefined

  /** Every how many steps one is kept. */
  get thinnedBy(): number {
    return this.#thinnedBy
  }

  /** Takes the next step. Default of `max`: what one episode may have. */
  take(step: HistoryStep, max: KeptMax = KEPT_MAX): void {
    this.#last = step
    if (step.step % this.#thinnedBy !== 0) return
    this.#kept.push(step)
    this.#numbers += numbersIn(step)
    while (
      this.#kept.length > 1 &&
      (this.#kept.length > max.steps || this.#numbers > max.numbers)
    ) {
      this.#thinnedBy *= 2
      this.#kept = this.#kept.filter(kept => kept.step % this.#thinnedBy === 0)
      this.#numbers = this.#kept.reduce((sum, kept) => sum + numbersIn(kept), 0)
    }
  }

  /** What was kept, and the last step, which is the end of the episode. */
  ended(): HistoryStep[] {
    if (this.#last === undefined) return []
    const steps = this.#kept.filter(step => step !== this.#last)
    return [...steps, { ...this.#last, done: true }]
  }
}

export function numbersIn({ position, meters, action, qValues, logits }: HistoryStep): number {
  const actions = typeof action === 'number' || action === null ? 1 : action.length
  const gauges = meters === null ? 0 : Object.keys(meters).length
  const values = (qValues?.length ?? 0) + (logits?.length ?? 0)
  return 4 + (position?.length ?? 0) + gauges + actions + values
}
