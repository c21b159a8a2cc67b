// S9: what a soak calls flat and bounded. The verdict of its samples, without the soak.
import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import { overgrown, type Sample } from './samples.ts'

/** Half an hour of a run, a sample every five seconds, with some noise. */
function halfAnHour(change: (minutes: number) => Partial<Sample> = () => ({})): Sample[] {
  const random = seededRandom(1)
  return Array.from({ length: 360 }, (_, index) => {
    const minutes = index / 12
    return {
      ...{ minutes, ownMib: 300 + random.below(20), fds: 60 + random.below(2), threads: 40 },
      ...{ eventMib: minutes, logMib: 20 + 1.5 * minutes, spilledBytes: 0 },
      ...change(minutes),
    }
  })
}

describe('S9 a soak', () => {
  test('finds nothing in a run that takes its memory in the beginning, and a log of its events', () => {
    expect(overgrown(halfAnHour())).toEqual([])
    const garbage = seededRandom(2)
    const heaps = halfAnHour(() => ({
      ownMib: 300 + (garbage.below(4) > 0 ? garbage.below(200) : 0),
    }))
    expect(overgrown(heaps)).toEqual([])
    // As those of a run in which nothing was kept: for minutes more, for minutes less.
    const slow = halfAnHour(minutes => ({ ownMib: 760 + 60 * Math.sin(minutes) }))
    expect(overgrown(slow)).toEqual([])
    const warming = halfAnHour(minutes => ({ ownMib: 200 + Math.min(100, 20 * minutes) }))
    expect(overgrown(warming)).toEqual([])
  })

  test.each([
    ['memory', (minutes: number) => ({ ownMib: 300 + 2 * minutes })],
    ['memory', (minutes: number) => ({ ownMib: 760 + 60 * Math.sin(minutes) + 8 * minutes })],
    ['file descriptors', (minutes: number) => ({ fds: 60 + Math.floor(minutes / 5) })],
    ['threads', (minutes: number) => ({ threads: 40 + Math.floor(minutes / 5) })],
    ['the log', (minutes: number) => ({ logMib: 20 + 6 * minutes })],
    ['something waited', (minutes: number) => ({ spilledBytes: minutes > 29 ? 1 : 0 })],
  ])('finds that %s grows', (what, change) => {
    const problems = overgrown(halfAnHour(change))
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(what)
  })

  test('says that it cannot tell, where it is too short to', () => {
    expect(overgrown(halfAnHour().slice(0, 5))).toEqual([
      '5 samples are too few to tell what grows',
    ])
  })
})
