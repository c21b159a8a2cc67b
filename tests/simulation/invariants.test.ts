// The negative controls: each of the 20 invariants fires for the fault that it is there for.
import { describe, expect, test } from 'vitest'
import { invariants } from './invariants.ts'
import { plantedFaults } from './plants.ts'
import { simulate } from './simulate.ts'

/** Some faults need a death or an error of the disk to show: then the next seed has one. */
const SEEDS_MAX = 40

describe('an invariant of the simulation', () => {
  test('has a fault that it is there for', () => {
    const noticed = new Set(plantedFaults.map(({ invariant }) => invariant))
    expect([...noticed]).toEqual(invariants.map(({ number }) => number))
  })

  for (const { number, words } of invariants) {
    const planted = plantedFaults.filter(({ invariant }) => invariant === number)
    test.each(planted)(`${number}, ${words}, notices $words`, async ({ steps = 1000, plant }) => {
      const found: (string | undefined)[] = []
      for (let seed = 1; seed <= SEEDS_MAX; seed++) {
        const { violation } = await simulate(seed, { steps, plant: plant() })
        found.push(violation)
        if (violation?.includes(`invariant ${number}:`)) return
      }
      expect.fail(`nothing noticed: ${[...new Set(found)].join('; ')}`)
    })
  }
})
