// The predicate language as a whole: what is printed reads back as itself, nothing that is typed
// does more than fail with a place, and the ranking agrees with sorting.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { matches } from '../../../src/protocol/predicate/evaluate.ts'
import { fields } from '../../../src/protocol/predicate/fields.ts'
import { formatPredicate } from '../../../src/protocol/predicate/format.ts'
import { parsePredicate } from '../../../src/protocol/predicate/parse.ts'
import { Ranking } from '../../../src/protocol/predicate/ranking.ts'
import {
  type Literal,
  type Predicate,
  PredicateError,
} from '../../../src/protocol/predicate/syntax.ts'
import { row, subject } from './rows.ts'

const literalOf = (type: string): fc.Arbitrary<Literal> => {
  const some: fc.Arbitrary<Literal> =
    type === 'number'
      ? fc.double({ noNaN: true, noDefaultInfinity: true }).map(value => value + 0)
      : type === 'text'
        ? fc.string({ maxLength: 10 })
        : fc.boolean()
  return fc.oneof(some, fc.constant(null))
}

const names = fc.constantFrom(...Object.keys(fields))
const condition: fc.Arbitrary<Predicate> = fc.oneof(
  names.chain(field => {
    const type = fields[field]!.type
    const comparisons =
      type === 'number' ? (['=', '!=', '<', '<=', '>', '>='] as const) : (['=', '!='] as const)
    return fc.record({
      kind: fc.constant('compare' as const),
      field: fc.constant(field),
      comparison: fc.constantFrom(...comparisons),
      value: literalOf(type),
    })
  }),
  names.chain(field =>
    fc.record({
      kind: fc.constant('in' as const),
      field: fc.constant(field),
      values: fc.array(literalOf(fields[field]!.type), { minLength: 1, maxLength: 3 }),
    }),
  ),
  names.map(field => ({ kind: 'changed' as const, field })),
  fc.record({
    kind: fc.constantFrom('best' as const, 'worst' as const, 'every' as const),
    count: fc.integer({ min: 1, max: 1_000_000 }),
  }),
  fc.constant({ kind: 'all' as const }),
)

const { tree } = fc.letrec<{ tree: Predicate }>(tie => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    condition,
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      left: tie('tree'),
      right: tie('tree'),
    }),
    fc.record({ kind: fc.constant('not' as const), of: tie('tree') }),
  ),
}))

const fits = (predicate: Predicate): boolean => formatPredicate(predicate).length <= 1000

describe('L13 predicates', () => {
  test('every tree is printed as a text that reads back as the same tree', () => {
    fc.assert(
      fc.property(tree.filter(fits), predicate => {
        expect(parsePredicate(formatPredicate(predicate))).toEqual(predicate)
      }),
    )
  })

  test('any text is read, or refused with a place inside it', () => {
    const word = fc.constantFrom('length', 'and', 'not', 'in', '(', ')', ',', '<', '5', "'", 'best')
    const text = fc.oneof(
      fc.string(),
      fc.array(word).map(words => words.join(' ')),
    )
    fc.assert(
      fc.property(text, typed => {
        try {
          expect(typeof matches(parsePredicate(typed), subject())).toBe('boolean')
        } catch (error) {
          expect(error).toBeInstanceOf(PredicateError)
          const { at, length, message } = error as PredicateError
          expect(at).toBeGreaterThanOrEqual(0)
          expect(at).toBeLessThanOrEqual(typed.length)
          expect(length).toBeGreaterThan(0)
          expect(message).toContain('expected')
        }
      }),
    )
  })

  test('`not` turns every answer round', () => {
    fc.assert(
      fc.property(tree, fc.integer({ min: -9, max: 9 }), (predicate, totalReward) => {
        const episode = subject({ row: row({ totalReward }) })
        expect(matches({ kind: 'not', of: predicate }, episode)).toBe(!matches(predicate, episode))
      }),
    )
  })

  test('a place among the others is that of sorting by return, the earlier first', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 200 }), returns => {
        const ranking = new Ranking()
        returns.forEach((totalReward, index) => {
          const earlier = returns.slice(0, index)
          expect(ranking.add(row({ totalReward }))).toEqual({
            better: earlier.filter(other => other >= totalReward).length,
            worse: earlier.filter(other => other <= totalReward).length,
          })
        })
      }),
    )
  })
})
