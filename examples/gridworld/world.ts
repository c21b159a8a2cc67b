// The survival gridworld: a town of eight places, each of which restores one of eight meters that
// fall all the time. An episode ends in death when an active meter is empty (terminated) or at
// `maxSteps` (truncated). Pure: chance comes in at reset, and a step is deterministic, so an
// episode is given by its seed, its stage and its actions.
import { assert } from '../../src/base/assert.ts'
import type { Random } from '../../src/base/random.ts'

export const gridSize = 8
/** An episode is truncated after this many steps. */
export const maxSteps = 400

export const actionNames = ['up', 'down', 'left', 'right', 'use', 'wait'] as const
/** The index of each action in `actionNames`. */
export const actions = { up: 0, down: 1, left: 2, right: 3, use: 4, wait: 5 } as const
export const meterNames = [
  'energy',
  'satiation',
  'hygiene',
  'money',
  'mood',
  'social',
  'fitness',
  'health',
] as const
/** Place `i` restores meter `i`. */
export const placeNames = [
  'bed',
  'kitchen',
  'shower',
  'office',
  'park',
  'cafe',
  'gym',
  'clinic',
] as const

export type MeterName = (typeof meterNames)[number]
export type PlaceName = (typeof placeNames)[number]

type Place = {
  readonly x: number
  readonly y: number
  /** What one `use` adds to each meter; a price is a negative `money`. */
  readonly effects: Partial<Record<MeterName, number>>
}

export const places: Readonly<Record<PlaceName, Place>> = {
  bed: { x: 1, y: 1, effects: { energy: 0.45 } },
  kitchen: { x: 5, y: 1, effects: { satiation: 0.45, money: -0.04 } },
  shower: { x: 1, y: 4, effects: { hygiene: 0.5 } },
  office: { x: 6, y: 5, effects: { money: 0.45, energy: -0.03 } },
  park: { x: 6, y: 3, effects: { mood: 0.5 } },
  cafe: { x: 3, y: 6, effects: { social: 0.5, money: -0.04 } },
  gym: { x: 3, y: 2, effects: { fitness: 0.5, energy: -0.03, hygiene: -0.03 } },
  clinic: { x: 4, y: 4, effects: { health: 0.5, money: -0.06 } },
}

/** How many meters are active in each curriculum stage (stages count from 1), and how fast they
 * fall. An inactive meter stays full and cannot kill. */
const stages = [
  { activeMeters: 2, pace: 1 },
  { activeMeters: 4, pace: 1 },
  { activeMeters: 6, pace: 1 },
  { activeMeters: 8, pace: 1 },
  { activeMeters: 8, pace: 1.4 },
] as const
export const lastStage = stages.length

/** How many of `meterNames`, counted from the first, are active in `stage` (1..lastStage). */
export function activeMeterCount(stage: number): number {
  const found = stages[stage - 1]
  assert(found, `stage must be an integer in 1..${lastStage}, got ${stage}`)
  return found.activeMeters
}

const meterCount = meterNames.length
const cellCount = gridSize * gridSize
/** One-hot column and row, what each meter lacks, the pace at which it falls, and the one-hot open
 * place under the agent. */
export const observationSize = 2 * gridSize + 3 * meterCount

/** Steps in which an untended full meter runs empty, at pace 1. */
const lifetimes = [96, 90, 110, 104, 116, 120, 130, 124] as const
const survivalReward = 0.01
const deathReward = -1

const placeAt = new Int8Array(cellCount).fill(-1)
const effectsOf = placeNames.map((name, index) => {
  const place = places[name]
  placeAt[place.y * gridSize + place.x] = index
  return meterNames.map(meter => place.effects[meter] ?? 0)
})

const money = meterNames.indexOf('money')
const moves = [
  [0, -1],
  [0, 1],
  [-1, 0],
  [1, 0],
] as const

/** What a step brought; the same object is returned by every step of a world. */
type StepResult = {
  /** Extrinsic: 0.01 for a step survived, -1 for the death. */
  reward: number
  /** The shaping: the change of the need potential `-sum (1 - meter)^2` over active meters. */
  intrinsicReward: number
  terminated: boolean
  truncated: boolean
}

