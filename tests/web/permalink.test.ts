import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatRoute, parseRoute, type Route } from '../../web/permalink.ts'

const episode = fc.nat({ max: 4_000_000_000 })
const anyRoute: fc.Arbitrary<Route> = fc.oneof(
  fc.constantFrom<Route>({ view: 'live' }, { view: 'grid' }, { view: 'system' }),
  fc.record({ view: fc.constant('compare' as const), left: episode, right: episode }),
  fc.record({
    view: fc.constant('episode' as const),
    episode,
    atSeconds: fc.option(fc.nat({ max: 100_000_000 }).map(millis => millis / 1000)),
  }),
)

test('L17 every place has an address, and the address leads there', () => {
  fc.assert(
    fc.property(anyRoute, route => {
      expect(parseRoute(formatRoute(route))).toEqual(route)
    }),
  )
  expect(formatRoute({ view: 'episode', episode: 12, atSeconds: 3.2 })).toBe('#/episode/12?t=3.2')
})

test('what is no address is the live run', () => {
  const texts = fc.oneof(
    fc.string(),
    fc.string().map(text => `#/episode/${text}x`),
  )
  fc.assert(
    fc.property(texts, text => {
      expect(parseRoute(text)).toEqual({ view: 'live' })
    }),
  )
  for (const text of ['#/episode/', '#/episode/-1', '#/episode/1?t=-1', '#/compare/1']) {
    expect(parseRoute(text)).toEqual({ view: 'live' })
  }
})
