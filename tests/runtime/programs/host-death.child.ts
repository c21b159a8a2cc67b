// A trainer whose host is killed by a fault that the test plants. argv: DIR, and whether it fills the
// ring in one go (`blocked`: under `block`, with no turn of its event loop) or waits to hear (`told`).
import { writeSync } from 'node:fs'
import { checkOptions } from '../../../src/runtime/options.ts'
import { start } from '../../../src/runtime/run.ts'
import { findChildren, LOG_PROCESS, stopProcess } from '../../faults/child-process.ts'

export interface Told {
  /** How long the trainer's calls waited for room, milliseconds. */
  readonly blockedMillis: number
  readonly problems: readonly string[]
  readonly healthy: boolean
  readonly actors: readonly string[]
  readonly flushed: boolean
  /** What `close` threw. */
  readonly closing: string
}

const [, , dir = '', play] = process.argv
const problems: string[] = []
const run = await start(
  checkOptions({
    ...{ dir, handleSignals: false, whenFull: 'block', ringBytes: 2 ** 20 },
    logPlacement: 'process',
    onProblem: problem => problems.push(problem.message),
  }),
  { faults: true },
)
// Nothing is committed any more, and no thread of this process is inside LMDB when it goes down.
const [log = -1] = findChildren('self', LOG_PROCESS)
await stopProcess(log)
const recorder = run.recorder('agent')
recorder.begin()
run.host.crash('recorder', 'throw')
const before = performance.now()
const data = new Uint8Array(128 * 1024)
for (let frame = 0; play === 'blocked' && frame < 32; frame++) {
  recorder.frame({ width: 512, height: 256, format: 'gray8', data })
}
const blockedMillis = performance.now() - before
while (run.status?.healthy !== false) await new Promise(done => setTimeout(done, 5))
recorder.step({ reward: 1 })
const flushed = await run.flush(600_000)
const closing = await run.close().then(
  () => '',
  (error: unknown) => String(error),
)
process.kill(log, 'SIGKILL')
// Also of what the host had said before, and is heard after its death.
const { healthy = true, actors = [] } = run.status ?? {}
const states = actors.filter(({ name }) => name !== 'host').map(({ state }) => state)
const told: Told = { blockedMillis, problems, healthy, actors: states, flushed, closing }
writeSync(1, `${JSON.stringify(told)}\n`)
