import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SimulatedClock, systemClock } from '../../src/base/clock.ts'

describe('a simulated clock', () => {
  test('fires timers in order of time, then of creation, each at its own time', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50), { maxLength: 30 }), delays => {
        const clock = new SimulatedClock()
        const fired: [at: number, index: number][] = []
        for (const [index, delay] of delays.entries()) {
          clock.schedule(delay, () => fired.push([clock.monotonic(), index]))
        }
        clock.advance(50)
        const expected = delays
          .map((delay, index): [number, number] => [delay, index])
          .sort(([a, i], [b, j]) => a - b || i - j)
        expect(fired).toEqual(expected)
        expect(clock.pending).toBe(0)
      }),
    )
  })

  test('fires a timer that a timer makes within the same advance', () => {
    const clock = new SimulatedClock()
    const fired: number[] = []
    clock.schedule(10, () => clock.schedule(10, () => fired.push(clock.monotonic())))
    clock.advance(19)
    expect(fired).toEqual([])
    clock.advance(1)
    expect(fired).toEqual([20])
  })

  test('fires nothing that was cancelled', () => {
    const clock = new SimulatedClock()
    let fired = 0
    const cancel = clock.schedule(1, () => fired++)
    cancel()
    cancel()
    clock.advance(10)
    expect(fired).toBe(0)
  })

  test('fires late what fell due while it slept', () => {
    const clock = new SimulatedClock()
    const fired: number[] = []
    clock.schedule(10, () => fired.push(clock.monotonic()))
    clock.sleep(1_000)
    expect(fired).toEqual([])
    clock.advance(0)
    expect(fired).toEqual([1_000])
  })

  test('treats a negative delay as none', () => {
    const clock = new SimulatedClock()
    let firedAt = -1
    clock.advance(5)
    clock.schedule(-3, () => {
      firedAt = clock.monotonic()
    })
    clock.advance(0)
    expect(firedAt).toBe(5)
  })

  test('never goes back, also when a timer advances it', () => {
    const clock = new SimulatedClock()
    const seen: number[] = []
    clock.schedule(5, () => clock.advance(100))
    clock.schedule(7, () => seen.push(clock.monotonic()))
    clock.advance(10)
    expect(seen).toEqual([7])
    expect(clock.monotonic()).toBe(105)
  })

  test('lets the wall clock jump without moving monotonic time or firing timers', () => {
    const clock = new SimulatedClock(1_000)
    let fired = 0
    clock.schedule(1, () => fired++)
    clock.jumpWall(-500)
    expect([clock.now(), clock.monotonic(), fired]).toEqual([500, 0, 0])
    clock.advance(1)
    expect([clock.now(), clock.monotonic(), fired]).toEqual([501, 1, 1])
  })
})

describe('the system clock', () => {
  test('runs its callback once, unless it was cancelled', async () => {
    const cancelled = systemClock.schedule(0, () => expect.unreachable('it was cancelled'))
    cancelled()
    const before = systemClock.monotonic()
    await new Promise<void>(resolve => systemClock.schedule(1, resolve))
    expect(systemClock.monotonic()).toBeGreaterThan(before)
  })

  test('tells Unix time', () => {
    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(60_000)
  })
})
