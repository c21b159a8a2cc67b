// A run under load into which poison is dropped, one event after the other: each is found by one
// actor only (poison.test.ts plants how). argv: DIR and a JSON of what to do. Says at the end what
// the trainer did and what was passed over.
import { writeSync } from 'node:fs'
import type { Quarantined } from '../../../src/protocol/quarantine.ts'
import { checkOptions } from '../../../src/runtime/options.ts'
import { start } from '../../../src/runtime/run.ts'
import type { ActorKind } from '../../../src/runtime/topology.ts'
import type { RingInlet } from '../../../src/streams/ring/inlet.ts'

export interface PoisonTask {
  readonly encoderPlacement: 'thread' | 'process'
  /** Who is given poison, one after the other. */
  readonly doses: readonly ActorKind[]
}

export interface Told {
  readonly steps: number
  /** For each dose: from when it was given until the actor was past it. */
  readonly millis: number[]
  readonly quarantined: Readonly<Record<string, readonly Quarantined[]>>
  readonly restarts: Readonly<Record<string, number>>
  readonly problems: readonly string[]
}

const [, , dir = '', text = '{}'] = process.argv
const { doses, encoderPlacement } = JSON.parse(text) as PoisonTask
const pause = (millis: number): Promise<void> => new Promise(done => setTimeout(done, millis))

const problems: string[] = []
const run = await start(
  checkOptions({
    ...{ dir, live: { port: 0 }, handleSignals: false, encoderPlacement },
    onProblem: problem => problems.push(problem.message),
  }),
  { faults: false },
)
const recorder = run.recorder('agent')
const pixels = new Uint8Array(24 * 24 * 3)
let steps = 0
let poison: ActorKind | null = null
const timer = setInterval(() => {
  for (let i = 0; i < 4; i++) {
    if (recorder.episode === 0) {
      recorder.begin(poison ? { info: { poison: `for ${poison}` } } : {})
      poison = null
    }
    const step = steps++
    const terminated = step % 20 === 19
    recorder.step({ reward: 0.5, position: [step], terminated })
    if (step % 5 === 0) recorder.frame({ width: 24, height: 24, data: pixels.fill(step & 255) })
    if (terminated) recorder.end()
  }
}, 4)

const millis: number[] = []
for (const actor of doses) {
  await allRun()
  const before = { past: pastOf(actor), restarts: of(actor).restarts, at: performance.now() }
  if (actor === 'recorder') giveJunk()
  else poison = actor
  // The broadcaster is told of an event once: it dies of it once.
  const isPast = (): boolean =>
    actor === 'broadcaster' ? of(actor).restarts > before.restarts : pastOf(actor) > before.past
  while (!isPast() && run.status?.healthy) await pause(5)
  await allRun()
  millis.push(Math.round(performance.now() - before.at))
}
await pause(200)
clearInterval(timer)
const actors = run.status?.actors ?? []
const told: Told = {
  steps,
  millis,
  quarantined: Object.fromEntries(actors.map(({ name, quarantined }) => [name, quarantined])),
  restarts: Object.fromEntries(actors.map(({ name, restarts }) => [name, restarts])),
  problems,
}
await run.close()
writeSync(1, `${JSON.stringify(told)}\n`)

/** A record that no reader could decode: a step of a layout that was never declared. */
function giveJunk(): void {
  const { inlet } = globalThis as unknown as { inlet: RingInlet }
  const at = inlet.claim(64)
  inlet.bytes.fill(0xee, at, at + 64)
  inlet.commit(6 | (1 << 16))
}

function of(name: ActorKind): { restarts: number; quarantined: readonly Quarantined[] } {
  const actor = run.status?.actors.find(one => one.name === name)
  return actor ?? { restarts: 0, quarantined: [] }
}

function pastOf(name: ActorKind): number {
  return of(name).quarantined.length
}

async function allRun(): Promise<void> {
  for (;;) {
    const actors = run.status?.actors ?? []
    const up = actors.every(({ name, state }) => name === 'host' || state.startsWith('running'))
    if ((up && actors.length > 0) || run.status?.healthy === false) return
    await pause(5)
  }
}
