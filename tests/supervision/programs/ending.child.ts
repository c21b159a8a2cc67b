// A program under load that comes to its end in one of the ways there are. argv: DIR and a JSON of
// what to do. Says what `flush` has acknowledged, when it begins to end by itself, and at its end
// how many steps it took; one JSON a line.
import { writeSync } from 'node:fs'
import { checkOptions } from '../../../src/runtime/options.ts'
import { start } from '../../../src/runtime/run.ts'
import { startLoad } from './load.ts'

export interface EndingTask {
  /** `natural`: nothing is left to do. `throw`, `reject`: an error that nobody catches. */
  readonly end: 'signal' | 'natural' | 'throw' | 'reject'
  readonly afterMillis: number
  /** Of the encoder, and of the log. */
  readonly placement: 'thread' | 'process'
}

const [, , dir = '', text = '{}'] = process.argv
const task = JSON.parse(text) as EndingTask
const say = (object: object): void => void writeSync(1, `${JSON.stringify(object)}\n`)

const { placement } = task
const placements = { encoderPlacement: placement, logPlacement: placement }
const run = await start(checkOptions({ dir, ...placements }), { faults: false })
const load = startLoad(run, acknowledged => say({ acknowledged }))
process.on('exit', () => say({ steps: load.steps }))
say({ started: true })

function endByItself(): void {
  say({ endsAt: Date.now() })
  if (task.end === 'natural') load.stop()
  else if (task.end === 'throw') throw new Error('the trainer has a bug')
  else void Promise.reject(new Error('the trainer has a bug'))
}

if (task.end !== 'signal') setTimeout(endByItself, task.afterMillis)
