import { expect, test } from 'vitest'
import { Pulse } from '../../src/runtime/pulse.ts'

test('F1 a pulse is of the last second, over the end of an episode', () => {
  const pulse = new Pulse()
  expect(pulse.look(0, 5, 1)).toEqual({
    ...{ lastReward: Number.NaN, meanReward: Number.NaN },
    ...{ stepsPerSecond: Number.NaN, loss: Number.NaN },
  })
  pulse.lastReward = -2
  pulse.loss = 0.5
  expect(pulse.look(500, 55, 26)).toEqual({
    ...{ lastReward: -2, meanReward: 0.5, stepsPerSecond: 100, loss: 0.5 },
  })
  pulse.endEpisode(60, 30)
  expect(pulse.look(1000, 45, 70)).toMatchObject({ meanReward: 0.99, stepsPerSecond: 100 })
  // From here on the first look is too old: 200 steps and 180 of reward since 500.
  expect(pulse.look(1600, 195, 176)).toMatchObject({
    meanReward: 0.9,
    stepsPerSecond: expect.closeTo(181.8, 1) as number,
  })
})

test('a pulse that nobody looked at for long says nothing of now', () => {
  const pulse = new Pulse()
  pulse.look(0, 0, 0)
  expect(pulse.look(60_000, 1000, 1000).stepsPerSecond).toBe(Number.NaN)
  expect(pulse.look(60_100, 1010, 1010)).toMatchObject({ stepsPerSecond: 100, meanReward: 1 })
})

test('a pulse without a step has no mean reward', () => {
  const pulse = new Pulse()
  pulse.look(0, 3, 3)
  expect(pulse.look(100, 3, 3)).toMatchObject({ stepsPerSecond: 0, meanReward: Number.NaN })
})
