// S3: an actor that dies each time it starts. The group gives up at exactly the sixth death, within
// a second of the first, once and loudly, and stops in reverse order; nothing starts after that.
// First over schedules in simulated time, then with real threads.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type RestartLimits, restartLimits } from '../../src/machines/restart-intensity.ts'
import type { ActorKind } from '../../src/runtime/topology.ts'
import { figure } from '../faults/figures.ts'
import { runs } from '../faults/tier.ts'
import { type FakeActor, hostOf } from '../runtime/fake-actors.ts'

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
