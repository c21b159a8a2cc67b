import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ViewerEpisodeRow } from '../../src/protocol/server-messages.ts'
import { readFilter, refusedFilter } from '../../web/state/episode-filter.ts'
import {
  latestFirst,
  type OrderColumn,
  orderAfterClick,
  orderings,
  orderRows,
} from '../../web/state/episode-order.ts'
import { row, rows } from './messages.ts'

describe('L13 the filter of the table', () => {
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

  test('points at what the server says is wrong in the same way', () => {
    const error = { v: 1, mode: 'live', type: 'error', request: 3, code: 'USAGE' } as const
    const refused = refusedFilter('a ~ 3', { ...error, message: 'column 3', at: 2, length: 1 })
    expect(refused).toMatchObject({ text: 'a ~ 3', predicate: null })
    expect(refused.error).toEqual({ pointed: 'a ~ 3\n  ^', message: 'column 3' })
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

test('S22 ten thousand rows are sorted without a copy of any row', () => {
  const list = rows(10_000, 1)
  const ordered = orderRows(list, { column: 'return', descending: false })
  expect(ordered).toHaveLength(10_000)
  expect(ordered[0]).toBe(list[9_999])
})
