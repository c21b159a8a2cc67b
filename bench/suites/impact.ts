// What recording takes from a trainer of 200 us a step: one event a step, 60 frames a second, the
// whole runtime on. Throughput with and without resolves a few per cent at best, so the finer
// figure is the time inside the calls, accounted directly; the A/B stands beside an A/A as a check.
// A run has recorded for some seconds before it is measured: a trainer records for hours, and what
// its threads do only once (their code is compiled, threads in reserve are loaded) is no part of it.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { seededRandom } from '../../src/base/random.ts'
import { BURST_CALLS, measureCalls } from '../calls.ts'
import { interleave } from '../interleave.ts'
import { FRAME } from '../material.ts'
import { recordTraining, type Segment, STEPS_A_FRAME, train } from '../recorded-training.ts'
import { bootstrapMedian, medianOf } from '../statistics.ts'
import { type BenchSettings, type Figure, figure, heapFigure, type SuiteResult } from '../suite.ts'
import { calibrateLayers } from '../trainer.ts'

const STEP_MICROS = 200
/** Of the bootstrap. */
const SEED = 3
/** Recorded before anything is measured; threads in reserve are loaded after 2.5 s. */
const WARM_STEPS = 20_000

export async function impact(settings: BenchSettings): Promise<SuiteResult> {
  const rounds = settings.pairs ?? (settings.small ? 1 : 8)
  const steps = settings.small ? 1000 : 10_000
  const warmSteps = settings.small ? 1000 : WARM_STEPS
  const calls = settings.small ? 20_000 : settings.brief ? 200_000 : 1_000_000
  const layers = calibrateLayers(STEP_MICROS)
  settings.onProgress(`impact: ${calls} calls`)
  const callNanos = await measureCalls(calls)
  const on: Segment[] = []
  const off = async (): Promise<number> => train(undefined, layers, steps).stepsPerSecond
  const rates = await interleave(
    {
      off,
      on: async () => {
        const segment = await recordTraining(layers, [warmSteps, steps], false)
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
    watched.push(await recordTraining(layers, [warmSteps, steps], true))
  }
  const busy = await besideAnother(async () => {
    const [loss, share]: [number[], number[]] = [[], []]
    for (let round = 0; round < Math.ceil(rounds / 4); round++) {
      settings.onProgress(`impact: both processors busy, ${round + 1}`)
      const before = await off()
      const segment = await recordTraining(layers, [warmSteps, steps], false)
      const reference = (before + (await off())) / 2
      loss.push(segment.lossPercent)
      share.push(100 * (1 - segment.stepsPerSecond / reference))
    }
    return { loss, share }
  })
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
      figure(
        'impact.watched_loss_percent',
        '%',
        watched.map(segment => segment.lossPercent),
      ),
      figure('impact.busy_loss_percent', '%', busy.loss),
      figure('impact.busy_ab_percent', '%', busy.share),
      figure('impact.threads_percent', '%', on.map(sumOfThreads)),
      intervalFigure('impact.ab_percent', rates.off, rates.on),
      intervalFigure('impact.aa_percent', rates.off, rates.control),
      heapFigure('impact'),
    ],
    notes: [
      `${steps} steps of ${(1e6 / medianOf(rates.off)).toFixed(0)} us a segment, ${rounds} rounds` +
        ` of off, on, off, on after ${warmSteps} steps; a frame of ${FRAME.width}x${FRAME.height} every ${STEPS_A_FRAME} steps`,
      `step_nanos: the mean of ${calls} calls in bursts of ${BURST_CALLS};` +
        ' training_step_nanos: every call of the training; guard_step_nanos: by the run itself',
      'ab_percent, aa_percent: throughput lost against off; low and high: its 95 % interval' +
        ' (bootstrap of the median)',
      `threads_percent: the other threads, of one processor: ${describeThreads(on)}`,
      `watched: by one viewer; a step ${watchedStep} ns. busy: another thread computes all the time`,
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

/** Runs `body` while a thread of its own computes without a pause. */
async function besideAnother<T>(body: () => Promise<T>): Promise<T> {
  const stop = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(new URL('../busy.thread.ts', import.meta.url), { workerData: stop })
  const ended = once(worker, 'exit')
  try {
    await once(worker, 'online')
    return await body()
  } finally {
    Atomics.store(stop, 0, 1)
    await ended
  }
}
