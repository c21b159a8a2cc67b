// What is said of inputs that a schema refuses.

import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { inputProblems } from '../../src/protocol/input-problems.ts'
import { number } from '../../src/protocol/message-fields.ts'

const codec = v.strictObject({ codec: v.pipe(v.string(), v.minLength(1)) })
const schema = v.strictObject({
  name: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(3))),
  count: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(9))),
  share: v.optional(v.pipe(v.number(), v.finite(), v.gtValue(0), v.ltValue(1))),
  tags: v.optional(v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(2))),
  mode: v.optional(v.picklist(['fast', 'slow'])),
  on: v.optional(
    v.union([v.boolean(), v.strictObject({ profile: v.union([v.picklist(['a', 'b']), codec]) })]),
  ),
  how: v.optional(
    v.variant('type', [
      v.object({ type: v.literal('by-hand') }),
      v.object({ type: v.literal('by-rule'), rule: v.string() }),
    ]),
  ),
  at: v.optional(number),
  call: v.optional(v.custom(value => typeof value === 'function', 'expected a function')),
  rule: v.optional(
    v.pipe(
      v.string(),
      v.rawCheck(({ addIssue }) => addIssue({ message: 'expected best(n), found worst(n)' })),
    ),
  ),
})

describe('an input that is refused', () => {
  test.each([
    [3, 'input: expected an object, found 3'],
    [undefined, 'input: expected an object, found nothing'],
    [{ nmae: 'a', '': 1 }, 'input: expected known names only, found "nmae", ""'],
    [{ name: 7 }, 'name: expected a string, found 7'],
    [{ name: null }, 'name: expected a string, found null'],
    [{ name: '' }, 'name: expected at least 1 character, found ""'],
    [{ name: 'x'.repeat(99) }, `name: expected at most 3 characters, found "${'x'.repeat(60)}…"`],
    [{ count: 1.5 }, 'count: expected a whole number, found 1.5'],
    [{ count: 2 ** 53 }, 'count: expected a whole number below 2^53, found 9007199254740992'],
    [{ count: Number.NaN }, 'count: expected a number, found NaN'],
    [{ count: 0 }, 'count: expected at least 1, found 0'],
    [{ count: 10 }, 'count: expected at most 9, found 10'],
    [{ share: Number.POSITIVE_INFINITY }, 'share: expected a finite number, found Infinity'],
    [{ at: [] }, 'at: expected a number, "NaN", "Infinity" or "-Infinity", found an empty array'],
    [{ share: 0 }, 'share: expected more than 0, found 0'],
    [{ share: 1 }, 'share: expected less than 1, found 1'],
    [{ tags: [] }, 'tags: expected at least 1 entry, found an empty array'],
    [{ tags: ['a', 'b', 'c'] }, 'tags: expected at most 2 entries, found an array'],
    [{ tags: ['a', () => 0] }, 'tags.1: expected a string, found a function'],
    [{ mode: 'quick' }, 'mode: expected "fast" or "slow", found "quick"'],
    [{ on: 'a' }, 'on: expected a boolean or an object, found "a"'],
    [{ on: { profile: 'c' } }, 'on.profile: expected "a", "b" or an object, found "c"'],
    [{ on: { profile: { codec: 5 } } }, 'on.profile.codec: expected a string, found 5'],
    [{ on: { profile: 'a', x: 1 } }, 'on: expected known names only, found "x"'],
    [{ how: { type: 'alone' } }, 'how.type: expected "by-hand" or "by-rule", found "alone"'],
    [{ how: {} }, 'how.type: expected "by-hand" or "by-rule", found nothing'],
    [{ on: {} }, 'on.profile: expected "a", "b" or an object, found nothing'],
    [{ how: { type: 'by-rule' } }, 'how.rule: expected a string, found nothing'],
    [{ call: {} }, 'call: expected a function, found an object'],
    [{ rule: 'worst(1)' }, 'rule: expected best(n), found worst(n)'],
  ])('%j: %s', (input, expected) => {
    expect(problemsOf(input)).toEqual([expected])
  })

  test('is not repeated where it may be a secret', () => {
    const input = { mode: 'a token', name: 'a token', count: 'a token', share: 7 }
    expect(problemsOf(input, true)).toEqual([
      'name: expected at most 3 characters, found a string',
      'count: expected a number, found a string',
      'share: expected less than 1, found 7',
      'mode: expected "fast" or "slow", found a string',
    ])
  })

  test('is told all that is wrong with it', () => {
    const problems = problemsOf({ count: 0, on: { profile: { codec: '', x: 1 }, y: 2 } })
    expect(problems).toEqual([
      'count: expected at least 1, found 0',
      'on.profile.codec: expected at least 1 character, found ""',
      'on.profile: expected known names only, found "x"',
      'on: expected known names only, found "y"',
    ])
  })
})

function problemsOf(input: unknown, isSecret = false): string[] {
  if (v.is(schema, input)) return []
  return inputProblems(schema, { input, root: 'input', isSecret })
}
