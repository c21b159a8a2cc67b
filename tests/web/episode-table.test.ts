import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ViewerEpisodeRow } from '../../src/protocol/viewer-messages.ts'
import { readFilter, selectRows } from '../../web/state/episode-filter.ts'
import {
  latestFirst,
  type OrderColumn,
  orderAfterClick,
  orderings,
  orderRows,
} from '../../web/state/episode-order.ts'
import { row, rows } from './messages.ts'

const meant = (text: string, list: readonly ViewerEpisodeRow[]): number[] => {
  const { predicate } = readFilter(text)
  return predicate === null ? [] : selectRows(list, predicate).map(({ episode }) => episode)
}

describe('L13 the filter of the table', () => {
  const list: ViewerEpisodeRow[] = [
    { ...row(6), agent: 'env-1', total_reward: -2, curriculum_stage: 2, terminated: false },
    { ...row(5), total_reward: 9, curriculum_stage: 2, steps: 300 },
    { ...row(4), agent: 'env-1', total_reward: 3, curriculum_stage: 1 },
    { ...row(3), total_reward: Number.NaN, curriculum_stage: 1, reason: 'died: hunger' },
    { ...row(2), total_reward: 9, curriculum_stage: 1 },
  ]

  test('means what it means in every command, with places among the rows held', () => {
    expect(meant('terminated and return > 0', list)).toEqual([5, 4, 2])
    expect(meant('length > 200 or reason = "died: hunger"', list)).toEqual([5, 3])
    expect(meant('stage changed', list)).toEqual([6, 5])
    expect(meant('best(2)', list)).toEqual([5, 2])
    expect(meant('worst(1)', list)).toEqual([3])
    expect(meant('not agent = env-1 and every(2)', list)).toEqual([2])
  })

  test('points at what is wrong, and never throws', () => {
    const { predicate, error } = readFilter('length >> 3')
    expect(predicate).toBeNull()
    expect(error?.pointed).toBe('length >> 3\n        ^')
    expect(error?.message).toMatch(/column 9: expected a number/)
    expect(readFilter('   ')).toMatchObject({ predicate: null, error: null })
    fc.assert(
      fc.property(fc.string(), text => {
        const read = readFilter(text)
        expect(read.text).toBe(text)
        if (text.trim() !== '') expect(read.predicate === null).toBe(read.error !== null)
      }),
    )
  })
})

describe('the order of the table', () => {
  test('is by any column and both ways, latest first among equals, missing values last', () => {
    const value = fc.constantFrom(-1, 0, 3, Number.NaN, null)
    const columns = fc.constantFrom(...(Object.keys(orderings) as OrderColumn[]))
    fc.assert(
      fc.property(fc.array(value), columns, fc.boolean(), (values, column, descending) => {
        const list = values.map((one, index) => ({
          ...row(values.length - index),
          curriculum_stage: one,
          total_reward: one ?? 7,
        }))
        const ordered = orderRows(list, { column, descending })
        expect(new Set(ordered)).toEqual(new Set(list))
        const keyOf: (one: ViewerEpisodeRow) => number | string | null = orderings[column]
        for (const [index, second] of ordered.slice(1).entries()) {
          const first = ordered[index]!
          const [a, b] = [keyOf(first), keyOf(second)]
          if (b === null || Number.isNaN(b)) continue
          expect(a === null || Number.isNaN(a)).toBe(false)
          if (a === b) expect(first.episode).toBeGreaterThan(second.episode)
          else expect(a! < b).toBe(!descending)
        }
      }),
    )
  })

  test('is turned round by a second click', () => {
    const once = orderAfterClick(latestFirst, 'return')
    expect(once).toEqual({ column: 'return', descending: true })
    expect(orderAfterClick(once, 'return')).toEqual({ column: 'return', descending: false })
  })
})

test('S22 ten thousand rows are merged, filtered and sorted without a copy of any row', () => {
  const list = rows(10_000, 1)
  const ordered = orderRows(selectRows(list, readFilter('return > 5000').predicate!), {
    column: 'return',
    descending: false,
  })
  expect(ordered).toHaveLength(5000)
  expect(ordered[0]).toBe(list[4999])
})
