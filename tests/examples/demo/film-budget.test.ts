import { describe, expect, test } from 'vitest'
import { FilmBudget } from '../../../examples/demo/film-budget.ts'

describe('the budget of what is filmed', () => {
  test('allows a second of frames at once, and no more than comes in', () => {
    const budget = new FilmBudget(100)
    let frames = 0
    for (; budget.allows && frames < 10_000; frames++) budget.spend()
    expect(frames).toBeGreaterThanOrEqual(100)
    // What the clock of this machine adds meanwhile.
    expect(frames).toBeLessThan(300)
    for (let i = 0; i < 1e6; i++) budget.spend()
    expect(budget.allows).toBe(false)
  })
})
