// Rollcast in a trainer: one call to start, a recorder for each environment, one call to close. The
// trainers are eight survival gridworlds with a Double DQN (gridworld/) and eight cart-poles with PPO
// (cartpole/); what is said here of begin, step, frame, end, metrics and insight is all that it takes.
import { type LiveOptions, type Run, startRun } from '../src/index.ts'
import { cartpole } from './cartpole/demo.ts'
import { Account, type DemoProgress } from './demo/account.ts'
import type { CurvePoint } from './demo/learning-curve.ts'
import { Pace } from './demo/pace.ts'
import type { DemoEnvironment, DemoTraining, TrainingHooks } from './demo/training.ts'
import { gridworld } from './gridworld/demo.ts'

const trainings: Readonly<Record<DemoEnvironment, DemoTraining>> = { gridworld, cartpole }

export interface DemoOptions {
  /** What is trained. */
  readonly env: DemoEnvironment
  /** The run's directory. */
  readonly dir: string
  readonly seed: number
  /** Where the page is, and whether it asks for a token. */
  readonly live: LiveOptions
  /** Ends when so much time has passed or so many episodes have ended, whichever comes first. */
  readonly seconds: number
  readonly episodes: number
  /** Paced for a person to watch; else as fast as the machine can. Learning is the same. */
  readonly paced: boolean
  /** Makes video, and a dataset, of what the camera shows. */
  readonly video: boolean
}

export interface DemoHooks {
  /** Ends the training early when it aborts. */
  readonly signal?: AbortSignal
  onStarted?(run: Run): void
  /** Called about 50 times a second. */
  onProgress?(progress: DemoProgress): void
}

export interface DemoResult extends Omit<DemoProgress, 'metrics'> {
  readonly runDir: string
  readonly url: string | null
  readonly epoch: number
  /** Mean time of recording one step, on the trainer's thread. */
  readonly stepNanos: number
  readonly learningCurve: readonly CurvePoint[]
  /** Items that each channel gave up by its policy. */
  readonly dropped: Readonly<Record<string, number>>
  readonly healthy: boolean
}

/** Trains, records, closes. Throws what `startRun` and `close` throw. */
export async function runDemo(options: DemoOptions, hooks: DemoHooks = {}): Promise<DemoResult> {
  const training = trainings[options.env]
  const run = await startRun({
    dir: options.dir,
    name: training.title,
    config: { algorithm: training.algorithm, seed: options.seed, paced: options.paced },
    live: options.live,
    video: options.video && { fps: training.videoFps },
    dataset: options.video && training.dataset,
    // The caller's signal ends the training; then the run is closed below.
    handleSignals: false,
    // When half of the ring is not yet durable the training waits: at full speed, or with
    // eight cameras, a busy disk may take in less than it makes, and nothing shall be lost.
    undurableMax: { events: 100_000, millis: 60_000 },
    // Long enough for what a slow machine has not yet encoded.
    closeMillisMax: 20_000,
  })
  hooks.onStarted?.(run)
  const account = new Account(run)
  const recording = account.countIn(recordInto(run, training.environments))
  const tick = training.start(options.seed, recording)
  const pace = new Pace(options.paced ? training.ticksPerSecond : null, () => run.wouldBlock)
  const trained = train(tick, pace, account, options, hooks)
  const { metrics: _, ...counts } = await trained.finally(() => run.close())
  const { status } = run
  const channels = status?.actors.flatMap(actor => actor.channels) ?? []
  return {
    ...counts,
    runDir: run.dir,
    url: run.url,
    epoch: run.epoch,
    stepNanos: run.cost.meanNanos,
    learningCurve: account.curve.points(),
    dropped: Object.fromEntries(channels.map(({ name, dropped }) => [name, dropped])),
    healthy: status?.healthy ?? false,
  }
}

/** What the trainer does goes on record: a recorder for each of its environments. */
function recordInto(run: Run, environments: number): TrainingHooks {
  const recorders = Array.from({ length: environments }, (_, i) => run.recorder(`env-${i}`))
  return {
    onBegin: (environment, begin) => recorders[environment]!.begin({ ...begin }),
    onStep: (environment, step) => recorders[environment]!.step(step),
    onFrame: (environment, frame) => recorders[environment]!.frame(frame),
    onEnd: (environment, { reason }) => recorders[environment]!.end({ reason }),
    onMetrics: (metrics, globalStep) => recorders[0]!.metrics(metrics, globalStep),
    onInsight: (kind, data) => recorders[0]!.insight(kind, data),
  }
}

/** The training itself: in slices, so that signals and timers of this thread get their turn. */
async function train(
  tick: () => void,
  pace: Pace,
  account: Account,
  options: DemoOptions,
  { signal, onProgress }: DemoHooks,
): Promise<DemoProgress> {
  const isOver = (): boolean =>
    account.episodes >= options.episodes || account.seconds >= options.seconds
  while (!isOver() && !signal?.aborted) {
    await pace.nextSlice()
    while (pace.takeTick() && !isOver()) tick()
    onProgress?.(account.progress())
  }
  return account.progress()
}
