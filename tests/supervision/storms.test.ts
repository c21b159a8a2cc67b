// S3: an actor that dies each time it starts. The group gives up at exactly the sixth death, within
// a second of the first, once and loudly, and stops in reverse order; nothing starts after that.
// First over schedules in simulated time, which hold the second, then with real threads.
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type RestartLimits, restartLimits } from '../../src/machines/restart-intensity.ts'
import type { ActorKind } from '../../src/runtime/topology.ts'
import { verifyLog } from '../../src/store/verify.ts'
import { figure } from '../faults/figures.ts'
import { type Plant, plantArgv } from '../faults/plant.ts'
import { runs } from '../faults/tier.ts'
import { type FakeActor, hostOf } from '../runtime/fake-actors.ts'
import { readEvents, runCommand, tempDir } from '../runtime/harness.ts'
import { only } from '../runtime/nothing-missing.ts'
import { readLines } from './operator-lines.ts'
import type { Told } from './programs/storm.child.ts'

const order: readonly ActorKind[] = ['recorder', 'encoder', 'aggregator', 'broadcaster']
/** The longest that a start may take for six deaths to fit into a second: see restart-intensity. */
const START_MILLIS_MAX = 100

const storm = fc.record({
  victim: fc.constantFrom(...order),
  /** From the start of its thread to its death, one for each life but the first. */
  startMillis: fc.array(fc.integer({ min: 1, max: START_MILLIS_MAX }), {
    minLength: 5,
    maxLength: 5,
  }),
  jitter: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 6, maxLength: 6 }),
  /** Whether its first life had run before it died. */
  ran: fc.boolean(),
})
type Storm = typeof storm extends fc.Arbitrary<infer T> ? T : never

interface Outcome {
  readonly deaths: number
  readonly millis: number
}

/** Plays a storm to its end; checks everything that must hold at the end of any. */
function play({ victim, startMillis, jitter, ran }: Storm, limits?: RestartLimits): Outcome {
  const chance = [...jitter]
  const random = { next: () => chance.shift() ?? 0, below: () => 0 }
  const made = hostOf({ random, restartLimits: limits })
  const { host, clock, actor, lives, ended, statuses, lines, spawned } = made
  host.start()
  for (const kind of order) {
    if (kind === victim && !ran) break
    actor(kind).ready()
  }
  const asked: ActorKind[] = []
  const watch = (one: FakeActor): void => {
    const obey = one.command.bind(one)
    one.command = command => {
      if (command.type === 'drain') asked.push(one.kind)
      obey(command)
    }
  }
  for (const one of spawned) watch(one)
  const died = new Error('dies in its start')
  actor(victim).end(died)
  const first = clock.monotonic()
  for (const millis of startMillis) {
    expect(lines.join()).not.toContain('gives up')
    const before = lives(victim)
    while (lives(victim) === before) expect(clock.fireNext()).toBe(true)
    clock.advance(millis)
    actor(victim).end(died)
  }
  const outcome = { deaths: lives(victim), millis: clock.monotonic() - first }
  expect(lines.filter(line => line === 'error: the supervisor gives up').length).toBe(1)
  expect(statuses.at(-1)?.healthy).toBe(false)
  const alive = order.filter(kind => spawned.some(one => one.kind === kind && one.alive))
  expect(alive).toEqual([])
  const others = order.filter(kind => kind !== victim && spawned.some(one => one.kind === kind))
  expect(asked).toEqual([...others].reverse())
  expect(ended.length).toBe(1)
  const started = spawned.length
  clock.advance(120_000)
  expect(spawned.length).toBe(started)
  made.closePorts()
  return outcome
}

describe('S3: a storm of restarts', () => {
  test('S3: over all schedules ends at the sixth death, within a second, in reverse order', () => {
    const count = runs(200, 1000)
    let worst = 0
    fc.assert(
      fc.property(storm, schedule => {
        const { deaths, millis } = play(schedule)
        expect(deaths).toBe(6)
        expect(millis).toBeLessThanOrEqual(1000)
        worst = Math.max(worst, millis)
      }),
      { numRuns: count },
    )
    figure('S3.schedules', { schedules: count, deaths: 6, 'escalated after ms at worst': worst })
  })
  test('control: waits three times as long do not fit', () => {
    const startMillis = Array.from({ length: 5 }, () => START_MILLIS_MAX)
    const slow = { ...restartLimits, backOffMillisMin: 3 * restartLimits.backOffMillisMin }
    const schedule: Storm = { victim: 'encoder', startMillis, jitter: [], ran: true }
    expect(play(schedule, slow).millis).toBeGreaterThan(1000)
    expect(play(schedule).millis).toBeLessThanOrEqual(1000)
  })
})

