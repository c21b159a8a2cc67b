// A run that records more and more: `node record-long.ts DIR EVENTS...`. Each time that its log has so
// many steps, and everybody has read them, it looks at what the process holds. What it found it
// prints as JSON, for each length.
import { setTimeout as delay } from 'node:timers/promises'
import { assert } from '../src/base/assert.ts'
import { type Run, startRun } from '../src/index.ts'
import { BURST_CALLS } from './calls.ts'
import { EPISODE_STEPS, FRAME, newScene, newStep, varyStep } from './material.ts'
import { type ProcessMemory, readMemory } from './process-memory.ts'
import { checkRecorded } from './recorded.ts'
import { medianOf } from './statistics.ts'

const FRAME_EVERY_STEPS = 1000
const SAMPLES = 8
/** Signs of life, from which the lag is known, come twice a second. */
const SAMPLE_MILLIS = 250
const PATIENCE_MILLIS = 60_000
/** Threads in reserve are loaded after 2.5 s; they are no part of what grows. */
const WARM_MILLIS = 5_000

const [, , dir = '', ...lengths] = process.argv
const recorded = { steps: 0, frames: 0, episodes: 0, rewardSum: 0 }
const step = newStep()
const pixels = newScene(FRAME)

/** Whole episodes, until there are so many steps; no faster than the log takes them. */
async function recordUntil(run: Run, steps: number): Promise<void> {
  const recorder = run.recorder('agent')
  while (recorded.steps < steps) {
    if (recorded.steps % BURST_CALLS === 0) {
      do await delay(1)
      while (run.wouldBlock)
    }
    if (recorded.steps % EPISODE_STEPS === 0) recorder.begin()
    varyStep(step, recorded.steps)
    recorder.step(step)
    recorded.rewardSum += step.reward
    if (recorded.steps % FRAME_EVERY_STEPS === 0) {
      recorder.frame({ ...FRAME, data: pixels })
      recorded.frames++
    }
    recorded.steps++
    if (recorded.steps % EPISODE_STEPS > 0) continue
    recorder.end()
    recorded.episodes++
  }
}

/** What is held once nobody is behind. */
async function holdAtRest(run: Run): Promise<ProcessMemory> {
  assert(await run.flush(PATIENCE_MILLIS), 'all of it becomes durable')
  const until = performance.now() + PATIENCE_MILLIS
  const told = run.status?.time ?? 0
  const isBehind = (): boolean =>
    (run.status?.time ?? 0) <= told || run.status!.actors.some(({ lag }) => (lag ?? 0) > 0)
  while (isBehind()) {
    assert(performance.now() < until, 'everybody reads all of the log within a minute')
    await delay(SAMPLE_MILLIS)
  }
  const samples: ProcessMemory[] = []
  for (let i = 0; i < SAMPLES; i++) {
    await delay(SAMPLE_MILLIS)
    samples.push(readMemory(process.pid)!)
  }
  const of = (kind: 'own' | 'mapped'): number => medianOf(samples.map(sample => sample[kind]))
  return { own: of('own'), mapped: of('mapped') }
}

const problems: string[] = []
const run = await startRun({
  ...{ dir, live: { port: 0 }, handleSignals: false, closeMillisMax: PATIENCE_MILLIS },
  onProblem: problem => problems.push(problem.message),
})
await delay(WARM_MILLIS)
const held: ProcessMemory[] = []
for (const length of lengths.map(Number)) {
  await recordUntil(run, length)
  held.push(await holdAtRest(run))
}
await run.close()
assert(problems.length === 0, problems.join('; '))
await checkRecorded(dir, recorded)
process.stdout.write(`${JSON.stringify(held)}\n`)
