import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type MachineName, machines } from '../../src/machines/registry.ts'
import { type Alphabet, alphabets, type Letter, perform } from './alphabet.ts'
import { leavesOf } from './declared.ts'
import { walk, waysTo } from './walk.ts'

const names = Object.keys(machines) as MachineName[]

test('a machine is registered under its id', () => {
  for (const name of names) expect(machines[name].id).toBe(name)
})

describe.each(names)('%s', name => {
  const situations = walk(name)

  test('every state can be reached, and no other', () => {
    const { otherInput }: Alphabet = alphabets[name]
    const walks = otherInput === undefined ? [situations] : [situations, walk(name, otherInput)]
    const found = walks.flatMap(each => [...each.values()])
    const seen = new Set(found.flatMap(({ state }) => state.split('+')))
    expect([...seen].sort()).toEqual(leavesOf(name).sort())
  })

  test('every situation leads to an end', () => {
    // A breaker has no end; from everywhere it can close again.
    const isGoal = name === 'breaker' ? 'closed' : null
    const ways = waysTo(situations, ({ state, isDone }) => isDone || state === isGoal)
    expect([...situations.keys()].filter(key => !ways.has(key))).toEqual([])
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
