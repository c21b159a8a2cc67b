// Random walks of every lifecycle machine: only transitions that its description declares, and from
// wherever it stands the way to its end that the exhaustive walk knows, which it really takes
// (invariant 17 of spec/reliability.md).
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type MachineName, machines } from '../../src/machines/registry.ts'
import { figure } from '../faults/figures.ts'
import { alphabets, type Letter, type Performer, perform } from '../machines/alphabet.ts'
import { leavesAfter } from '../machines/declared.ts'
import { keyOf, walk, waysTo } from '../machines/walk.ts'
import {
  action,
  actionLists,
  CAMPAIGN_MILLIS,
  expectViolation,
  Invariants,
  times,
} from './campaign.ts'

const names = Object.keys(machines) as MachineName[]

type Ways = ReturnType<typeof waysTo>

// A breaker has no end; from everywhere it can close again.
const isEnd = (name: MachineName, state: string, isDone: boolean): boolean =>
  isDone || (name === 'breaker' && state === 'closed')

class Walker {
  readonly #name: MachineName
  readonly #performer: Performer
  readonly #ways: Ways
  readonly #invariants: Invariants

  constructor(
    name: MachineName,
    ways: Ways,
    invariants: Invariants,
    plant = (performer: Performer): Performer => performer,
  ) {
    this.#name = name
    this.#ways = ways
    this.#invariants = invariants
    this.#performer = plant(perform(name))
  }

  play(letter: Letter): void {
    const before = this.#performer.state()
    this.#performer.play(letter)
    const after = this.#performer.state()
    const allowed = leavesAfter(this.#name, before, letter)
    const stays = new Set(before.split('+'))
    const declared = after.split('+').every(leaf => stays.has(leaf) || allowed.has(leaf))
    this.#holds(declared, () => `${JSON.stringify(letter)} led from ${before} to ${after}`)
    this.#holds(this.#performer.errors.length === 0, () => String(this.#performer.errors[0]))
  }

  /** From here there is a way to the end, and the machine takes it. */
  finish(): void {
    const letters: readonly Letter[] = alphabets[this.#name].letters
    for (let played = 0; !this.#ended; played++) {
      const { length } = letters
      this.#holds(played < 10 * length, () => `no way leads out of ${this.#performer.state()}`)
      // How long a timer has run makes a situation that the walk has not met: then anything goes.
      const way = this.#ways.get(keyOf(this.#performer.snapshot()))
      this.play(way?.letter ?? letters[played % length]!)
    }
  }

  get #ended(): boolean {
    const { status } = this.#performer.snapshot()
    return isEnd(this.#name, this.#performer.state(), status === 'done')
  }

  #holds(condition: boolean, what: () => string): void {
    this.#invariants.holds(17, condition, () => `${this.#name}: ${what()}`)
  }
}

function property(name: MachineName, invariants: Invariants, plant?: (p: Performer) => Performer) {
  const letters: readonly Letter[] = alphabets[name].letters
  const ways = waysTo(walk(name), ({ state, isDone }) => isEnd(name, state, isDone))
  const actions = letters.map(letter =>
    fc.constant(action<Walker>(JSON.stringify(letter), walker => walker.play(letter))),
  )
  return fc.property(actionLists(actions, 40), list => {
    const walker = new Walker(name, ways, invariants, plant)
    fc.modelRun(() => ({ model: walker, real: walker }), list)
    walker.finish()
  })
}

describe('every lifecycle machine as a model', () => {
  const invariants = new Invariants()
  const params = times(200, Math.ceil(20_000 / names.length))

  test.each(names)(
    'A1 %s takes only declared ways, and always finds its end',
    name => {
      fc.assert(property(name, invariants), params)
    },
    CAMPAIGN_MILLIS,
  )

  test('all of them were walked', () => {
    const runs = params.numRuns * names.length
    expect(invariants.figures['inv17']).toBeGreaterThan(runs)
    figure('M.machines', { machines: names.length, runs, ...invariants.figures })
  })
})

describe('a walk notices', () => {
  test('invariant 17: a way that nobody declared', () =>
    expectViolation(
      17,
      property('viewer', new Invariants(), performer => ({
        ...performer,
        state: () => performer.state().replace('closing', 'connecting'),
      })),
    ))

  test('invariant 17: a machine that does not hear how it is told to end', () =>
    expectViolation(
      17,
      property('recorder', new Invariants(), performer => ({
        ...performer,
        play(letter) {
          if (typeof letter === 'number' || letter.type !== 'stop') performer.play(letter)
        },
      })),
    ))
})
