import { expect, test } from 'vitest'
import { isLone } from '../../web/lone-point.ts'

test('a point is alone when no other is known', () => {
  expect([[3], [null, 0, undefined], [Number.NaN]].map(isLone)).toEqual([true, true, true])
  expect([[], [null], [1, 2], [1, null, 2]].map(isLone)).toEqual([false, false, false, false])
})
