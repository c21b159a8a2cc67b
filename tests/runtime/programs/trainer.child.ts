// A trainer for tests. argv: DIR and a JSON of what to do. Says what it does, one JSON a line.
import { writeSync } from 'node:fs'
import { checkOptions, type RunOptions } from '../../../src/runtime/options.ts'
import { start } from '../../../src/runtime/run.ts'

interface Task {
  /** Options of the run. */
  options?: Partial<RunOptions>
  /** How the trainer behaves after the start. */
  play: 'paced' | 'busy' | 'some' | 'throw' | 'exit'
  seconds?: number
  /** After each so many steps, wait until they are durable and say so. */
  acknowledgeEvery?: number
  /** Close at the end; without it the program just ends. */
  close?: boolean
  /** Listen to SIGINT too, and end with 3 after a while. */
  listens?: boolean
}

const [, , dir = '', text = '{}'] = process.argv
const task = JSON.parse(text) as Task
const say = (object: object): void => void writeSync(1, `${JSON.stringify(object)}\n`)

const run = await start(checkOptions({ dir, ...task.options }), { faults: false })
const recorder = run.recorder('agent')
if (task.listens) {
  process.once('SIGINT', () => void run.close().then(() => process.exit(3)))
}
say({ started: true, url: run.url, epoch: run.epoch })

const pixels = new Uint8Array(32 * 32 * 3)
let steps = 0
function step(): void {
  if (recorder.episode === 0) recorder.begin({ seed: steps, stage: 1 })
  const terminated = steps % 50 === 49
  recorder.step({ reward: 1, position: [steps, -steps], action: steps % 6, terminated })
  if (steps % 10 === 0) recorder.frame({ width: 32, height: 32, data: pixels.fill(steps & 255) })
  steps++
  if (terminated) recorder.end()
}

const until = performance.now() + (task.seconds ?? 1) * 1000
if (task.play === 'busy') {
  // A loop that never yields to the event loop, at a pace.
  const sleeper = new Int32Array(new SharedArrayBuffer(4))
  while (performance.now() < until) {
    step()
    Atomics.wait(sleeper, 0, 0, 2)
  }
} else if (task.play === 'paced') {
  while (performance.now() < until) {
    for (let i = 0; i < 5; i++) step()
    if (task.acknowledgeEvery && steps % task.acknowledgeEvery === 0) {
      const recorded = steps
      if (await run.flush()) say({ acknowledged: recorded })
    } else await new Promise(resolve => setTimeout(resolve, 1))
  }
} else for (let i = 0; i < 120; i++) step()

say({ steps, episode: recorder.episode, time: Date.now() })
if (task.play === 'throw') throw new Error('the trainer has a bug')
if (task.play === 'exit') process.exit(7)
if (task.close) {
  await run.close()
  say({ closed: true })
}
