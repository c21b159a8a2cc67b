// Exploration and curriculum: what they do at which count of steps and episodes.
import { describe, expect, test } from 'vitest'
import { Curriculum } from '../../../examples/gridworld/curriculum.ts'
import { Explorer } from '../../../examples/gridworld/exploration.ts'
import { actionNames, World } from '../../../examples/gridworld/world.ts'
import { seededRandom } from '../../../src/base/random.ts'

describe('the curriculum', () => {
  test('promotes when the newest episodes of the stage survive long enough', () => {
    const curriculum = new Curriculum({ episodes: 3, survivalSteps: 100 })
    const promoted = [10, 100, 100, 99, 101].map(steps => curriculum.episodeEnded(1, steps))
    expect(promoted).toEqual([false, false, false, false, true])
    expect(curriculum.stage).toBe(2)
  })

  test('does not count episodes that began in an earlier stage, and stops at the last', () => {
    const curriculum = new Curriculum({ episodes: 1, survivalSteps: 100 })
    for (const stage of [1, 1, 2, 3, 4, 5]) curriculum.episodeEnded(stage, 400)
    expect(curriculum.stage).toBe(5)
    const strict = new Curriculum({ episodes: 1, survivalSteps: 100 })
    strict.episodeEnded(1, 400)
    expect(strict.episodeEnded(1, 400)).toBe(false)
    expect(strict.stage).toBe(2)
  })
})

describe('the explorer', () => {
  test('explores in about that share of the steps that epsilon says', () => {
    const random = seededRandom(1)
    const explorer = new Explorer(random)
    const world = new World()
    let explored = 0
    const total = 40_000
    for (let step = 0; step < total; step++) {
      if (step % 60 === 0) world.reset(random, 1)
      world.meters.fill(0.9)
      const action = explorer.next(world, 0.3)
      if (action >= 0) explored++
      world.step(action >= 0 ? action : random.below(actionNames.length))
    }
    expect(explored / total).toBeGreaterThan(0.25)
    expect(explored / total).toBeLessThan(0.35)
  })

  test('never explores at 0, always at 1, and tries every action', () => {
    const random = seededRandom(2)
    const explorer = new Explorer(random)
    const world = new World()
    world.reset(random, 4)
    const tried = new Set<number>()
    for (let step = 0; step < 300; step++) {
      world.meters.fill(0.9)
      const action = explorer.next(world, 1)
      tried.add(action)
      world.step(action)
    }
    expect([...tried].sort()).toEqual([0, 1, 2, 3, 4, 5])
    explorer.reset()
    for (let step = 0; step < 300; step++) expect(explorer.next(world, 0)).toBe(-1)
  })
})
