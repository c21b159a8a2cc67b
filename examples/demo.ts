// Rollcast in a trainer: one call to start, a recorder for each environment, one call to close. The
// trainer is eight survival gridworlds with a Double DQN (gridworld/); what is said here of begin,
// step, frame, end and metrics is all that it takes.
import { type Run, startRun } from '../src/index.ts'
import { Account, type DemoProgress } from './demo/account.ts'
import type { CurvePoint } from './demo/learning-curve.ts'
import { Pace } from './demo/pace.ts'
import { frameBytes, frameHeight, frameWidth, renderFrame } from './gridworld/render.ts'
import { createTrainer, type Trainer, type TrainerHooks } from './gridworld/trainer.ts'
import { meterNames } from './gridworld/world.ts'

/** At this pace the environment on camera takes 35 steps a second. */
const TICKS_PER_SECOND = 560

export interface DemoOptions {
  /** The run's directory. */
  readonly dir: string
  readonly seed: number
  /** Port of the page; 0 takes a free one. */
  readonly port: number
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
  const run = await startRun({
    dir: options.dir,
    name: 'Survival gridworld',
    config: { algorithm: 'Double DQN', seed: options.seed, paced: options.paced },
    live: { port: options.port },
    video: options.video,
    // Only what the camera shows.
    dataset: options.video && { task: 'survive', where: 'agent = env-0' },
    // The caller's signal ends the training; then the run is closed below.
    handleSignals: false,
  })
  hooks.onStarted?.(run)
  const trainer = createTrainer({ seed: options.seed })
  const account = new Account(run)
  const trainerHooks = account.countIn(recordInto(run, trainer))
  const trained = train(trainer, trainerHooks, account, options, hooks)
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
function recordInto(run: Run, trainer: Trainer): Required<TrainerHooks> {
  const recorders = trainer.worlds.map((_, environment) => run.recorder(`env-${environment}`))
  const frame = { width: frameWidth, height: frameHeight, data: new Uint8Array(frameBytes) }
  const meters: Record<string, number> = {}
  return {
    onBegin: (environment, begin) => recorders[environment]!.begin({ ...begin }),
    onStep(environment, step) {
      for (const [i, name] of meterNames.entries()) meters[name] = step.meters[i]!
      recorders[environment]!.step({ ...step, meters })
      // Environment 0 is on camera; the frame is copied, so the same pixels serve every time.
      if (environment !== 0) return
      renderFrame(trainer.worlds[0]!, frame.data)
      recorders[0]!.frame(frame)
    },
    onEnd: (environment, { reason }) => recorders[environment]!.end({ reason }),
    onMetrics: (metrics, globalStep) => recorders[0]!.metrics(metrics, globalStep),
  }
}

/** The training itself: in slices, so that signals and timers of this thread get their turn. */
async function train(
  trainer: Trainer,
  trainerHooks: TrainerHooks,
  account: Account,
  options: DemoOptions,
  { signal, onProgress }: DemoHooks,
): Promise<DemoProgress> {
  const pace = new Pace(options.paced ? TICKS_PER_SECOND : null)
  const isOver = (): boolean =>
    account.episodes >= options.episodes || account.seconds >= options.seconds
  while (!isOver() && !signal?.aborted) {
    await pace.nextSlice()
    while (pace.takeTick() && !isOver()) trainer.tick(trainerHooks)
    onProgress?.(account.progress())
  }
  return account.progress()
}
