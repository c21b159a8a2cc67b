import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SimulatedClock } from '../../src/base/clock.ts'
import { Histogram } from '../../src/base/histogram.ts'
import { RecentHistogram } from '../../src/base/recent-histogram.ts'

test('it holds what was recorded in its span, give or take one part of it', () => {
  const pause = fc.constantFrom(0, 1, 400, 999, 1000, 2500, 7000, 50_000)
  fc.assert(
    fc.property(fc.array(fc.tuple(pause, fc.nat(1000)), { maxLength: 40 }), turns => {
      const clock = new SimulatedClock()
      const recent = new RecentHistogram(clock, 6000)
      const recorded: { readonly at: number; readonly value: number }[] = []
      for (const [millis, value] of turns) {
        clock.advance(millis)
        recent.record(value)
        recorded.push({ at: clock.monotonic(), value })
        const now = clock.monotonic()
        const sum = recent.summed()
        expect(sum.count).toBeLessThanOrEqual(recorded.filter(one => one.at > now - 6000).length)
        const sure = recorded.filter(one => one.at > now - 5000)
        expect(sum.count).toBeGreaterThanOrEqual(sure.length)
        expect(sum.max).toBeGreaterThanOrEqual(Math.max(...sure.map(one => one.value)))
      }
      clock.advance(6000)
      expect(recent.summed().count).toBe(0)
    }),
  )
})

test('a histogram that is added to another gives what recording all in one gives', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(5000)), fc.array(fc.nat(5000)), (first, second) => {
      const [sum, other, all] = [new Histogram(), new Histogram(), new Histogram()]
      for (const value of first) sum.record(value)
      for (const value of second) other.record(value)
      for (const value of [...first, ...second]) all.record(value)
      sum.add(other)
      const figures = (one: Histogram) => [one.count, one.sum, one.min, one.max, one.quantile(0.5)]
      expect(figures(sum)).toEqual(figures(all))
    }),
  )
})
