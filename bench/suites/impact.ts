// What recording takes from a trainer of 200 us a step: one event a step, 60 frames a second, the
// whole runtime on. Throughput with and without resolves a few per cent at best, so the finer
// figure is the time inside the calls, accounted directly; the A/B stands beside an A/A as a check.
import { setTimeout as delay } from 'node:timers/promises'
import { assert } from '../../src/base/assert.ts'
import { seededRandom } from '../../src/base/random.ts'
import { type CostFigures, type Run, startRun } from '../../src/index.ts'
import { interleave } from '../interleave.ts'
import { EPISODE_STEPS, FRAME, newPixels, newStep, varyStep } from '../material.ts'
import { checkRecorded, type Recorded } from '../recorded.ts'
import { inScratch } from '../scratch.ts'
import { bootstrapMedian, medianOf } from '../statistics.ts'
import { type BenchSettings, type Figure, figure, heapFigure, type SuiteResult } from '../suite.ts'
import { threadTimes, timeBetween } from '../threads.ts'
import { calibrateLayers, Trainer } from '../trainer.ts'
import { Viewer } from '../viewer.ts'

const STEP_MICROS = 200
const STEPS_A_FRAME = 83
const SEED = 3
/** Calls without a pause, when the calls alone are measured. */
const BURST_CALLS = 1000
const BURSTS_A_SAMPLE = 50

/** What a segment of training was like. */
interface Segment {
  readonly stepsPerSecond: number
  /** Nanoseconds a call, the clock's own time taken off. */
  readonly stepNanos: number
  readonly frameNanos: number
  /** Time inside calls as a share of all, per cent. */
  readonly lossPercent: number
  /** By the run's own cost guard. */
  readonly cost: CostFigures | undefined
  /** Processor time of the other threads, per cent of one processor, by name. */
  readonly threads: ReadonlyMap<string, number>
}

export async function impact(settings: BenchSettings): Promise<SuiteResult> {
  const rounds = settings.pairs ?? (settings.small ? 1 : 12)
  const steps = settings.small ? 1000 : 5000
  const calls = settings.small ? 20_000 : 1_000_000
  const layers = calibrateLayers(STEP_MICROS)
  settings.onProgress(`impact: ${calls} calls`)
  const callNanos = await measureCalls(calls)
  const on: Segment[] = []
  const off = async (): Promise<number> => train(undefined, layers, steps).stepsPerSecond
  const rates = await interleave(
    {
      off,
      on: async () => {
        const segment = await recordTraining(layers, steps, false)
        on.push(segment)
        return segment.stepsPerSecond
      },
      control: off,
    },
    rounds,
    round => settings.onProgress(`impact: round ${round} of ${rounds}`),
  )
  on.shift()
  const watched: Segment[] = []
  for (let round = 0; round < Math.ceil(rounds / 4); round++) {
    settings.onProgress(`impact: with a viewer, ${round + 1}`)
    watched.push(await recordTraining(layers, steps, true))
  }
  const watchedLoss = medianOf(watched.map(segment => segment.lossPercent)).toFixed(2)
  const watchedStep = medianOf(watched.map(segment => segment.stepNanos)).toFixed(0)
  return {
    figures: [
      figure('impact.step_nanos', 'ns', callNanos),
      figure(
        'impact.training_step_nanos',
        'ns',
        on.map(segment => segment.stepNanos),
      ),
      figure(
        'impact.guard_step_nanos',
        'ns',
        on.map(segment => segment.cost?.meanNanos ?? 0),
      ),
      figure(
        'impact.frame_micros',
        'us',
        on.map(segment => segment.frameNanos / 1000),
      ),
      figure(
        'impact.loss_percent',
        '%',
        on.map(segment => segment.lossPercent),
      ),
      figure('impact.threads_percent', '%', on.map(sumOfThreads)),
      intervalFigure('impact.ab_percent', rates.off, rates.on),
      intervalFigure('impact.aa_percent', rates.off, rates.control),
      heapFigure('impact'),
    ],
    notes: [
      `${steps} steps of ${(1e6 / medianOf(rates.off)).toFixed(0)} us a segment, ${rounds} rounds` +
        ` of off, on, off; a frame of ${FRAME.width}x${FRAME.height} every ${STEPS_A_FRAME} steps`,
      `step_nanos: the mean of ${calls} calls in bursts of ${BURST_CALLS};` +
        ' training_step_nanos: every call of the training; guard_step_nanos: by the run itself',
      'ab_percent, aa_percent: throughput lost against off; low and high: its 95 % interval' +
        ' (bootstrap of the median)',
      `threads_percent: the other threads, of one processor: ${describeThreads(on)}`,
      `with one viewer: step ${watchedStep} ns, loss ${watchedLoss} %`,
      'every recorded segment is read back: all steps, frames and rewards are there, dropped 0',
    ],
  }
}

const sumOfThreads = ({ threads }: Segment): number =>
  [...threads.values()].reduce((a, b) => a + b, 0)

function describeThreads(segments: readonly Segment[]): string {
  const names = new Set(segments.flatMap(({ threads }) => [...threads.keys()]))
  return [...names]
    .map(name => ({
      name,
      percent: medianOf(segments.map(({ threads }) => threads.get(name) ?? 0)),
    }))
    .filter(({ percent }) => percent >= 0.1)
    .toSorted((a, b) => b.percent - a.percent)
    .map(({ name, percent }) => `${name} ${percent.toFixed(1)}`)
    .join(', ')
}