/** One town with one inhabitant. Reset it before the first step and after every end. */
export class World {
  /** `[x, y]`, each in 0..gridSize-1, y downwards. The array is reused. */
  readonly position: [number, number] = [0, 0]
  /** In 0..1 in the order of `meterNames`; inactive meters are 1. The array is reused. */
  readonly meters = new Float32Array(meterCount).fill(1)
  stage = 1
  /** Steps taken in this episode. */
  steps = 0
  /** The place whose offer the newest step took, or undefined. */
  usedPlace: PlaceName | undefined = undefined
  /** The meter that ran empty, once terminated. */
  diedOf: MeterName | undefined = undefined

  #active = 0
  #pace = 1
  #potential = 0
  readonly #result: StepResult = {
    reward: 0,
    intrinsicReward: 0,
    terminated: false,
    truncated: true,
  }

  /** How many of the meters, counted from the first, can kill. */
  get activeMeters(): number {
    return this.#active
  }

  /** The open place at the agent's cell; a place is open while its meter is active. */
  get place(): PlaceName | undefined {
    return placeNames[this.#placeIndex()]
  }

  /** Begins an episode in `stage` at a random cell, with active meters between 0.55 and 0.95. */
  reset(random: Random, stage: number): void {
    this.stage = stage
    this.#active = activeMeterCount(stage)
    this.#pace = stages[stage - 1]!.pace
    this.position[0] = random.below(gridSize)
    this.position[1] = random.below(gridSize)
    for (let meter = 0; meter < meterCount; meter++) {
      this.meters[meter] = meter < this.#active ? 0.55 + 0.4 * random.next() : 1
    }
    this.steps = 0
    this.usedPlace = undefined
    this.diedOf = undefined
    this.#potential = this.#measurePotential()
    this.#result.terminated = false
    this.#result.truncated = false
  }

  /** Takes the action of that index in `actionNames`. Asserts that the episode has not ended. */
  step(action: number): StepResult {
    const result = this.#result
    assert(!result.terminated && !result.truncated, 'reset the world before stepping it again')
    assert(action in actionNames, `action must be an index of actionNames, got ${action}`)
    this.usedPlace = undefined
    const move = moves[action]
    if (move) this.#move(move[0], move[1])
    else if (action === actions.use) this.#use()
    for (let meter = 0; meter < this.#active; meter++) {
      this.meters[meter] = this.meters[meter]! - this.#pace / lifetimes[meter]!
      if (this.meters[meter]! > 0) continue
      this.meters[meter] = 0
      this.diedOf ??= meterNames[meter]!
    }
    this.steps++
    const potential = this.#measurePotential()
    result.intrinsicReward = potential - this.#potential
    this.#potential = potential
    result.terminated = this.diedOf !== undefined
    result.truncated = !result.terminated && this.steps >= maxSteps
    result.reward = result.terminated ? deathReward : survivalReward
    return result
  }

  /** Writes the observation (`observationSize` numbers) into `out`. */
  observe(out: Float32Array): void {
    out.fill(0, 0, observationSize)
    out[this.position[0]] = 1
    out[gridSize + this.position[1]] = 1
    const lacks = 2 * gridSize
    const paces = lacks + meterCount
    for (let meter = 0; meter < this.#active; meter++) {
      out[lacks + meter] = 1 - this.meters[meter]!
      out[paces + meter] = this.#pace
    }
    const place = this.#placeIndex()
    if (place >= 0) out[paces + meterCount + place] = 1
  }

  #move(dx: number, dy: number): void {
    const x = this.position[0] + dx
    const y = this.position[1] + dy
    if (x >= 0 && x < gridSize) this.position[0] = x
    if (y >= 0 && y < gridSize) this.position[1] = y
  }

  /** The place at the agent's cell; -1 where there is none or its meter is inactive. */
  #placeIndex(): number {
    const place = placeAt[this.position[1] * gridSize + this.position[0]]!
    return place < this.#active ? place : -1
  }

  /** Who cannot pay gets nothing. */
  #use(): void {
    const place = this.#placeIndex()
    if (place < 0) return
    const effects = effectsOf[place]!
    if (money < this.#active && this.meters[money]! + effects[money]! <= 0) return
    this.usedPlace = placeNames[place]!
    for (let meter = 0; meter < this.#active; meter++) {
      this.meters[meter] = Math.min(1, this.meters[meter]! + effects[meter]!)
    }
  }

  #measurePotential(): number {
    let potential = 0
    for (let meter = 0; meter < this.#active; meter++) potential -= (1 - this.meters[meter]!) ** 2
    return potential
  }
}
