// A run at the benches' pace whose viewers, on this machine, note how old what they get is: whole
// episodes of steps, a frame now and then, and a trainer that never yields. The log is read back.
import { assert } from '../src/base/assert.ts'
import { checkOptions } from '../src/runtime/options.ts'
import { type Run, start } from '../src/runtime/run.ts'
import { EPISODE_STEPS, newScene, newStep, type Shape, varyStep } from './material.ts'
import { checkRecorded, type Recorded } from './recorded.ts'
import { inScratch } from './scratch.ts'
import { Viewer, type ViewerReport } from './viewer.ts'

export const STEPS_PER_SECOND = 2000
export const FRAMES_PER_SECOND = 30
const MAX_FPS = 240
/** Fewer than this many states a second and the ages are those of too few. */
const STATES_PER_SECOND_MIN = 5

export interface Watching {
  readonly seconds: number
  /** How long every commit of the log takes longer than it would. */
  readonly commitDelayMillis: number
  readonly viewers: number
  /** Of the frames. */
  readonly shape: Shape
}

/** Records and watches; what each viewer saw. */
export function watchRun(watching: Watching): Promise<ViewerReport[]> {
  const { seconds, commitDelayMillis } = watching
  return inScratch(async dir => {
    const problems: string[] = []
    const options = checkOptions({
      dir,
      live: { port: 0 },
      handleSignals: false,
      closeMillisMax: 60_000,
      onProblem: problem => problems.push(problem.message),
    })
    const run = await start(options, { faults: false, commitDelayMillis })
    assert(run.url !== null, 'the run is shown live')
    const viewers: Viewer[] = []
    for (let n = 0; n < watching.viewers; n++) viewers.push(await Viewer.connect(run.url, MAX_FPS))
    const recorded = play(run, watching)
    const reports = await Promise.all(viewers.map(viewer => viewer.report(recorded.episodes)))
    await Promise.all(viewers.map(viewer => viewer.close()))
    await run.close()
    assert(problems.length === 0, problems.join('; '))
    await checkRecorded(dir, recorded)
    for (const { episodeSteps, states, frames } of reports) {
      assert(episodeSteps === EPISODE_STEPS, `the viewer saw ${episodeSteps} steps`)
      const isEnough = states.count >= STATES_PER_SECOND_MIN * seconds
      assert(isEnough, `the viewer got ${states.count} states`)
      assert(frames.count > 0, 'the viewer got frames')
    }
    return reports
  })
}

/** Whole episodes at the given pace, without yielding to the event loop once. */
function play(run: Run, { seconds, shape }: Watching): Recorded {
  const recorder = run.recorder('agent')
  const step = newStep()
  const pixels = newScene(shape)
  const sleep = new Int32Array(new SharedArrayBuffer(4))
  const steps = Math.ceil((seconds * STEPS_PER_SECOND) / EPISODE_STEPS) * EPISODE_STEPS
  const recorded = { steps, frames: 0, episodes: steps / EPISODE_STEPS, rewardSum: 0 }
  const startedAt = performance.now()
  for (let index = 0; index < steps; index++) {
    const due = startedAt + (index * 1000) / STEPS_PER_SECOND
    const early = due - performance.now()
    if (early > 0) Atomics.wait(sleep, 0, 0, early)
    if (index % EPISODE_STEPS === 0) recorder.begin()
    varyStep(step, index)
    recorder.step(step)
    recorded.rewardSum += step.reward
    if (index * FRAMES_PER_SECOND >= recorded.frames * STEPS_PER_SECOND) {
      pixels[index % pixels.length] = index & 255
      recorder.frame({ ...shape, data: pixels })
      recorded.frames++
    }
    if (index % EPISODE_STEPS === EPISODE_STEPS - 1) recorder.end()
  }
  return recorded
}
