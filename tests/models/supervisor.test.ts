// A supervised group under any order of deaths, refusals, hangs and stops: invariants 16 and 17 of
// spec/reliability.md (and with them S3 and S4 without threads).
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ChildSpec } from '../../src/machines/child.machine.ts'
import { figure } from '../faults/figures.ts'
import {
  action,
  actionLists,
  CAMPAIGN_MILLIS,
  expectViolation,
  Invariants,
  repeat,
  times,
} from './campaign.ts'
import { type SupervisorPlants, SupervisorWorld } from './supervisor/world.ts'

const child = fc.nat(3)
const each = (name: string, run: (world: SupervisorWorld, child: number) => void) =>
  child.map(index => action<SupervisorWorld>(`${index} ${name}`, world => run(world, index)))

const actions = [
  ...repeat(
    6,
    each('is ready', (world, index) => world.ready(index)),
  ),
  ...repeat(
    4,
    fc
      .tuple(child, fc.double({ min: 0, max: 1, noNaN: true }))
      .map(([index, jitter]) =>
        action<SupervisorWorld>(`${index} dies (${jitter})`, world => world.die(index, jitter)),
      ),
  ),
  each('refuses', (world, index) => world.refuse(index)),
  each('hangs', (world, index) => world.hang(index)),
  ...repeat(2, fc.constant(action<SupervisorWorld>('they obey', world => world.comply()))),
  ...repeat(
    4,
    fc
      .oneof(fc.nat(100), fc.nat(1_000), fc.nat(12_000))
      .map(ms => action<SupervisorWorld>(`${ms} ms pass`, world => world.pass(ms))),
  ),
  fc.constant(action<SupervisorWorld>('stop', world => world.stop())),
]

const groups: fc.Arbitrary<ChildSpec[]> = fc
  .array(
    fc.record({ killable: fc.boolean(), replaceable: fc.boolean(), essential: fc.boolean() }),
    {
      minLength: 1,
      maxLength: 4,
    },
  )
  .map(traits => traits.map((trait, i) => ({ name: `child-${i}`, ...trait })))

const property = (invariants: Invariants, plants: SupervisorPlants = {}) =>
  fc.property(groups, actionLists(actions, 60), (specs, list) => {
    const world = new SupervisorWorld(specs, invariants, plants)
    fc.modelRun(() => ({ model: world, real: world }), list)
    world.finish()
  })

describe('a supervised group as a model', () => {
  test(
    'P11 S3 S4 restarts within its intensity, gives up past it, and always comes to an end',
    () => {
      const invariants = new Invariants()
      const params = times(200, 20_000)
      fc.assert(property(invariants), params)
      expect(invariants.figures['escalations']).toBeGreaterThan(params.numRuns / 100)
      figure('M.supervisor', { runs: params.numRuns, ...invariants.figures })
    },
    CAMPAIGN_MILLIS,
  )

  test('notices invariant 16: deaths that are told with a wrong time', () => {
    let minutes = 0
    const news: SupervisorPlants['news'] = one =>
      one.type === 'died' ? { ...one, atMillis: ++minutes * 60_000 } : one
    return expectViolation(16, property(new Invariants(), { news }))
  })

  test('notices invariant 17: a clock that stands still, so that who is stuck stays', () =>
    expectViolation(
      17,
      property(new Invariants(), { clock: clock => ({ ...clock, schedule: () => () => {} }) }),
    ))
})
