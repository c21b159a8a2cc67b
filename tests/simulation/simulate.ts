// A whole run of the simulation: so many steps under the script, a look by every invariant after
// each of them, then the end: everything is healed, the run drains, one more process records
// undisturbed, and what was promised must be there. A step is one thing that happens at its instant:
// a timer, a message, an answer of the disk, a deed of the script.
import { invariants } from './invariants.ts'
import { behind, expectLeftNothing } from './liveness.ts'
import type { Plant } from './plant.ts'
import { CLOSE_MILLIS_MAX } from './process.ts'
import { Script } from './script.ts'
import { SimViewer } from './viewers.ts'
import { World } from './world.ts'

export interface Outcome {
  readonly seed: number
  readonly steps: number
  readonly traceHash: number
  readonly virtualMillis: number
  readonly processes: number
  readonly events: number
  /** What was wrong, if anything, and what led to it. */
  readonly violation: string | undefined
  readonly story: string
}

export interface SimulationOptions {
  readonly steps?: number
  readonly plant?: Plant
  readonly onLine?: (line: string) => void
}

/** So long after the last step at most everything has arrived everywhere; looked at from time to time. */
const QUIET_MILLIS = 1500
const LOOK_MILLIS = 300
/** A run that has not ended by then is stuck. */
const LAST_STEPS_MAX = 60_000

const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

export async function simulate(seed: number, options: SimulationOptions = {}): Promise<Outcome> {
  const { steps = 1000, plant, onLine } = options
  const world = new World(seed, plant, onLine)
  const checks = invariants.map(({ number, watch }) => [number, watch(world)] as const)
  const onRejection = (error: unknown): void => world.violate('unhandled rejection', String(error))
  process.on('unhandledRejection', onRejection)
  let taken = 0

  const step = async (): Promise<boolean> => {
    if (!world.clock.fireNext()) return false
    taken++
    await settled()
    for (const [number, check] of checks) {
      const found = check()
      if (found !== undefined) world.violate(`invariant ${number}`, found)
    }
    return world.violation === undefined
  }
  /** Goes on until it is so, or the virtual time has passed. */
  const until = async (what: string, millis: number, isSo: () => boolean): Promise<void> => {
    const giveUpAt = world.clock.monotonic() + millis
    const stepsMax = taken + LAST_STEPS_MAX
    while (world.violation === undefined && !isSo()) {
      const late = world.clock.monotonic() > giveUpAt || taken > stepsMax
      if (late) world.violate('liveness', `${what} within ${millis} ms`)
      else if (!(await step())) break
    }
  }
  const pass = async (millis: number): Promise<void> => {
    const at = world.clock.monotonic() + millis
    while ((world.clock.nextAt ?? at) < at && (await step())) {}
  }

  try {
    const script = new Script(world)
    while (taken < steps && (await step())) {}
    script.heal(world)
    world.note('healed')
    await endProcess(world, until)
    await pass(1000)
    await recordUndisturbed(world, until, pass)
    if (world.violation === undefined) expectLeftNothing(world)
  } finally {
    await settled()
    process.off('unhandledRejection', onRejection)
  }
  return {
    seed,
    steps: taken,
    traceHash: world.traceHash,
    virtualMillis: world.clock.monotonic(),
    processes: world.processes,
    events: world.evidence.ledger.lastSeq,
    violation: world.violation,
    story: world.story,
  }
}

type Until = (what: string, millis: number, isSo: () => boolean) => Promise<void>

/** The process that the script left ends by itself, in time. */
async function endProcess(world: World, until: Until): Promise<void> {
  const { process } = world
  if (!process.crashed && process.ended === undefined) {
    process.close()
    const end = 2 * CLOSE_MILLIS_MAX + 60_000
    await until(`process ${process.number} ends`, end, () => process.ended !== undefined)
  }
}

async function recordUndisturbed(
  world: World,
  until: Until,
  pass: (millis: number) => Promise<void>,
): Promise<void> {
  if (world.violation !== undefined) return
  const last = world.restart()
  await until('the last process starts', 5_000, () => last.started && last.trainer.recording)
  const viewer = new SimViewer(world)
  world.viewers.push(viewer)
  if (last.gateway && world.violation === undefined) {
    viewer.connect(last.gateway)
    viewer.greet()
  }
  for (let round = 0; round < 3; round++) {
    last.trainer.work(30)
    await pass(100)
  }
  await catchUp(world, viewer, pass)
  last.close()
  await until('the last process ends', CLOSE_MILLIS_MAX, () => last.ended !== undefined)
  if (last.ended) world.violate('liveness', `the last process ends with ${last.ended.message}`)
  await pass(100)
}

async function catchUp(
  world: World,
  viewer: SimViewer,
  pass: (millis: number) => Promise<void>,
): Promise<void> {
  let missing: string | undefined = 'it did not run'
  for (let waited = 0; waited < QUIET_MILLIS && missing !== undefined; waited += LOOK_MILLIS) {
    await pass(LOOK_MILLIS)
    if (world.violation !== undefined) return
    missing = behind(world, viewer)
  }
  if (missing !== undefined) world.violate('liveness', missing)
}
