// Pages of the index, with what the log does not have yet.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { withRecentRows } from '../../src/gateway/recent-rows.ts'
import { rowOf } from './stage.ts'

test('U13 pages of a log that lacks the newest rows, one after the other, have every row once, latest first', () => {
  const shape = fc.record({
    total: fc.integer({ min: 0, max: 60 }),
    lag: fc.integer({ min: 0, max: 60 }),
    limit: fc.integer({ min: 1, max: 25 }),
    after: fc.option(fc.integer({ min: 0, max: 60 }), { nil: null }),
  })
  fc.assert(
    fc.property(shape, ({ total, lag, limit, after }) => {
      const all = Array.from({ length: total }, (_, i) => rowOf(total - i))
      const indexed = all.slice(Math.min(lag, total))
      const recent = all.slice(0, lag + 5).toReversed()
      const listed: number[] = []
      let before: number | null = null
      for (let pages = 0; pages <= total; pages++) {
        const bounds = { before, after, limit }
        const left = indexed.filter(
          row => row.episode < (before ?? Infinity) && row.episode > (after ?? 0),
        )
        const rows = left.slice(0, limit)
        const next = left.length > limit ? rows.at(-1)!.episode : null
        const page = withRecentRows({ rows, next }, recent, bounds)
        expect(page.rows.length).toBeLessThanOrEqual(limit)
        listed.push(...page.rows.map(row => row.episode))
        if (page.next === null) break
        before = page.next
      }
      const wanted = all.map(row => row.episode).filter(episode => episode > (after ?? 0))
      expect(listed).toEqual(wanted)
    }),
  )
})
