// U5: metrics go with the play head of a replay.
import { expect, test } from 'vitest'
import { placeInSeries, valueAt } from '../../web/metric-place.ts'
import { initialState, type ViewerState } from '../../web/state/viewer-state.ts'

type Place = Pick<ViewerState, 'replay' | 'look'>

/** A replay of episode 12 whose play head stands `atMillis` after its first step. */
const replayAt = (atMillis: number, done = false): Place =>
  ({
    replay: {
      ...{ phase: 'ready', episode: 12 },
      globalSteps: [
        [0, 1_000],
        [500, 1_050],
        [900, 1_100],
      ],
    },
    look: { state: { done }, replay: { index: 0, playhead: { atMillis } } },
  }) as unknown as Place

test('U5 a metric is shown as of the global step that the trainer had reached at the play head', () => {
  const at = (millis: number) => placeInSeries(replayAt(millis), 'train/loss')
  expect([0, 499, 500, 899, 900, 1e9].map(at)).toEqual([1_000, 1_000, 1_050, 1_050, 1_100, 1_100])
})

test('U5 what episodes come to is shown up to the one before, until this one has ended', () => {
  expect(placeInSeries(replayAt(0), 'episode/return')).toBe(11)
  expect(placeInSeries(replayAt(900, true), 'episode/return')).toBe(12)
})

test('without a replay, or a metric near it, metrics are those of now', () => {
  expect(placeInSeries(initialState, 'train/loss')).toBeNull()
  const { replay, look } = replayAt(5)
  expect(placeInSeries({ replay: null, look }, 'train/loss')).toBeNull()
  const bare = { replay: { ...replay, globalSteps: [] }, look } as unknown as Place
  expect(placeInSeries(bare, 'train/loss')).toBeNull()
})

test('the value is that of the newest point that is kept; before the first there is none', () => {
  const points: [number, number][] = [
    [10, 1],
    [20, Number.NaN],
    [30, 3],
  ]
  const values = [9, 10, 19, 20, 29, 30, 1e9].map(x => valueAt(points, x))
  expect(values).toEqual([null, 1, 1, Number.NaN, Number.NaN, 3, 3])
})
