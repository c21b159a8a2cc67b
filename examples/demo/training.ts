// What the demo needs of a training: how it is named and paced, and a tick that tells what happens.
// Both trainings of the demo are told apart here and nowhere else.
import type { EpisodeStart, FrameInput, StepInput } from '../../src/index.ts'

/** The trainings to choose from, the default first. */
export const demoEnvironments = ['gridworld', 'cartpole'] as const
export type DemoEnvironment = (typeof demoEnvironments)[number]

export interface EpisodeEnd {
  readonly reason: string
  readonly steps: number
}

/** Told synchronously what a training does; nothing that it is handed may be kept. */
export interface TrainingHooks {
  onBegin(environment: number, begin: Readonly<EpisodeStart>): void
  onStep(environment: number, step: Readonly<StepInput>): void
  /** The picture before the first step, if there is one, and after each later one. */
  onFrame(environment: number, frame: Readonly<FrameInput>): void
  onEnd(environment: number, end: EpisodeEnd): void
  onMetrics(metrics: Readonly<Record<string, number>>, globalStep: number): void
  onInsight(kind: string, data: unknown): void
}

export interface DemoTraining {
  readonly title: string
  readonly algorithm: string
  /** Each is an agent of its own. */
  readonly environments: number
  /** At which a person can watch it. */
  readonly ticksPerSecond: number
  /** Frames a second that its video shows. */
  readonly videoFps: number
  /** What its dataset shows, and which of its episodes. */
  readonly dataset: { readonly task: string; readonly where: string }
  /** Begins the training of a seed; each call of what it returns is a tick. */
  start(seed: number, hooks: TrainingHooks): () => void
}
