import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CREDIT_MIN, Credit } from '../../src/gateway/credit.ts'

const FPS = 32

/** The rate after each second; of each it is told whether half of the frames were given up. */
function rates(seconds: readonly boolean[], fps = FPS): number[] {
  const credit = new Credit()
  return seconds.map(isBad => {
    credit.review(fps, isBad ? fps / 2 : 0, fps)
    return credit.rateOf(fps)
  })
}

const bad = (count: number): boolean[] => Array.from({ length: count }, () => true)
const good = (count: number): boolean[] => Array.from({ length: count }, () => false)

describe('F11 a viewer`s credit', () => {
  test('is what it asks for while it takes what it is sent', () => {
    expect(rates(good(5))).toEqual([32, 32, 32, 32, 32])
    expect(new Credit().rateOf(0.5)).toBe(0.5)
  })

  test('is halved each second from the second bad one on, down to one frame a second', () => {
    expect(rates(bad(8))).toEqual([32, 16, 8, 4, 2, 1, 1, 1])
    expect(rates(bad(3), 0.5)).toEqual([0.5, 0.5, 0.5])
  })

  test('is not touched by a single bad second, nor by a few frames', () => {
    expect(rates([...bad(1), ...good(2), ...bad(1)])).toEqual([32, 32, 32, 32])
    const credit = new Credit()
    for (let second = 0; second < 10; second++) credit.review(30, 3, 30)
    expect(credit.rateOf(30)).toBe(30)
  })

  test('comes back by doubling when nothing was given up for three seconds', () => {
    expect(rates([...bad(4), ...good(10)])).toEqual([
      ...[32, 16, 8, 4, 4, 4],
      ...[8, 8, 8, 16, 16, 16, 32, 32],
    ])
  })

  test('a second without frames is none of drops', () => {
    const credit = new Credit()
    for (let second = 0; second < 5; second++) credit.review(0, 0, FPS)
    expect(credit.rateOf(FPS)).toBe(FPS)
  })

  test('stays between one frame a second and what is asked for, and is whole again in time', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 240, noNaN: true }),
        fc.array(fc.tuple(fc.nat(300), fc.nat(300)), { maxLength: 60 }),
        (fps, seconds) => {
          const credit = new Credit()
          for (const [offered, dropped] of seconds) {
            credit.review(offered, Math.min(offered, dropped), fps)
            expect(credit.rateOf(fps)).toBeLessThanOrEqual(fps)
            expect(credit.rateOf(fps)).toBeGreaterThanOrEqual(Math.min(fps, CREDIT_MIN))
          }
          for (let second = 0; second < 30; second++) credit.review(1, 0, fps)
          expect(credit.rateOf(fps)).toBe(fps)
        },
      ),
    )
  })
})
