// A run under load with an actor that dies, and then again in each of its starts (storms.test.ts plants
// that). argv: DIR, the actor, and within how many milliseconds six deaths are too many. Says at the
// end what the trainer was told.
import { writeSync } from 'node:fs'
import { restartLimits } from '../../../src/machines/restart-intensity.ts'
import { checkOptions } from '../../../src/runtime/options.ts'
import { start } from '../../../src/runtime/run.ts'
import type { ActorKind } from '../../../src/runtime/topology.ts'
import { startLoad } from './load.ts'

export interface Told {
  /** Steps that `flush` had called durable before the first death. */
  readonly acknowledged: number
  readonly problems: readonly string[]
  /** What `close` threw. */
  readonly closing: string
}

const [, , dir = '', victim, windowMillis] = process.argv
const pause = (millis: number): Promise<void> => new Promise(done => setTimeout(done, millis))

const problems: string[] = []
const run = await start(
  checkOptions({
    ...{ dir, live: { port: 0 }, handleSignals: false },
    onProblem: problem => problems.push(problem.message),
  }),
  { faults: true, restartLimits: { ...restartLimits, windowMillis: Number(windowMillis) } },
)
const load = startLoad(run)
while (load.acknowledged < 200) await pause(5)
const { acknowledged } = load
run.host.crash(victim as ActorKind, 'throw')
while (run.status?.healthy !== false) await pause(5)
// The trainer goes on.
const { steps } = load
while (load.steps < steps + 500) await pause(5)
load.stop()
const closing = await run.close().then(
  () => '',
  (error: unknown) => String(error),
)
writeSync(1, `${JSON.stringify({ acknowledged, problems, closing } satisfies Told)}\n`)
