import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addSample, bestSample, type ClockSample, sampleOf } from '../../web/clock-sync.ts'
import { LatencyMeter } from '../../web/latency.ts'

test('the offset of a sample is wrong by at most half its round trip', () => {
  const delay = fc.double({ min: 0, max: 5000, noNaN: true })
  fc.assert(
    fc.property(fc.integer({ min: -1e9, max: 1e9 }), delay, delay, (offset, there, back) => {
      const sent = 1_700_000_000_000
      const sample = sampleOf(sent, sent + there + offset, sent + there + back)!
      expect(Math.abs(sample.offsetMillis - offset)).toBeLessThanOrEqual(
        sample.roundTripMillis / 2 + 0.01,
      )
    }),
  )
})

test('an answer from before the question is no sample', () => {
  expect(sampleOf(1000, 1000, 999)).toBeNull()
  expect(sampleOf(1000, Number.NaN, 1001)).toBeNull()
})

test('the shortest of the last 16 samples is the best one', () => {
  let samples: readonly ClockSample[] = []
  expect(bestSample(samples)).toBeNull()
  samples = addSample(samples, { offsetMillis: 1, roundTripMillis: 1 })
  for (let index = 0; index < 15; index++) {
    samples = addSample(samples, { offsetMillis: 2, roundTripMillis: 9 - (index === 4 ? 4 : 0) })
  }
  expect(bestSample(samples)?.roundTripMillis).toBe(1)
  samples = addSample(samples, { offsetMillis: 3, roundTripMillis: 50 })
  expect(samples).toHaveLength(16)
  expect(bestSample(samples)?.roundTripMillis).toBe(5)
})

test('latency is measured on the server clock and shown as the median of the last draws', () => {
  const meter = new LatencyMeter()
  expect(meter.medianMillis).toBeNull()
  for (const latency of [10, 12, 900]) meter.record(5000, 1000 + latency, 4000)
  expect(meter.medianMillis).toBe(12)
  for (let draw = 0; draw < 64; draw++) meter.record(5000, 1030, 4000)
  expect(meter.medianMillis).toBe(30)
  meter.reset()
  expect(meter.medianMillis).toBeNull()
})

test('a latency below zero is the error of the clocks and counts as zero', () => {
  const meter = new LatencyMeter()
  meter.record(1000, 990, 0)
  expect(meter.medianMillis).toBe(0)
})
