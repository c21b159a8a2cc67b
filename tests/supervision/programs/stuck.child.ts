// A run under load whose actors hang one after the other. argv: DIR and a JSON of what hangs and
// how. Says of each incident when it was handled, and at the end what the trainer did.
import { readdirSync, readFileSync, writeSync } from 'node:fs'
import type { CrashKind } from '../../../src/protocol/thread-messages.ts'
import { checkOptions } from '../../../src/runtime/options.ts'
import { start } from '../../../src/runtime/run.ts'
import type { ActorKind } from '../../../src/runtime/topology.ts'

/** Of these, `SIGSTOP` is for a process; the others are planted in run-actor.ts (stuck.test.ts). */
export type Hang = 'loop' | 'wait' | 'native' | 'SIGSTOP'

export interface StuckTask {
  readonly encoderPlacement: 'thread' | 'process'
  readonly incidents: readonly { readonly actor: ActorKind; readonly how: Hang }[]
  /** From the last incident to the end: whoever hangs has woken up by then. */
  readonly lingerMillis: number
}

/** Told of each incident. */
export interface Handled {
  readonly actor: ActorKind
  readonly how: Hang
  /** From the hang until the actor runs again. */
  readonly millis: number
}

export interface Told {
  readonly steps: number
  /** Of the trainer's own channel: what found no room in the ring. */
  readonly spilled: number
  readonly dropped: number
  /** Time for a step to become durable while another actor hangs, and while none does. */
  readonly durableMillis: { readonly hanging: number[]; readonly calm: number[] }
}

/**
 * Between two incidents: who hangs may be replaced a second and a quarter later, and more than five
 * within ten seconds stop the group (S3).
 */
const PAUSE_MILLIS = 1_000
const BACK_MILLIS_MAX = 30_000
/** From the start until spare threads stand ready; a process has none. */
const SPARES_MILLIS = 4_000

const [, , dir = '', text = '{}'] = process.argv
const task = JSON.parse(text) as StuckTask
const say = (object: object): void => void writeSync(1, `${JSON.stringify(object)}\n`)
const pause = (millis: number): Promise<void> => new Promise(done => setTimeout(done, millis))

const options = { dir, live: { port: 0 }, encoderPlacement: task.encoderPlacement } as const
const run = await start(checkOptions({ ...options, handleSignals: false }), { faults: true })
const recorder = run.recorder('agent')
const pixels = new Uint8Array(24 * 24 * 3)
let steps = 0
const timer = setInterval(() => {
  for (let i = 0; i < 4; i++) {
    if (recorder.episode === 0) recorder.begin()
    const step = steps++
    const terminated = step % 40 === 39
    recorder.step({ reward: 0.5, position: [step], terminated })
    if (step % 8 === 0) recorder.frame({ width: 24, height: 24, data: pixels.fill(step & 255) })
    if (terminated) recorder.end()
  }
}, 4)

const durableMillis: Told['durableMillis'] = { hanging: [], calm: [] }
let hanging = null as ActorKind | null
let probing = true
const probes = (async () => {
  for (; probing; await pause(20)) {
    const during: ActorKind | null = hanging
    const before = performance.now()
    await run.flush()
    const taken = performance.now() - before
    if (during === null && hanging === null) durableMillis.calm.push(taken)
    else if (during !== 'recorder' && during === hanging) durableMillis.hanging.push(taken)
  }
})()

await until(allRun)
await pause(task.encoderPlacement === 'thread' ? SPARES_MILLIS : 500)
for (const { actor, how } of task.incidents) {
  const times = restartsOf(actor) + 1
  hanging = actor
  const before = performance.now()
  if (how === 'SIGSTOP') process.kill(childPid(), how)
  else run.host.crash(actor, how as CrashKind)
  await until(() => restartsOf(actor) >= times)
  await until(allRun)
  hanging = null
  say({ actor, how, millis: Math.round(performance.now() - before) } satisfies Handled)
  await pause(PAUSE_MILLIS)
}
await pause(task.lingerMillis)
clearInterval(timer)
probing = false
await probes
const channels = run.status?.actors.find(({ name }) => name === 'host')?.channels
const { spilled = -1, dropped = -1 } = channels?.find(c => c.name === 'trainer.ingress') ?? {}
await run.close()
say({ steps, spilled, dropped, durableMillis } satisfies Told)

function restartsOf(actor: ActorKind): number {
  return run.status?.actors.find(({ name }) => name === actor)?.restarts ?? 0
}

function allRun(): boolean {
  const runs = ({ name, state }: { name: string; state: string }): boolean =>
    name === 'host' || state.startsWith('running')
  return run.status?.actors.every(runs) === true
}

async function until(isSo: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + BACK_MILLIS_MAX
  while (!isSo()) {
    if (performance.now() > giveUpAt) throw new Error(`not back: ${JSON.stringify(run.status)}`)
    await pause(5)
  }
}

/** The encoder's process, the only one there is. */
function childPid(): number {
  const pids = readdirSync('/proc/self/task').flatMap(thread =>
    readFileSync(`/proc/self/task/${thread}/children`, 'utf8').split(' ').filter(Boolean),
  )
  return Number(pids[0])
}
