// What people type, what it means, and what they are told when it means nothing.
import { describe, expect, test } from 'vitest'
import { asksForRank, matches } from '../../../src/protocol/predicate/evaluate.ts'
import { parsePredicate } from '../../../src/protocol/predicate/parse.ts'
import { PredicateError, pointAt } from '../../../src/protocol/predicate/syntax.ts'
import { row, subject } from './rows.ts'

describe('L13 an episode that is', () => {
  test.each([
    ['terminated and return < 0', true],
    ['length > 200', false],
    ['length >= 200', true],
    ['stage changed', true],
    ['seed changed', false],
    ['agent = env-3', true],
    ["agent = 'env-4'", false],
    ['reason = "fell off"', true],
    ['not truncated and (length < 100 or return <= -4.5)', true],
    ['length < 100 or terminated and truncated', false],
    ['stage in (1, 2)', true],
    ['stage not in (1, 2)', false],
    ['epsilon = none', true],
    ['epsilon < 1 or epsilon > 0', false],
    ['truncated = false', true],
    ['duration = 2.5', true],
    ['every(6)', true],
    ['every(5)', false],
    ['best(3)', true],
    ['best(2)', false],
    ['worst(9)', false],
    ['TERMINATED AND Length == 200', true],
    ['all', true],
  ])('%s: %s', (text, meant) => {
    expect(matches(parsePredicate(text), subject())).toBe(meant)
  })

  test('the first of its agent has changed nothing, and NaN equals nothing', () => {
    expect(matches(parsePredicate('stage changed'), subject({ previous: undefined }))).toBe(false)
    const lost = subject({ row: row({ totalReward: Number.NaN }) })
    for (const text of ['return < 0', 'return >= 0', 'return = none']) {
      expect(matches(parsePredicate(text), lost)).toBe(false)
    }
  })
})

describe('B5 a predicate that means nothing is refused with the place', () => {
  test.each([
    ['', 0, /expected one of episode, agent, .* found the end/],
    ['lenght > 3', 0, /found lenght/],
    ['length > ', 9, /expected a number or none, found the end/],
    ['length > long', 9, /expected a number or none, found long/],
    ['length', 6, /expected a comparison, 'in' or 'changed' after length, found the end/],
    ['agent < 3', 6, /expected = or != for a text, found </],
    ['terminated = 1', 13, /expected true, false or none, found 1/],
    ['best(0)', 5, /expected a whole number from 1 to 1000000, found 0/],
    ['best 3', 5, /expected '\(', found 3/],
    ['(terminated', 11, /expected '\)', found the end/],
    ['terminated truncated', 11, /expected 'and', 'or' or the end, found truncated/],
    ['stage in ()', 10, /expected a number or none/],
    ['stage not 3', 10, /expected 'in'/],
    ["agent = 'env", 8, /expected a closing quote/],
    ['length # 3', 7, /found #/],
    ['length > 3x', 9, /found 3x/],
    [`${'('.repeat(40)}all`, 32, /at most 32 levels/],
    ['a'.repeat(2000), 0, /at most 1000 characters, found 2000/],
  ])('%s', (text, at, message) => {
    const read = (): unknown => parsePredicate(text)
    expect(read).toThrow(PredicateError)
    expect(read).toThrow(message)
    expect(read).toThrow(expect.objectContaining({ at, code: 'USAGE' }))
  })

  test('a line below the text points at it', () => {
    const text = 'terminated and lenght > 3'
    try {
      parsePredicate(text)
      expect.unreachable()
    } catch (error) {
      expect(pointAt(text, error as PredicateError)).toBe(`${text}\n${' '.repeat(15)}^^^^^^`)
    }
  })
})

test('a predicate says whether it needs to know an episode among the others', () => {
  expect(asksForRank(parsePredicate('terminated and not best(3)'))).toBe(true)
  expect(asksForRank(parsePredicate('terminated or every(3)'))).toBe(false)
})
