import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Pacer } from '../../src/replay/pacer.ts'

const dueTimes = (pacer: Pacer, times: readonly number[]): number[] =>
  times.map(time => pacer.dueAt(time))

describe('a pacer (invariant 7)', () => {
  test('keeps the original distances at speed 1, and divides them by the speed', () => {
    const times = [10_000, 10_100, 10_150, 12_000]
    expect(dueTimes(new Pacer(1, 500), times)).toEqual([500, 600, 650, 2_500])
    expect(dueTimes(new Pacer(4, 500), times)).toEqual([500, 525, 537.5, 1_000])
    expect(dueTimes(new Pacer(0.5, 0), times)).toEqual([0, 200, 300, 4_000])
  })

  test('does not wait at infinite speed', () => {
    expect(dueTimes(new Pacer(Number.POSITIVE_INFINITY, 7), [1, 1e12, 2])).toEqual([7, 7, 7])
  })

  test('cuts a pause of more than five seconds short, before the speed applies', () => {
    expect(dueTimes(new Pacer(1, 0), [0, 86_400_000, 86_400_100])).toEqual([0, 5_000, 5_100])
    expect(dueTimes(new Pacer(10, 0), [0, 86_400_000])).toEqual([0, 500])
  })

  test('takes time that goes back for no time, and goes on from there', () => {
    expect(dueTimes(new Pacer(1, 0), [1_000, 400, 500])).toEqual([0, 0, 100])
  })

  test('never falls due earlier than before, nor later than the time that passed', () => {
    const times = fc.array(fc.integer({ min: 0, max: 100_000 }), { minLength: 2 })
    const speeds = fc.double({ min: 0.1, max: 16, noNaN: true })
    fc.assert(
      fc.property(times, speeds, (given, speed) => {
        const due = dueTimes(new Pacer(speed, 0), given)
        for (let i = 1; i < due.length; i++) {
          const passed = Math.max(0, given[i]! - given[i - 1]!) / speed
          expect(due[i]! - due[i - 1]!).toBeGreaterThanOrEqual(0)
          expect(due[i]! - due[i - 1]!).toBeLessThanOrEqual(passed + 1e-6)
        }
      }),
    )
  })
})
