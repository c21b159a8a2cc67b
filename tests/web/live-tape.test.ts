import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LiveTape, tapeLimits } from '../../web/live-tape.ts'
import type { Look } from '../../web/stage.ts'
import { frame } from './messages.ts'

const lookOf = (step: number, pixels = 0): Look => ({
  mode: 'live',
  agent: 'env-0',
  episode: 1,
  state: null,
  frame: pixels === 0 ? null : frame({ step, pixels: new Uint8Array(pixels) }),
  trail: [],
  bounds: null,
  capturedAt: step,
  replay: null,
})

describe('the tape of the live stage', () => {
  test('gives the look that was shown at a time, clamped to what it holds', () => {
    const gaps = fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 300 })
    fc.assert(
      fc.property(gaps, fc.integer({ min: -10, max: 400_000 }), (waits, at) => {
        const tape = new LiveTape()
        const added: { at: number; step: number }[] = []
        let now = 0
        for (const [step, wait] of waits.entries()) {
          now += wait
          tape.add(now, lookOf(step))
          added.push({ at: now, step })
        }
        const held = added.filter(one => one.at >= now - tapeLimits.millisMax)
        expect(tape.oldest).toBe(held[0]!.at)
        const expected = held.findLast(one => one.at <= at) ?? held[0]!
        expect(tape.entry(tape.indexAt(at))?.look.capturedAt).toBe(expected.step)
      }),
    )
  })

  test('is bounded in bytes and in count, and counts a picture that stays once', () => {
    const tape = new LiveTape()
    const bytes = 4 * 1024 * 1024
    for (let step = 0; step < 200; step++) tape.add(step, lookOf(step, bytes))
    expect(tape.size).toBeLessThanOrEqual(tapeLimits.bytesMax / bytes)
    expect(tape.size).toBeGreaterThan(tapeLimits.bytesMax / bytes - 3)
    tape.clear()
    const still = lookOf(0, bytes)
    for (let step = 0; step < 5000; step++) tape.add(step, { ...still, capturedAt: step })
    expect(tape.size).toBe(tapeLimits.looksMax)
  })

  test('of nothing gives nothing', () => {
    const tape = new LiveTape()
    expect([tape.oldest, tape.indexAt(5), tape.entry(-1)]).toEqual([null, -1, undefined])
  })
})
