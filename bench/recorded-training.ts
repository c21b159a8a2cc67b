// Training that is recorded and measured: how fast it goes, what is spent inside the calls, and what
// the other threads take meanwhile. The log of each run is read back.
import { assert } from '../src/base/assert.ts'
import { type CostFigures, type Run, startRun } from '../src/index.ts'
import { EPISODE_STEPS, FRAME, newPixels, newStep, varyStep } from './material.ts'
import { checkRecorded, type Recorded } from './recorded.ts'
import { inScratch } from './scratch.ts'
import { threadTimes, timeBetween } from './threads.ts'
import { Trainer } from './trainer.ts'
import { Viewer } from './viewer.ts'

export const STEPS_A_FRAME = 83
const SEED = 3

/** What a segment of training was like. */
export interface Segment {
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

/** Records so many steps, and then those that are measured. */
export function recordTraining(
  layers: number,
  [warmSteps, steps]: readonly [warm: number, measured: number],
  watched: boolean,
): Promise<Segment> {
  return withRun(async run => {
    const viewer = watched && run.url !== null ? await Viewer.connect(run.url, 30) : undefined
    const warm = train(run, layers, warmSteps).recorded
    const segment = train(run, layers, steps)
    const recorded = {
      steps: warm.steps + segment.recorded.steps,
      frames: warm.frames + segment.recorded.frames,
      episodes: warm.episodes + segment.recorded.episodes,
      rewardSum: warm.rewardSum + segment.recorded.rewardSum,
    }
    if (viewer) {
      const { states, frames } = await viewer.report(recorded.episodes)
      assert(states.count > 0 && frames.count > 0, 'the viewer saw steps and frames')
      await viewer.close()
    }
    return { result: segment, recorded }
  })
}

/** Runs `body` with a run, then checks that its log holds what `body` says it handed in. */
export async function withRun<T>(body: (run: Run) => Promise<{ result: T; recorded: Recorded }>) {
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

/** Trains without yielding once; records into `run`, if there is one. */
export function train(
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
