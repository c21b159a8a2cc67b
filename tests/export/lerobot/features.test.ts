// What a dataset may hold, and how info.json says it.
import { describe, expect, test } from 'vitest'
import {
  type DatasetDescription,
  describeFeatures,
  type FeatureDescription,
} from '../../../src/export/lerobot/features.ts'

const describeOne = (name: string, feature: FeatureDescription, fps = 10) =>
  describeFeatures({ fps, features: { [name]: feature } })

test('features keep their order, and bookkeeping comes behind them', () => {
  const description: DatasetDescription = {
    fps: 10,
    features: {
      'observation.state': { dtype: 'float32', shape: [2], names: ['x', 'y'] },
      note: { dtype: 'string' },
      'observation.images.top': { dtype: 'video', shape: [64, 64, 3] },
    },
  }
  const features = describeFeatures(description)
  expect(Object.keys(features)).toEqual([
    ...['observation.state', 'note', 'observation.images.top'],
    ...['timestamp', 'frame_index', 'episode_index', 'index', 'task_index'],
  ])
  expect(features['observation.state']).toEqual({
    ...{ dtype: 'float32', shape: [2], names: ['x', 'y'] },
  })
  expect(features['observation.images.top']).toEqual({
    ...{ dtype: 'video', shape: [64, 64, 3], names: ['height', 'width', 'channels'] },
  })
  expect(features['timestamp']).toEqual({ dtype: 'float32', shape: [1], names: null })
})

test('more than one dimension is flattened; one number is a scalar', () => {
  expect(describeOne('grid', { dtype: 'uint8', shape: [4, 5] })['grid']?.shape).toEqual([20])
  expect(describeOne('one', { dtype: 'uint8', shape: [1, 1] })['one']?.shape).toEqual([1])
  expect(describeOne('one', { dtype: 'uint8' })['one']?.shape).toEqual([1])
})

describe('refused, with what was expected', () => {
  const cases: [string, FeatureDescription, RegExp][] = [
    ['a/b', { dtype: 'float32' }, /no '\/'/],
    ['..', { dtype: 'float32' }, /expected a feature name/],
    ['', { dtype: 'float32' }, /expected a feature name/],
    ['x'.repeat(201), { dtype: 'float32' }, /at most 200/],
    ['index', { dtype: 'int64' }, /made by the dataset itself/],
    ['next.reward', { dtype: 'float64' }, /expected float32 \[1\], found float64/],
    ['next.done', { dtype: 'bool', shape: [2] }, /expected bool \[1\], found bool \[2\]/],
    ['observation.images.a', { dtype: 'float32' }, /expected an image or a video/],
    ['action', { dtype: 'string' }, /expected numbers, found string/],
    ['x', { dtype: 'float16' as 'float32' }, /unknown dtype float16/],
    ['x', { dtype: 'float32', shape: [] }, /expected a shape/],
    ['x', { dtype: 'float32', shape: [2, 0] }, /expected a shape/],
    ['x', { dtype: 'float32', shape: [2], names: ['only'] }, /expected 2 names/],
    ['x', { dtype: 'video', shape: [64, 64, 2] }, /1 or 3 channels/],
    ['x', { dtype: 'video', shape: [63, 64, 3] }, /even width and height, found 64x63/],
  ]
  test.each(cases)('%s', (name, feature, message) => {
    expect(() => describeOne(name, feature)).toThrow(message)
  })

  test('a rate that is no integer', () => {
    expect(() => describeOne('x', { dtype: 'float32' }, 29.97)).toThrow(/fps.*found 29.97/)
  })
})
