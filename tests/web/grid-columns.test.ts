import fc from 'fast-check'
import { expect, test } from 'vitest'
import { gridColumns } from '../../web/grid-columns.ts'

const GAP = 12
const columnsOf = (width: number, height: number, counts: readonly number[]): number[] =>
  counts.map(count => gridColumns(count, width, height, GAP))

test('L14 pictures of all agents are as large as the view lets them be', () => {
  expect(columnsOf(1256, 786, [0, 1, 2, 3, 4, 5, 6, 8])).toEqual([1, 1, 2, 2, 2, 3, 3, 4])
  expect(columnsOf(1896, 966, [1, 2, 4, 6, 8, 12, 16])).toEqual([1, 2, 2, 3, 4, 4, 6])
  // On a phone two agents stand one above the other; more than fit stand two by two.
  expect(columnsOf(366, 700, [1, 2, 8])).toEqual([1, 1, 2])
})

test('L14 tiles have their least size, or all are one below the other', () => {
  const size = fc.integer({ min: 100, max: 4000 })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 16 }), size, size, (count, width, height) => {
      const columns = gridColumns(count, width, height, GAP)
      expect(columns).toBeGreaterThanOrEqual(1)
      expect(columns).toBeLessThanOrEqual(count)
      const tileWidth = (width + GAP) / columns - GAP
      expect(columns === 1 || tileWidth >= Math.min(300, 0.46 * width)).toBe(true)
    }),
  )
})
