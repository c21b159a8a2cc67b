import fc from 'fast-check'
import { expect, test } from 'vitest'
import { overlayNames, readOptions } from '../../web/overlay/options.ts'

test('U9 S26 an overlay is what its address says', () => {
  const query = '?agent=env-2&theme=light&scale=1.5&background=none&names=a,b%2Fc&max=2&seconds=8'
  const { options, problems } = readOptions('/overlay/metrics', `${query}&figures=off&meters=off`)
  expect(problems).toEqual([])
  expect(options).toEqual({
    overlay: 'metrics',
    agent: 'env-2',
    theme: 'light',
    scale: 1.5,
    background: 'none',
    names: ['a', 'b/c'],
    max: 2,
    seconds: 8,
    figures: false,
    meters: false,
  })
})

test('all of it has a default', () => {
  for (const overlay of overlayNames) {
    const { options, problems } = readOptions(`/overlay/${overlay}`, '')
    expect(problems).toEqual([])
    expect(options).toMatchObject({ overlay, agent: null, theme: 'dark', scale: 1, names: [] })
  }
})

test('what is wrong with it is said, and something is shown all the same', () => {
  const { options, problems } = readOptions('/overlay/metrix', '?scale=9&theme=pink&scael=1&max=')
  expect(options).toMatchObject({ overlay: 'episode', scale: 1, theme: 'dark', max: 4 })
  expect(problems).toEqual([
    expect.stringContaining('found scael'),
    'expected /overlay/ and one of episode, metrics, milestones, latency, found /overlay/metrix',
    'theme: expected dark or light, found pink',
    'scale: expected a number from 0.5 to 4, found 9',
    'max: expected a number from 1 to 20, found ',
  ])
  fc.assert(
    fc.property(fc.webQueryParameters(), query => {
      expect(readOptions('/overlay/episode', `?${query}`).options.overlay).toBe('episode')
    }),
  )
})
