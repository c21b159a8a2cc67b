import { describe, expect, test } from 'vitest'
import { emptyCounters } from '../../src/protocol/policies.ts'

describe('counters of a channel', () => {
  test('start at nothing, each channel with its own (invariant 4)', () => {
    const [a, b] = [emptyCounters(), emptyCounters()]
    a.offered++
    expect(Object.values(b).every(value => value === 0)).toBe(true)
    expect(Object.keys(b)).toEqual([
      ...['offered', 'taken', 'dropped', 'spilled', 'blockedMillis'],
      ...['depth', 'depthBytes', 'highWater'],
    ])
  })
})
