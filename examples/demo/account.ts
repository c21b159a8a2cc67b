// What the demo tells of a training while it goes on and at its end: counts, the trainer's own
// metrics, and how long episodes lasted.
import type { Run } from '../../src/index.ts'
import type { TrainerHooks, TrainerMetrics } from '../gridworld/trainer.ts'
import { LearningCurve } from './learning-curve.ts'

/** How far the training has come. */
export interface DemoProgress {
  readonly seconds: number
  readonly episodes: number
  readonly steps: number
  readonly frames: number
  /** What the trainer last said of itself; undefined until it does. */
  readonly metrics: Readonly<TrainerMetrics> | undefined
  readonly trainerCostPercent: number
}

/** Counts what a trainer does. */
export class Account {
  readonly curve = new LearningCurve()
  readonly #run: Run
  readonly #startedAt = performance.now()
  #stages: number[] = []
  #metrics: Readonly<TrainerMetrics> | undefined
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
  countIn(hooks: Required<TrainerHooks>): TrainerHooks {
    return {
      onBegin: (environment, begin) => {
        this.#stages[environment] = begin.stage
        hooks.onBegin(environment, begin)
      },
      onStep: (environment, step) => {
        this.#steps++
        if (environment === 0) this.#frames++
        hooks.onStep(environment, step)
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
