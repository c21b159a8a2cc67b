// The steps of the live episode as they came, to draw it while it is played. Bounded: past the
// bound every second one is let go, and from then on only every second one is kept.
import type { StepState } from './stage.ts'

const STEPS_MAX = 2048

export class LiveSteps {
  readonly #stepsMax: number
  #episode: number | null = null
  #steps: StepState[] = []
  #stride = 1

  constructor(stepsMax = STEPS_MAX) {
    this.#stepsMax = stepsMax
  }

  /** Adds a step of `episode`; another episode, or a step back, starts anew. */
  add(episode: number, step: StepState): void {
    const last = this.#steps.at(-1)
    const isBack = last !== undefined && step.step < last.step
    if (episode !== this.#episode || isBack) {
      this.clear()
      this.#episode = episode
    } else if (last !== undefined && step.step < last.step + this.#stride) return
    this.#steps.push(step)
    if (this.#steps.length <= this.#stepsMax) return
    this.#stride *= 2
    this.#steps = this.#steps.filter((_, index) => index % 2 === 0)
  }

  /** Those of `episode`, in order; empty when another one is held. */
  of(episode: number): readonly StepState[] {
    return episode === this.#episode ? this.#steps : []
  }

  clear(): void {
    this.#episode = null
    this.#steps = []
    this.#stride = 1
  }
}
