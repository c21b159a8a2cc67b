// The negative controls: each of the 20 invariants fires for the fault that it is there for.
import { describe, expect, test } from 'vitest'
import { invariants } from './invariants.ts'
import { plantedFaults } from './plants.ts'
import { simulate } from './simulate.ts'

/** Some faults need a death or an error of the disk to show: then the next seed has one. */
const SEEDS_MAX = 40

describe('an invariant of the simulation', () => {
  for (const { number, words } of invariants) {
    const planted = plantedFaults.find(({ invariant }) => invariant === number)
    test(`${number}, ${words}, notices ${planted?.words}`, async () => {
      const found: (string | undefined)[] = []
      const { steps = 1000 } = planted ?? {}
      for (let seed = 1; seed <= SEEDS_MAX; seed++) {
        const { violation } = await simulate(seed, { steps, plant: planted?.plant() ?? {} })
        found.push(violation)
        if (violation?.includes(`invariant ${number}:`)) return
      }
      expect.fail(`nothing noticed: ${[...new Set(found)].join('; ')}`)
    })
  }
})
