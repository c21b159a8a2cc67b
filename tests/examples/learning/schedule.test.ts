// Schedules and running means: what they say at which count.
import { describe, expect, test } from 'vitest'
import { RecentMean, scheduledValue } from '../../../examples/learning/schedule.ts'

describe('the schedule', () => {
  test('runs straight from one value to the other and stays there', () => {
    const schedule = { from: 1, to: 0.2, steps: 100 }
    expect(scheduledValue(schedule, 0)).toBe(1)
    expect(scheduledValue(schedule, 50)).toBeCloseTo(0.6)
    expect(scheduledValue(schedule, 100)).toBe(0.2)
    expect(scheduledValue(schedule, 1e9)).toBe(0.2)
  })

  test('averages the newest numbers only', () => {
    const recent = new RecentMean(2)
    expect(recent.mean).toBe(0)
    for (const value of [100, 1, 3]) recent.append(value)
    expect(recent.mean).toBe(2)
  })
})
