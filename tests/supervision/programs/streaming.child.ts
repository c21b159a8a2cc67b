// A run under load that kills its own actors, one shot after the other, and counts what it holds of
// the machine before and after. argv: DIR and a JSON of what to do. Each SIGUSR2 releases the next
// shot; the one after the last, the end.
import { readdirSync, readFileSync, writeSync } from 'node:fs'
import { MIB } from '../../../src/base/bytes.ts'
import type { RestartLimits } from '../../../src/machines/restart-intensity.ts'
import type { CrashKind } from '../../../src/protocol/thread-messages.ts'
import { checkOptions } from '../../../src/runtime/options.ts'
import { start } from '../../../src/runtime/run.ts'
import type { ActorKind } from '../../../src/runtime/topology.ts'
import { findChildren, LOG_PROCESS } from '../../faults/child-process.ts'
import { startLoad } from './load.ts'
import { countPorts } from './port-count.ts'

/** How an actor dies; by a signal if it is a process, or, if a recorder, its log's process. */
export type Death = Exclude<CrashKind, 'hang'> | 'SIGKILL' | 'SIGSEGV'

export interface Hit {
  readonly actor: ActorKind
  readonly how: Death
  /** After the begin of the shot. */
  readonly afterMillis: number
}

export interface Shot {
  readonly hits: readonly Hit[]
  /** From when everything runs (again) to the begin of the shot. */
  readonly pauseMillis: number
}

export interface StreamingTask {
  readonly encoderPlacement: 'thread' | 'process'
  readonly logPlacement: 'thread' | 'process'
  /** Video is made of the frames. */
  readonly video: boolean
  readonly shots: readonly Shot[]
  /** The shots before which it is looked at what the process holds, and again at the end. */
  readonly lookBefore: readonly number[]
}

/** What the process holds. */
export interface Holdings {
  readonly fds: number
  readonly threads: number
  readonly ports: number
  /** Memory apart from the pages of the log that are mapped. */
  readonly anonymousMiB: number
}

/** What the program says at its end. */
export interface Told {
  readonly steps: number
  readonly frames: number
  readonly acknowledged: number
  readonly held: readonly Holdings[]
}

/** When a shot began and when everything ran again, Unix milliseconds. */
export interface ShotTimes {
  readonly beganAt: number
  readonly wholeAt: number
}

const BACK_MILLIS_MAX = 20_000
/**
 * A second of the load. On a busy machine a recorder that is killed as soon as it runs gets to nothing in
 * any of its lives, until the ring is full: what is asked here is what one death does.
 */
const BACKLOG_MAX = MIB
/** Every death is met as the first one is: at once, and it does not count. */
const limits: RestartLimits = {
  restartsMax: Number.MAX_SAFE_INTEGER,
  windowMillis: 10_000,
  backOffMillisMin: 50,
  backOffMillisMax: 5_000,
  calmMillis: 1,
}

const [, , dir = '', text = '{}'] = process.argv
const task = JSON.parse(text) as StreamingTask
const say = (object: object): void => void writeSync(1, `${JSON.stringify(object)}\n`)
// Listened to from the first moment on: a signal that nobody listens to ends the process.
let signals = 0
process.on('SIGUSR2', () => signals++)
const pause = (millis: number): Promise<void> => new Promise(done => setTimeout(done, millis))
const unixMillis = (): number => performance.timeOrigin + performance.now()

const run = await start(
  checkOptions({
    dir,
    live: { port: 0 },
    encoderPlacement: task.encoderPlacement,
    logPlacement: task.logPlacement,
    video: task.video,
    // How long a close takes is asked elsewhere (S7).
    closeMillisMax: 600_000,
  }),
  // So little heap lets a thread run out of it soon: V8 looks through all of it several times.
  { faults: true, restartLimits: limits, actorHeapMb: 32 },
)
const load = startLoad(run)
const restarts = new Map<string, number>()
say({ started: true, url: run.url })
await released()
await allRun()
const held: Holdings[] = []
for (const [number, shot] of task.shots.entries()) {
  if (task.lookBefore.includes(number)) held.push(await holdings())
  say({ [`shot ${number}`]: await fire(shot) })
  await released()
}
held.push(await holdings())
load.stop()
const { steps, frames, acknowledged } = load
await run.close()
say({ steps, frames, acknowledged, held } satisfies Told)

/** Resolves at the next signal that has not been answered yet. */
async function released(): Promise<void> {
  while (signals === 0) await new Promise<void>(resolve => process.once('SIGUSR2', () => resolve()))
  signals--
}

async function fire({ hits, pauseMillis }: Shot): Promise<ShotTimes> {
  await pause(pauseMillis)
  while (run.undurable.bytes > BACKLOG_MAX) await pause(5)
  const beganAt = unixMillis()
  for (const hit of hits) {
    restarts.set(hit.actor, (restarts.get(hit.actor) ?? 0) + 1)
    setTimeout(() => kill(hit), hit.afterMillis)
  }
  await allRun()
  return { beganAt, wholeAt: unixMillis() }
}

function kill({ actor, how }: Hit): void {
  if (how === 'SIGKILL' || how === 'SIGSEGV') process.kill(pidOf(actor), how)
  else run.host.crash(actor, how)
}

/** Resolves when every actor that was hit has been restarted, and all run. */
async function allRun(): Promise<void> {
  const giveUpAt = performance.now() + BACK_MILLIS_MAX
  const runs = (name: string, state: string, times: number): boolean =>
    name === 'host' || (state.startsWith('running') && times >= (restarts.get(name) ?? 0))
  for (;;) {
    const actors = run.status?.actors ?? []
    const back = actors.every(({ name, state, restarts }) => runs(name, state, restarts))
    if (back && actors.length > 0) return
    if (performance.now() > giveUpAt) {
      const states = actors.map(({ name, state, restarts }) => `${name} ${state} ${restarts}`)
      throw new Error(`not back: ${states.join(', ')}; ${JSON.stringify([...restarts])}`)
    }
    await pause(2)
  }
}

/** The process of an actor that has one of its own, or that of the log: the newest. */
function pidOf(actor: ActorKind): number {
  const script = actor === 'recorder' ? LOG_PROCESS : `actors/${actor}/`
  const found = findChildren('self', script).at(-1)
  if (found === undefined) throw new Error(`${actor} has no process`)
  return found
}

async function holdings(): Promise<Holdings> {
  // The host, the actors that are threads, and the two that are spare.
  const ports = await countPorts(task.encoderPlacement === 'thread' ? 7 : 6)
  const status = readFileSync('/proc/self/status', 'utf8')
  return {
    fds: readdirSync('/proc/self/fd').length,
    threads: readdirSync('/proc/self/task').length,
    ports,
    anonymousMiB: Math.round(Number(/RssAnon:\s+(\d+)/.exec(status)?.[1]) / 1024),
  }
}
