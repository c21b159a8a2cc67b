import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalMetrics, canonicalName } from '../../src/protocol/metric-names.ts'
import { treacherousNames } from './arbitraries.ts'

describe('metric names', () => {
  test('of the three libraries meet under one canon', () => {
    const returns = [
      'rollout/ep_rew_mean',
      'charts/episodic_return',
      'episode_reward_mean',
      'env_runners/episode_return_mean',
    ]
    for (const name of returns) expect(canonicalName(name)).toBe('rollout/ep_rew_mean')
    const losses = [
      'train/value_loss',
      'losses/value_loss',
      'info/learner/default_policy/learner_stats/vf_loss',
      'learners/default_policy/vf_loss',
    ]
    for (const name of losses) expect(canonicalName(name)).toBe('train/value_loss')
    expect(canonicalName('my/own')).toBe('my/own')
  })

  test('are canonical already when they are canon', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.constantFrom('losses/entropy', 'charts/SPS')), name => {
        expect(canonicalName(canonicalName(name))).toBe(canonicalName(name))
      }),
    )
  })
})

describe('the entropy', () => {
  test('is positive whichever library logged it: SB3 logs the negative, CleanRL the entropy', () => {
    expect(canonicalMetrics({ 'train/entropy_loss': -0.7 })).toEqual({ 'train/entropy': 0.7 })
    expect(canonicalMetrics({ 'losses/entropy': 0.7 })).toEqual({ 'train/entropy': 0.7 })
    expect(canonicalMetrics({ 'train/entropy': 0.7 })).toEqual({ 'train/entropy': 0.7 })
  })

  test('is the only one whose sign turns', () => {
    const names = ['losses/policy_loss', 'losses/approx_kl', 'learners/default_policy/entropy']
    for (const name of names) expect(Object.values(canonicalMetrics({ [name]: -2 }))).toEqual([-2])
  })
})

describe('values', () => {
  test('B3 that are not finite go through', () => {
    const values = canonicalMetrics({ a: Number.NaN, b: Infinity, 'train/entropy_loss': Infinity })
    expect(values).toEqual({ a: Number.NaN, b: Infinity, 'train/entropy': -Infinity })
  })

  test('under names of every object`s properties are kept and do no harm', () => {
    const given = Object.fromEntries(treacherousNames.map((name, i) => [name, i]))
    expect(Object.entries(canonicalMetrics(given))).toEqual(Object.entries(given))
    expect(Object.keys(Object.prototype)).toEqual([])
  })
})
