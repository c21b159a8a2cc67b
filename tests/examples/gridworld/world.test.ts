// The rules of the town: what falls, what restores, what kills, and what a stage changes.
import { describe, expect, test } from 'vitest'
import {
  actionNames,
  actions,
  activeMeterCount,
  gridSize,
  lastStage,
  maxSteps,
  meterNames,
  observationSize,
  placeNames,
  places,
  World,
} from '../../../examples/gridworld/world.ts'
import { seededRandom } from '../../../src/base/random.ts'

function worldIn(stage: number, seed = 1): World {
  const world = new World()
  world.reset(seededRandom(seed), stage)
  return world
}

function standAt(world: World, x: number, y: number): void {
  world.position[0] = x
  world.position[1] = y
}

/** The move that brings the agent nearer to its neediest meter's place, or `use` when there. */
function expertAction(world: World): number {
  const [x, y] = world.position
  let target = 0
  let best = Number.POSITIVE_INFINITY
  for (let meter = 0; meter < world.activeMeters; meter++) {
    const place = places[placeNames[meter]!]
    const score = world.meters[meter]! + 0.02 * (Math.abs(place.x - x) + Math.abs(place.y - y))
    if (score >= best) continue
    best = score
    target = meter
  }
  const place = places[placeNames[target]!]
  if (place.x !== x) return place.x > x ? actions.right : actions.left
  if (place.y !== y) return place.y > y ? actions.down : actions.up
  return actions.use
}

function meanSurvival(stage: number, act: (world: World) => number): number {
  const episodes = 40
  let steps = 0
  for (let seed = 0; seed < episodes; seed++) {
    const world = worldIn(stage, seed)
    for (let ended = false; !ended; ) {
      const { terminated, truncated } = world.step(act(world))
      ended = terminated || truncated
    }
    steps += world.steps
  }
  return steps / episodes
}

describe('the survival gridworld', () => {
  test('names each action at its index, and one place for each meter', () => {
    for (const name of actionNames) expect(actionNames[actions[name]]).toBe(name)
    expect(placeNames).toHaveLength(meterNames.length)
    placeNames.forEach((name, meter) => {
      expect(places[name].effects[meterNames[meter]!]).toBeGreaterThan(0.3)
    })
  })

  test('lets every active meter fall at every step and keeps the inactive ones full', () => {
    const world = worldIn(2)
    const before = world.meters.slice()
    world.step(actions.wait)
    for (let meter = 0; meter < 4; meter++) expect(world.meters[meter]).toBeLessThan(before[meter]!)
    expect([...world.meters.slice(4)]).toEqual([1, 1, 1, 1])
  })

  test('activates 2, 4, 6 and 8 meters, and then lets them fall faster', () => {
    expect([1, 2, 3, 4, 5].map(activeMeterCount)).toEqual([2, 4, 6, 8, 8])
    expect(() => activeMeterCount(lastStage + 1)).toThrow('stage must be an integer in 1..5')
    const lost = [4, 5].map(stage => {
      const world = worldIn(stage)
      const before = world.meters[0]!
      world.step(actions.wait)
      return before - world.meters[0]!
    })
    expect(lost[1]! / lost[0]!).toBeCloseTo(1.4, 3)
  })

  test('restores the meter of an open place that is used, and of no place that is closed', () => {
    placeNames.forEach((name, meter) => {
      const { x, y } = places[name]
      const open = worldIn(4)
      open.meters.fill(0.5)
      standAt(open, x, y)
      expect(open.place).toBe(name)
      open.step(actions.use)
      expect(open.usedPlace).toBe(name)
      expect(open.meters[meter]).toBeGreaterThan(0.8)
      if (meter < 2) return
      const closed = worldIn(1)
      standAt(closed, x, y)
      expect(closed.place).toBeUndefined()
      closed.step(actions.use)
      expect(closed.usedPlace).toBeUndefined()
    })
  })

  test('takes the price of a place, and turns away who cannot pay', () => {
    const money = meterNames.indexOf('money')
    const world = worldIn(2)
    world.meters.fill(0.5)
    standAt(world, places.kitchen.x, places.kitchen.y)
    world.step(actions.use)
    expect(world.meters[money]).toBeCloseTo(0.5 - 0.04 - 1 / 104, 5)
    world.meters[money] = 0.03
    world.step(actions.use)
    expect(world.usedPlace).toBeUndefined()
    expect(world.meters[money]).toBeCloseTo(0.03 - 1 / 104, 5)
  })

  test('moves by one cell and stops at the edges', () => {
    const world = worldIn(1)
    standAt(world, 3, 3)
    const path = (['up', 'left', 'down', 'right'] as const).map(name => {
      world.step(actions[name])
      return [...world.position]
    })
    expect(path).toEqual([
      [3, 2],
      [2, 2],
      [2, 3],
      [3, 3],
    ])
    standAt(world, 0, gridSize - 1)
    world.step(actions.left)
    world.step(actions.down)
    expect(world.position).toEqual([0, gridSize - 1])
  })

  test('ends in death when an active meter is empty, with -1 and the meter by name', () => {
    const world = worldIn(2)
    world.meters.fill(0.5)
    world.meters[2] = 0.005
    expect(world.step(actions.wait)).toMatchObject({ reward: -1, terminated: true })
    expect(world.diedOf).toBe('hygiene')
    expect(world.meters[2]).toBe(0)
    expect(() => world.step(actions.wait)).toThrow('reset the world')
  })

  test('truncates at the time limit, which is no death', () => {
    const world = worldIn(1)
    for (let step = 1; step < maxSteps; step++) {
      world.meters.fill(0.9)
      expect(world.step(actions.wait)).toMatchObject({ truncated: false, terminated: false })
    }
    expect(world.step(actions.wait)).toMatchObject({ truncated: true, terminated: false })
    expect(world.diedOf).toBeUndefined()
    expect(world.steps).toBe(maxSteps)
  })

  test('keeps the shaping apart: it sums to the change of the need potential', () => {
    const world = worldIn(4)
    const potential = (): number => -world.meters.reduce((sum, m) => sum + (1 - m) ** 2, 0)
    const before = potential()
    const random = seededRandom(3)
    let shaping = 0
    for (let step = 0; step < 20; step++) {
      const result = world.step(random.below(actionNames.length))
      expect(result.reward).toBe(0.01)
      shaping += result.intrinsicReward
    }
    expect(shaping).toBeCloseTo(potential() - before, 5)
  })

  test('observes the cell, what the active meters lack, and the open place', () => {
    const world = worldIn(1)
    world.meters.set([0.25, 0.5])
    standAt(world, places.kitchen.x, places.kitchen.y)
    const observation = new Float32Array(observationSize).fill(9)
    world.observe(observation)
    const expected = new Float32Array(observationSize)
    expected[places.kitchen.x] = 1
    expected[gridSize + places.kitchen.y] = 1
    expected.set([0.75, 0.5], 16)
    expected.set([1, 1], 24)
    expected[32 + placeNames.indexOf('kitchen')] = 1
    expect(observation).toEqual(expected)
  })

  test('can be survived in every stage by a simple expert and in none by chance', () => {
    const random = seededRandom(5)
    for (let stage = 1; stage <= lastStage; stage++) {
      expect(meanSurvival(stage, () => random.below(actionNames.length))).toBeLessThan(80)
    }
    for (let stage = 1; stage <= 4; stage++) {
      expect(meanSurvival(stage, expertAction)).toBeGreaterThan(350)
    }
  })
})
