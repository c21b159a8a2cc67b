// What the demo tells of a training while it goes on and at its end: counts, the trainer's own
// metrics, and how long episodes lasted.
import type { Run } from '../../src/index.ts'
import { LearningCurve } from './learning-curve.ts'
import type { TrainingHooks } from './training.ts'

/** How far the training has come. */
export interface DemoProgress {
  readonly seconds: number
  readonly episodes: number
  readonly steps: number
  readonly frames: number
  /** What the trainer last said of itself; undefined until it does. */
  readonly metrics: Readonly<Record<string, number>> | undefined
  readonly trainerCostPercent: number
}

/** Counts what a trainer does. */
export class Account {
  readonly curve = new LearningCurve()
  readonly #run: Run
  readonly #startedAt = performance.now()
  #stages: number[] = []
  #metrics: Readonly<Record<string, number>> | undefined
  episodes = 0
  #steps = 0
  #frames = 0

  constructor(run: Run) {
    this.#run = run
  }

  get seconds(): number {
    return (performance.now() - this.#startedAt) / 1000
  }

  /** Counts what passes on its way to `hooks`. */
  countIn(hooks: TrainingHooks): TrainingHooks {
    return {
      ...hooks,
      onBegin: (environment, begin) => {
        this.#stages[environment] = begin.stage ?? 0
        hooks.onBegin(environment, begin)
      },
      onStep: (environment, step) => {
        this.#steps++
        hooks.onStep(environment, step)
      },
      onFrame: (environment, frame) => {
        this.#frames++
        hooks.onFrame(environment, frame)
      },
      onEnd: (environment, end) => {
        this.episodes++
        this.curve.add(this.seconds, end.steps, this.#stages[environment] ?? 0)
        hooks.onEnd(environment, end)
      },
      onMetrics: (metrics, globalStep) => {
        this.#metrics = { ...metrics }
        hooks.onMetrics(metrics, globalStep)
      },
    }
  }

  progress(): DemoProgress {
    return {
      seconds: this.seconds,
      episodes: this.episodes,
      steps: this.#steps,
      frames: this.#frames,
      metrics: this.#metrics,
      trainerCostPercent: this.#run.cost.percent,
    }
  }
}
