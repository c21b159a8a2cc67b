// A trainer whose host is killed by a fault that the test plants. argv: DIR, and whether it fills the
// ring in one go (`blocked`: under `block`, with no turn of its event loop) or waits to hear (`told`),
// both with a log that hangs; or has much to record (`busy`), and does so again in the same folder.
import { writeSync } from 'node:fs'
import { checkOptions } from '../../../src/runtime/options.ts'
import { start } from '../../../src/runtime/run.ts'
import { findChildren, LOG_PROCESS, stopProcess, threadNames } from '../../faults/child-process.ts'

export interface Told {
  /** How long the trainer's calls waited for room, milliseconds. */
  readonly blockedMillis: number
  readonly problems: readonly string[]
  readonly healthy: boolean
  readonly actors: readonly string[]
  /** Events that were not durable when it heard of the death. */
  readonly undurable: number
  readonly flushed: boolean
  /** What `close` threw. */
  readonly closing: string
  /** Actors whose threads were there after it. */
  readonly threads: readonly string[]
  /** The epoch of the run that followed; null without one. */
  readonly nextEpoch: number | null
}

const [, , dir = '', play] = process.argv
const problems: string[] = []
const isBusy = play === 'busy'
const options = checkOptions({
  ...{ dir, handleSignals: false, whenFull: 'block', ringBytes: 2 ** 20 },
  closeMillisMax: isBusy ? 60_000 : 2_000,
  logPlacement: isBusy ? 'thread' : 'process',
  onProblem: problem => problems.push(problem.message),
})
const run = await start(options, { faults: true })
// Nothing is committed any more, and no thread of this process is inside LMDB when it goes down.
const [log = -1] = findChildren('self', LOG_PROCESS)
if (!isBusy) await stopProcess(log)
const recorder = run.recorder('agent')
recorder.begin()
if (isBusy) await recordUntilCommit()
run.host.crash('recorder', 'throw')
const before = performance.now()
const data = new Uint8Array(128 * 1024)
for (let frame = 0; play === 'blocked' && frame < 32; frame++) {
  recorder.frame({ width: 512, height: 256, format: 'gray8', data })
}
const blockedMillis = performance.now() - before
while (run.status?.healthy !== false) await new Promise(done => setTimeout(done, 5))
const undurable = run.undurable.events
recorder.step({ reward: 1 })
const flushed = await run.flush(600_000)
const closing = await run.close().then(
  () => '',
  (error: unknown) => String(error),
)
const threads = threadNames().filter(name => /^rollcast:(?!host)/.test(name))
// Also of what the host had said before, and is heard after its death.
const { healthy = true, actors = [] } = run.status ?? {}
const states = actors.filter(({ name }) => name !== 'host').map(({ state }) => state)
const nextEpoch = isBusy ? await recordAgain() : null
if (!isBusy) process.kill(log, 'SIGKILL')
const told: Told = {
  ...{ blockedMillis, problems, healthy, actors: states, undurable, flushed },
  ...{ closing, threads, nextEpoch },
}
writeSync(1, `${JSON.stringify(told)}\n`)

/** Then the next one is on its way, with what was recorded meanwhile. */
async function recordUntilCommit(): Promise<void> {
  for (let waiting = 0; waiting <= run.undurable.events; ) {
    waiting = run.undurable.events
    for (let step = 0; step < 10; step++) recorder.step({ reward: 1 })
    await new Promise(done => setTimeout(done, 5))
  }
}

async function recordAgain(): Promise<number> {
  const next = await start(options, { faults: false })
  await next.close()
  return next.epoch
}
