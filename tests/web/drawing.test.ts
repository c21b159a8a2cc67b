import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  formatCount,
  formatPlace,
  formatReturn,
  formatTicks,
  formatTime,
  formatValue,
} from '../../web/format.ts'
import { fractionOf, relativeRange, widen } from '../../web/meter-range.ts'
import { movingMean } from '../../web/moving-mean.ts'
import { ReplayFrames } from '../../web/replay-frames.ts'
import { toRgba } from '../../web/rgba.ts'
import { windowRows } from '../../web/window-rows.ts'
import { frame } from './messages.ts'

describe('pixels', () => {
  test.each([
    ['rgb8', [1, 2, 3, 4, 5, 6], [1, 2, 3, 255, 4, 5, 6, 255]],
    ['rgba8', [1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 4, 5, 6, 7, 8]],
    ['gray8', [7, 9], [7, 7, 7, 255, 9, 9, 9, 255]],
  ] as const)('%s becomes RGBA', (format, pixels, expected) => {
    const target = new Uint8ClampedArray(8)
    toRgba({ format, pixels: Uint8Array.from(pixels) }, target)
    expect([...target]).toEqual([...expected])
  })
})

describe('the frames of a replay', () => {
  test('stay within their bytes, evenly spread, and the first one stays', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 2, max: 40 }),
        (count, max) => {
          const frames = new ReplayFrames(max * 2)
          for (let index = 0; index < count; index++) frames.add(frame({ index, step: index }))
          expect(frames.size).toBe(Math.ceil(count / frames.stride))
          expect(frames.size).toBeLessThanOrEqual(max)
          expect(frames.at(0)?.index).toBe(0)
          const at = frames.at(count - 1)!.step
          expect(count - 1 - at).toBeLessThan(frames.stride)
        },
      ),
    )
  })

  test('the frame of a step is the last one taken by then', () => {
    const frames = new ReplayFrames()
    expect(frames.at(0)).toBeNull()
    for (const [index, step] of [2, 4, 9].entries()) frames.add(frame({ index, step }))
    expect([0, 2, 3, 4, 8, 9, 99].map(step => frames.at(step)?.step)).toEqual([2, 2, 2, 4, 4, 9, 9])
  })
})

test('of a long list at most what is in sight and a little more is drawn', () => {
  const sizes = fc.nat({ max: 5000 })
  fc.assert(
    fc.property(sizes, sizes, fc.integer({ min: 0, max: 1000 }), (count, top, height) => {
      const { from, to } = windowRows(count, 30, top, height)
      expect(to - from).toBeLessThanOrEqual(height / 30 + 14)
      expect(from).toBeGreaterThanOrEqual(0)
      expect(to).toBeLessThanOrEqual(count)
      for (let row = 0; row < count; row++) {
        const inSight = row * 30 < top + height && (row + 1) * 30 > top
        if (inSight) expect(row >= from && row < to).toBe(true)
      }
    }),
  )
})

test('the moving mean leaves out what is not finite', () => {
  const values = [1, Number.NaN, 3, Number.POSITIVE_INFINITY, 8]
  expect(movingMean(values, 2)).toEqual([1, 1, 3, 3, 8])
  expect(movingMean([Number.NaN], 5)).toEqual([null])
})

test('a range widens to what it has seen and never narrows', () => {
  const seen = [0.5, 3, -1, Number.NaN].reduce(widen, widen(undefined, 0))
  expect(seen).toEqual({ min: -1, max: 3 })
  expect(fractionOf(seen, 1)).toBe(0.5)
  expect(fractionOf(seen, Number.NaN)).toBe(0)
})

test('relative bars show the lowest of several values and the highest in full', () => {
  const range = relativeRange([10, 11, 12])
  expect(fractionOf(range, 12)).toBe(1)
  expect(fractionOf(range, 10)).toBeGreaterThan(0)
  expect(fractionOf(relativeRange([5, 5]), 5)).toBe(1)
})

test('the figures of an axis are as short as tells them apart', () => {
  expect([0, 50, 100].map(String)).toEqual(formatTicks([0, 50, 100]))
  expect(formatTicks([-1, -0.5, 0, 0.5])).toEqual(['−1.0', '−0.5', '0', '0.5'])
  expect(formatTicks([0.1, 0.1 + 0.2, 0.5])).toEqual(['0.1', '0.3', '0.5'])
  expect(formatTicks([2.25, 2.5, 2.75])).toEqual(['2.25', '2.50', '2.75'])
  expect(formatTicks([1e-5, 2e-5])).toEqual(['1.00e-5', '2.00e-5'])
  expect(formatTicks([0.0062, 0.0064, 0.0066])).toEqual(['0.0062', '0.0064', '0.0066'])
  expect(formatTicks([1_000_000, 1_000_100])).toEqual(['1000000', '1000100'])
  expect(formatTicks([7, 7])).toEqual(['7', '7'])
  expect(formatTicks([0.5])).toEqual(['0.500'])
  expect(formatTicks([])).toEqual([])
})

test('numbers are short and say what they are', () => {
  expect([812, 1234, 1_234_567].map(formatCount)).toEqual(['812', '1.23k', '1.23M'])
  expect([9.99e14, 1e300, -1e15].map(formatCount)).toEqual(['999T', '1.00e+300', '-1.00e+15'])
  expect([0, -0, 3, 12.3456, -0.5, 0.000123, Number.NaN].map(formatValue)).toEqual([
    '0',
    '0',
    '3',
    '12.35',
    '−0.500',
    '1.23e-4',
    'NaN',
  ])
  expect([Number.NaN, -2].map(formatReturn)).toEqual(['–', '−2'])
  expect([Number.NaN, Number.POSITIVE_INFINITY].map(formatTime)).toEqual(['–', '–'])
  expect(formatTime(0)).toMatch(/\d\d:\d\d:00/)
  expect(formatPlace(65_340)).toBe('1:05.3')
})
