import { expect, test } from 'vitest'
import { byLevel, levels, sayingFor } from '../../src/protocol/levels.ts'

test('S12 each level is told its own, else the nearest simpler, else the simplest there is', () => {
  const told = (said: object) => levels.map(level => sayingFor(byLevel({ levels: said })!, level))
  expect(told({ beginner: 'b', intermediate: 'i', advanced: 'a' })).toEqual(['b', 'i', 'a'])
  expect(told({ beginner: 'b' })).toEqual(['b', 'b', 'b'])
  expect(told({ advanced: 'a' })).toEqual(['a', 'a', 'a'])
  expect(told({ intermediate: 'i', advanced: 'a' })).toEqual(['i', 'i', 'a'])
  expect(told({ beginner: 'b', advanced: null })).toEqual(['b', 'b', null])
})

test('S12 data of any other shape is the same for all', () => {
  const others = [
    ...[undefined, null, 1, 'levels', [], {}, { levels: {} }, { levels: [] }, { levels: 'all' }],
    ...[{ levels: { expert: 1 } }, { levels: { beginner: 1, expert: 2 } }],
    { levels: { beginner: 1 }, text: 'and more' },
  ]
  for (const data of others) expect([data, byLevel(data)]).toEqual([data, undefined])
})
