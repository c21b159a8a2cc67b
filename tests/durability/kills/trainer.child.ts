// A whole run, recorded by a trainer that heeds its loss window: it pauses while `wouldBlock` is true.
// argv: a JSON TrainerTask. Says what it does before and after it does it, one JSON a line.
import { writeSync } from 'node:fs'
import type { RollcastError } from '../../../src/base/errors.ts'
import type { RunOptions } from '../../../src/runtime/options.ts'
import { startRun } from '../../../src/runtime/run.ts'

export interface TrainerTask {
  readonly dir: string
  readonly options?: Partial<RunOptions>
  /** Steps at once, each with a frame of so many bytes (0: none), every so often. */
  readonly burst: number
  readonly frameBytes: number
  readonly pauseMillis: number
  readonly seconds: number
  /** False: records on, whatever it is told. */
  readonly heeds: boolean
}

const task = JSON.parse(process.argv[2] ?? '{}') as TrainerTask
const now = (): number => performance.timeOrigin + performance.now()
const say = (object: object): void =>
  void writeSync(1, `${JSON.stringify({ at: now(), ...object })}\n`)

const onProblem = ({ code, message }: RollcastError): void => say({ problem: code, message })
const run = await startRun({ dir: task.dir, onProblem, ...task.options })
const recorder = run.recorder('agent')
say({ started: true, pid: process.pid, epoch: run.epoch })

const data = new Uint8Array(task.frameBytes)
let steps = 0
function step(): void {
  if (recorder.episode === 0) recorder.begin()
  const terminated = steps % 500 === 499
  recorder.step({ reward: 1, position: [steps], terminated })
  if (data.length > 0) recorder.frame({ width: data.length, height: 1, format: 'gray8', data })
  steps++
  if (terminated) recorder.end()
}

let red = false
const until = performance.now() + task.seconds * 1000
while (performance.now() < until) {
  if (!task.heeds || !run.wouldBlock) {
    say({ recording: steps + task.burst })
    for (let n = 0; n < task.burst; n++) step()
  }
  const at = now()
  const { undurable, wouldBlock } = run
  say({ recorded: steps, told: wouldBlock, ...undurable, at })
  if (!red && run.status?.healthy === false) {
    red = true
    say({ red: true })
  }
  await new Promise(resolve => setTimeout(resolve, task.pauseMillis))
}
const flushed = await run.flush(30_000)
say({ steps, flushed })
await run.close().then(
  () => say({ closed: true }),
  error => say({ closed: false, reason: String(error) }),
)
