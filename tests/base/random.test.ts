import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'

const draw = (seed: number, count: number): number[] => {
  const random = seededRandom(seed)
  return Array.from({ length: count }, () => random.below(2 ** 32))
}

describe('a seeded generator', () => {
  test('gives the stream that it gave when this was written, on every machine', () => {
    expect(draw(0, 4)).toEqual([3809008728, 1133695204, 53579671, 2891528803])
    expect(draw(1, 4)).toEqual([2442144158, 3238099751, 3819917871, 2104621829])
    expect(draw(-1, 4)).toEqual([835879718, 1921286648, 2356199249, 1873990004])
    expect(draw(123_456_789_012, 4)).toEqual([1521372386, 2648566590, 1360509934, 3552141076])
  })

  test('gives unrelated streams for nearby seeds', () => {
    fc.assert(
      fc.property(fc.integer(), seed => {
        const same = draw(seed, 32).filter((value, i) => value === draw(seed + 1, 32)[i])
        expect(same).toEqual([])
      }),
    )
  })

  test('stays within [0, 1) and below the bound', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 2 ** 32 }), (seed, bound) => {
        const random = seededRandom(seed)
        for (let i = 0; i < 20; i++) {
          const [fraction, integer] = [random.next(), random.below(bound)]
          expect(fraction >= 0 && fraction < 1).toBe(true)
          expect(Number.isInteger(integer) && integer >= 0 && integer < bound).toBe(true)
        }
      }),
    )
  })

  test('fills its range evenly', () => {
    const random = seededRandom(7)
    const counts = new Array<number>(10).fill(0)
    for (let i = 0; i < 100_000; i++) {
      const slot = random.below(10)
      counts[slot] = counts[slot]! + 1
    }
    // Five standard deviations of a fair draw.
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(475)
  })
})
