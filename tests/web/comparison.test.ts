import { expect, test } from 'vitest'
import { SimulatedClock } from '../../src/base/clock.ts'
import { Comparison, stepAt } from '../../web/comparison.ts'
import { Stage } from '../../web/stage.ts'
import { episode } from './messages.ts'

/** Two episodes with a step every 100 ms, of 4 and of 8 steps. */
function compare() {
  const clock = new SimulatedClock()
  const stages = [new Stage(), new Stage()] as const
  const comparison = new Comparison(stages, clock)
  const open = (side: 0 | 1, steps: number): void =>
    stages[side].openReplay(1, episode(side, 1, steps), clock.monotonic())
  const shown = () => {
    comparison.tick()
    return stages.map(stage => stage.look(clock.monotonic())?.replay?.index ?? null)
  }
  return { clock, comparison, stages, open, shown }
}

const both = () => {
  const made = compare()
  made.open(0, 4)
  made.open(1, 8)
  return made
}

test('U5 L16 two episodes play on one clock, and the shorter one waits at its end', () => {
  const { clock, comparison, shown } = both()
  expect(shown()).toEqual([0, 0])
  clock.advance(250)
  expect(shown()).toEqual([2, 2])
  clock.advance(300)
  expect(shown()).toEqual([3, 5])
  clock.advance(1000)
  expect(shown()).toEqual([3, 7])
  expect(comparison.store.getState().playhead.playing).toBe(false)
})

test('a control places both at once, without a tick', () => {
  const { clock, comparison, stages, shown } = both()
  shown()
  comparison.seekTo(320)
  expect(stages.map(stage => stage.look(clock.monotonic())?.replay?.index)).toEqual([3, 3])
})

test('nothing plays before both are there', () => {
  const { clock, comparison, open, shown } = compare()
  open(0, 4)
  expect(shown()).toEqual([0, null])
  clock.advance(1000)
  expect(shown()).toEqual([0, null])
  open(1, 8)
  expect(shown()).toEqual([0, 0])
  expect(comparison.store.getState().playhead.playing).toBe(true)
})

test('one control moves both', () => {
  const { comparison, shown } = both()
  shown()
  comparison.seekTo(320)
  expect(shown()).toEqual([3, 3])
  comparison.stepBy(-1)
  expect(shown()).toEqual([2, 2])
  comparison.togglePlaying()
  comparison.togglePlaying()
  expect(comparison.store.getState().playhead.playing).toBe(false)
})

test('by steps both show the same step, however long it took', () => {
  const { comparison, shown } = both()
  shown()
  comparison.setBasis('steps')
  comparison.togglePlaying()
  expect(shown()).toEqual([0, 0])
  for (let step = 1; step < 8; step++) {
    comparison.stepBy(1)
    expect(shown()).toEqual([Math.min(3, step), step])
  }
})

test('U5 by steps a long episode, of which some are left out, shows the step of the other', () => {
  const { clock, comparison, stages } = compare()
  const every4th = episode(0, 1, 5)
  const steps = every4th.steps.map(step => ({ ...step, step: 4 * step.step }))
  stages[0].openReplay(1, { ...every4th, steps, thinned_by: 4 }, clock.monotonic())
  stages[1].openReplay(1, episode(1, 1, 8), clock.monotonic())
  comparison.tick()
  comparison.setBasis('steps')
  comparison.togglePlaying()
  const { offsets } = comparison.store.getState()
  const shown = offsets.map(() => {
    comparison.tick()
    const at = stepAt(offsets, comparison.store.getState().playhead.atMillis)
    const steps = stages.map(stage => stage.look(clock.monotonic())?.state?.step)
    comparison.stepBy(1)
    return [at, ...steps]
  })
  expect(shown).toEqual([
    ...[0, 1, 2, 3].map(step => [step, 0, step]),
    ...[4, 5, 6, 7].map(step => [step, 4, step]),
    ...[8, 12, 16].map(step => [step, step, 7]),
  ])
})