/** The percentage of throughput that `samples` lose against `reference`, with its interval. */
function intervalFigure(
  name: string,
  reference: readonly number[],
  samples: readonly number[],
): Figure {
  const losses = samples.map((sample, i) => 100 * (1 - sample / reference[i]!))
  const { low, high } = bootstrapMedian(losses, seededRandom(SEED))
  return { name, unit: '%', median: medianOf(losses), low, high, peer: null, ratio: null }
}

/** Runs `body` with a run, then checks that its log holds what `body` says it handed in. */
async function withRun<T>(body: (run: Run) => Promise<{ result: T; recorded: Recorded }>) {
  return inScratch(async dir => {
    const problems: string[] = []
    const run = await startRun({
      dir,
      live: { port: 0 },
      handleSignals: false,
      closeMillisMax: 30_000,
      onProblem: problem => problems.push(problem.message),
    })
    const { result, recorded } = await body(run)
    assert(await run.flush(30_000), 'all of it becomes durable')
    await run.close()
    assert(problems.length === 0, problems.join('; '))
    await checkRecorded(dir, recorded)
    return result
  })
}

/** Mean nanoseconds of `recorder.step`, a sample for every 50 bursts. */
function measureCalls(calls: number): Promise<number[]> {
  return withRun(async run => {
    const recorder = run.recorder('agent')
    const step = newStep()
    const samples: number[] = []
    let rewardSum = 0
    recorder.begin()
    for (let done = 0; done < calls; ) {
      let millis = 0
      const from = done
      for (let burst = 0; burst < BURSTS_A_SAMPLE && done < calls; burst++) {
        varyStep(step, burst)
        rewardSum += step.reward * BURST_CALLS
        const startedAt = performance.now()
        for (let i = 0; i < BURST_CALLS; i++) recorder.step(step)
        millis += performance.now() - startedAt
        done += BURST_CALLS
        do await delay(1)
        while (run.wouldBlock)
      }
      samples.push((1e6 * millis) / (done - from))
    }
    recorder.end()
    return { result: samples, recorded: { steps: calls, frames: 0, episodes: 1, rewardSum } }
  })
}

function recordTraining(layers: number, steps: number, watched: boolean): Promise<Segment> {
  return withRun(async run => {
    const viewer = watched && run.url !== null ? await Viewer.connect(run.url, 30) : undefined
    const segment = train(run, layers, steps)
    if (viewer) {
      const { states, frames } = await viewer.report(segment.recorded.episodes)
      assert(states.count > 0 && frames.count > 0, 'the viewer saw steps and frames')
      await viewer.close()
    }
    return { result: segment, recorded: segment.recorded }
  })
}

/** Trains without yielding once; records into `run`, if there is one. */
function train(
  run: Run | undefined,
  layers: number,
  steps: number,
): Segment & { recorded: Recorded } {
  const trainer = new Trainer(layers, SEED)
  const recorder = run?.recorder('agent')
  const step = newStep()
  const pixels = newPixels(SEED)
  const clockMillis = clockCost()
  const recorded = { steps: 0, frames: 0, episodes: 0, rewardSum: 0 }
  let [stepMillis, frameMillis, otherMillis] = [0, 0, 0]
  let checksum = 0
  const threadsBefore = threadTimes()
  const startedAt = performance.now()
  for (let index = 0; index < steps; index++) {
    checksum += trainer.step()
    varyStep(step, index)
    if (recorder === undefined) continue
    const begins = index % EPISODE_STEPS === 0
    let before = performance.now()
    if (begins) {
      if (index > 0) recorder.end()
      recorder.begin()
      const after = performance.now()
      otherMillis += after - before
      recorded.episodes++
      before = after
    }
    recorder.step(step)
    stepMillis += performance.now() - before - clockMillis
    recorded.steps++
    recorded.rewardSum += step.reward
    if (index % STEPS_A_FRAME !== 0) continue
    pixels[index % pixels.length] = index & 255
    before = performance.now()
    recorder.frame({ ...FRAME, data: pixels })
    frameMillis += performance.now() - before - clockMillis
    recorded.frames++
  }
  const millis = performance.now() - startedAt
  const used = timeBetween(threadsBefore, threadTimes())
  recorder?.end()
  assert(Number.isFinite(checksum) && checksum !== 0, 'the trainer computes')
  return {
    stepsPerSecond: (1000 * steps) / millis,
    stepNanos: (1e6 * stepMillis) / Math.max(1, recorded.steps),
    frameNanos: (1e6 * frameMillis) / Math.max(1, recorded.frames),
    lossPercent: (100 * (stepMillis + frameMillis + otherMillis)) / millis,
    cost: run?.cost,
    threads: new Map([...used].map(([name, spent]) => [name, (100 * spent) / millis])),
    recorded,
  }
}

/** What reading the clock twice takes, milliseconds. */
function clockCost(): number {
  const reads = 20_000
  let sum = 0
  for (let i = 0; i < reads; i++) {
    const before = performance.now()
    sum += performance.now() - before
  }
  return sum / reads
}
