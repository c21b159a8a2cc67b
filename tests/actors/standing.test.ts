// V3: where an encoder stands behind the log, told once each time it changes.
import { expect, test } from 'vitest'
import { type Place, Standing } from '../../src/actors/encoder/standing.ts'

const MAX = 1000

/** What is told on the way through these places; null where nothing is. */
function told(...places: Partial<Place>[]) {
  const standing = new Standing(MAX)
  const change = (place: Partial<Place>) =>
    standing.change({ lag: 0, isGrowing: false, waiting: null, ...place })
  return places.map(place => {
    const event = change(place)
    return event ? ('reason' in event ? [event.type, event.reason] : [event.type]) : null
  })
}

test('V3 it is told once that it has caught up, and not again for a lag of a moment', () => {
  expect(told({ lag: 0 }, { lag: 0 }, { lag: 100 }, { lag: 0 })).toEqual([
    ['caughtUp'],
    null,
    null,
    null,
  ])
  expect(told({ lag: 0 }, { lag: 101 }, { lag: 0 })).toEqual([
    ['caughtUp'],
    ['fellBehind'],
    ['caughtUp'],
  ])
})

test('V3 too long a lag is warned of until it is over', () => {
  const reason = "1001 events behind the log's end"
  expect(told({ lag: 1001 }, { lag: 1500 }, { lag: 999 }, { lag: 1001 })).toEqual([
    ['lagRose', reason],
    null,
    ['lagFell'],
    ['lagRose', reason],
  ])
  expect(told({ lag: 1001 }, { lag: 0 })).toEqual([['lagRose', reason], ['caughtUp']])
})

test('V3 a lag that grows from episode to episode is warned of sooner, with what to do', () => {
  const [first, near, grown] = told(
    { lag: 500 },
    { lag: 100, isGrowing: true },
    { lag: 500, isGrowing: true },
  )
  expect([first, near]).toEqual([null, null])
  expect(grown?.[1]).toMatch(/^500 events behind .* profile 'fast', smaller frames or fewer/)
})

test('V3 what it waits for is told, and so is the next reason, and that it goes on', () => {
  const places = [{ lag: 5, waiting: 'no room' }, { lag: 2000 }, { lag: 50 }]
  expect(told(...places)).toEqual([
    ['lagRose', 'no room'],
    ['lagRose', "2000 events behind the log's end"],
    ['lagFell'],
  ])
})
