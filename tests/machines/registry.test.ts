import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { describeMachine, type StateDescription } from '../../src/machines/describe-machine.ts'
import { type MachineName, machines } from '../../src/machines/registry.ts'
import { alphabets, type Letter, perform } from './alphabet.ts'
import { strandedFrom, walk } from './walk.ts'

const names = Object.keys(machines) as MachineName[]

/** Left at once for the state that its guards choose, so nothing is ever seen there. */
const transient = new Set(['running.mode.choosing'])

const allStates = (state: StateDescription): StateDescription[] => [
  state,
  ...state.states.flatMap(allStates),
]
const statesOf = (name: MachineName) => allStates(describeMachine(machines[name]))
const leavesOf = (name: MachineName): string[] =>
  statesOf(name)
    .filter(state => state.type === 'atomic' || state.type === 'final')
    .map(state => state.name)
    .filter(state => !transient.has(state))

/** Whether the machine's description has a way out of `state` that `letter` takes. */
function isDeclared(name: MachineName, state: string, letter: Letter): boolean {
  return statesOf(name)
    .filter(({ name: candidate }) =>
      state.split('+').some(leaf => candidate === '' || `${leaf}.`.startsWith(`${candidate}.`)),
    )
    .flatMap(active => active.transitions)
    .some(({ event, delay }) => {
      if (event === null) return true
      return typeof letter === 'number' ? delay !== null : event === letter.type
    })
}

test('a machine is registered under its id', () => {
  for (const name of names) expect(machines[name].id).toBe(name)
})

describe.each(names)('%s', name => {
  const situations = walk(name)

  test('every state can be reached, and no other', () => {
    const seen = new Set([...situations.values()].flatMap(({ state }) => state.split('+')))
    expect([...seen].sort()).toEqual(leavesOf(name).sort())
  })

  test('every situation leads to an end', () => {
    // A breaker has no end; from everywhere it can close again.
    const isGoal = name === 'breaker' ? 'closed' : null
    const stranded = strandedFrom(situations, ({ state, isDone }) => isDone || state === isGoal)
    expect(stranded).toEqual([])
  })

  test('no sequence of events makes it fail or leave the declared ways', () => {
    const leaves = new Set(leavesOf(name))
    const letters: readonly Letter[] = alphabets[name].letters
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...letters), { maxLength: 40 }), sequence => {
        const performer = perform(name)
        for (const letter of sequence) {
          const before = performer.state()
          performer.play(letter)
          const after = performer.state()
          for (const leaf of after.split('+')) expect(leaves).toContain(leaf)
          if (after !== before && name !== 'supervisor') {
            expect(isDeclared(name, before, letter), `${before} -> ${after}`).toBe(true)
          }
        }
        expect(performer.errors).toEqual([])
      }),
      { numRuns: 200 },
    )
  })

  test('an ended machine stays as it is and gives no more commands', () => {
    const letters: readonly Letter[] = alphabets[name].letters
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...letters), { maxLength: 60 }), sequence => {
        const performer = perform(name)
        let end: string | null = null
        for (const letter of sequence) {
          performer.play(letter)
          const now = JSON.stringify([performer.state(), performer.commands])
          if (end !== null) expect(now).toBe(end)
          if (performer.snapshot().status === 'done') end = now
        }
      }),
      { numRuns: 100 },
    )
  })
})