// --- with real threads --------------------------------------------------------------------------

const stormProgram = fileURLToPath(new URL('./programs/storm.child.ts', import.meta.url))
const STORMS = runs(1, 20)
/** P11's, where the machine is ours alone; six threads load in any case. */
const WINDOW_MILLIS = runs(60_000, restartLimits.windowMillis)

/** Every life of `victim` but the first throws as soon as it is asked to open what it needs. */
const diesInOpen = (victim: ActorKind): Plant => ({
  file: 'src/actors/run-actor.ts',
  find: 'const handler = instance.commands[command]',
  replace: `if (command === 'open' && start.restarts > 0 && start.name === '${victim}') {
      throw new Error('dies in its open')
    }
    const handler = instance.commands[command]`,
})

/** Plays a storm in a run under load; checks what it left, and returns how long it was. */
async function playForReal(victim: ActorKind, plants = [diesInOpen(victim)]): Promise<number> {
  const dir = tempDir()
  const task = [dir, victim, String(WINDOW_MILLIS)]
  const argv = ['--no-warnings', ...plantArgv(plants), stormProgram, ...task]
  const program = runCommand('storm', process.execPath, ...argv)
  const { code } = await program.exited
  expect(program.stderr()).toBe('')
  expect(code).toBe(0)
  const { acknowledged, problems, closing } = program.said[0] as unknown as Told
  // Loudly: the trainer is told, and told why again when it closes.
  expect(problems).toEqual([expect.stringContaining('dies in its open')])
  expect(closing).toContain('dies in its open')
  const lines = readLines(dir)
  const deaths = lines.filter(({ actor, to, from }) => {
    return actor === victim && to === 'gone' && from !== 'stopped'
  })
  expect(deaths.length).toBe(6)
  const alarms = lines.filter(({ msg }) => msg === 'the supervisor gives up')
  expect(alarms.length).toBe(1)
  // Nothing starts any more, and the others stop in reverse order.
  const after = lines.slice(lines.indexOf(alarms[0]!) + 1)
  expect(after.filter(({ from, to }) => from === 'starting' || to === 'running')).toEqual([])
  const others = order.filter(kind => kind !== victim)
  const gone = after.filter(({ to, actor }) => to === 'gone' && actor !== victim)
  expect(gone.map(({ actor }) => actor)).toEqual([...others].reverse())
  await judgeLog(dir, victim, acknowledged)
  return Date.parse(alarms[0]!.time) - Date.parse(deaths[0]!.time)
}

/** What the log has of it; of the end of its own recorder it can have nothing. */
async function judgeLog(dir: string, victim: ActorKind, acknowledged: number): Promise<void> {
  expect(await verifyLog(dir)).toMatchObject({ ok: true })
  const events = await readEvents(dir)
  const steps = only(events, 'step_taken').map(({ position }) => position?.[0])
  expect(steps).toEqual(steps.map((_, step) => step))
  expect(steps.length).toBeGreaterThanOrEqual(acknowledged)
  if (victim === 'recorder') return
  const deaths = only(events, 'actor_changed').filter(({ actor, to, from }) => {
    return actor === victim && to === 'gone' && from !== 'stopped'
  })
  expect(deaths.map(({ restarts }) => restarts)).toEqual([0, 1, 2, 3, 4, 5])
  // A recorder that is slow to stop may still hear the trainer's own word for it.
  expect(only(events, 'run_ended')[0]?.reason).toBe('failed')
}

describe('S3: a storm of restarts with real threads', () => {
  test(`S3 P11: ${STORMS} times, of each actor in turn, ends as the schedules do`, async () => {
    const millis: number[] = []
    for (let storm = 0; storm < STORMS; storm++) {
      millis.push(await playForReal(order[(storm + 2) % order.length]!))
    }
    millis.sort((a, b) => a - b)
    const [median, worst] = [millis[millis.length >> 1]!, millis.at(-1)!]
    // Our waits fit into a second, over all schedules; how long a thread loads is the machine's.
    const times = { 'escalated after ms, at best': millis[0]!, median, 'at worst': worst }
    figure('S3.storms', { storms: STORMS, deaths: 6, ...times })
  }, 300_000)

  test('S3: control: a group that forgives one more death is noticed', async () => {
    const forgiving: Plant = {
      file: 'src/machines/restart-intensity.ts',
      find: 'return deaths.length > limits.restartsMax',
      replace: 'return deaths.length > limits.restartsMax + 1',
    }
    const played = playForReal('encoder', [diesInOpen('encoder'), forgiving])
    await expect(played).rejects.toThrow('expected 7 to be 6')
  })
})
