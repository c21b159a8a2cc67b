import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FrameSources, STALE_MILLIS } from '../../../src/actors/broadcaster/frame-sources.ts'

const KEY = 'a/main'
/** At a high rate the intervals that are granted besides are short. */
const FPS = 200
const patience = STALE_MILLIS + 2000 / FPS

const byLog = (sources: FrameSources, now: number): boolean => sources.source(KEY, now).byLog

function wanted(fps = FPS): FrameSources {
  const sources = new FrameSources()
  sources.want(KEY, fps)
  return sources
}

describe('F10 where frames come from', () => {
  test('nowhere while none are wanted, whatever is recorded', () => {
    const sources = new FrameSources()
    sources.noteRecorded(KEY, 1, 0)
    expect(sources.source(KEY, 1e9)).toMatchObject({ fps: 0, byLog: false })
    expect(sources.summary).toBe('none')
  })

  test('the lane, as long as it brings them', () => {
    const sources = wanted()
    for (let time = 0; time < 10_000; time += 16) {
      expect(sources.takeFromLane(KEY, time, time)).toBe(true)
      sources.noteRecorded(KEY, time, time + 2)
      expect(byLog(sources, time + 3)).toBe(false)
    }
    expect(sources.summary).toBe('lane')
  })

  test('the log, when frames were recorded for a second and the lane brought none', () => {
    const sources = wanted()
    sources.noteRecorded(KEY, 5, 100)
    expect(byLog(sources, 100 + patience)).toBe(false)
    expect(byLog(sources, 101 + patience)).toBe(true)
    expect(sources.summary).toBe('log')
  })

  test('the lane again, with its first frame', () => {
    const sources = wanted()
    sources.noteRecorded(KEY, 5, 100)
    byLog(sources, 5_000)
    expect(sources.takeFromLog(KEY, 5)).toBe(true)
    expect(sources.takeFromLane(KEY, 6, 5_100)).toBe(true)
    expect(byLog(sources, 5_100)).toBe(false)
    expect(sources.summary).toBe('lane')
  })

  test('a trainer that takes a frame every minute does not make the lane look stale', () => {
    const sources = wanted()
    for (let time = 0; time < 600_000; time += 60_000) {
      // Now the lane is first, now the log's writer.
      if (time % 120_000 === 0) sources.noteRecorded(KEY, time, time)
      sources.takeFromLane(KEY, time, time + 1)
      sources.noteRecorded(KEY, time, time + 2)
      expect(byLog(sources, time + 59_999)).toBe(false)
    }
  })

  test('a viewer that wants one in ten seconds does not either', () => {
    const sources = wanted(0.1)
    for (let time = 0; time < 60_000; time += 16) {
      if (time % 10_000 === 0) sources.takeFromLane(KEY, time, time)
      sources.noteRecorded(KEY, time, time)
      expect(byLog(sources, time)).toBe(false)
    }
  })

  test('a frame is shown once, by whichever way it comes first, and never after a newer one', () => {
    const way = fc.record({ byLane: fc.boolean(), time: fc.nat(50) })
    fc.assert(
      fc.property(fc.array(way), frames => {
        const sources = wanted()
        let newest = -1
        for (const [now, { byLane, time }] of frames.entries()) {
          const isNew = byLane
            ? sources.takeFromLane(KEY, time, now)
            : sources.takeFromLog(KEY, time)
          expect(isNew).toBe(time > newest)
          newest = Math.max(newest, time)
        }
      }),
    )
  })

  test('cameras are told apart, and one that has to be helped is enough to say so', () => {
    const sources = wanted()
    sources.want('b/main', FPS)
    sources.noteRecorded(KEY, 1, 0)
    sources.noteRecorded('b/main', 1, 0)
    sources.takeFromLane('b/main', 1, 1)
    expect(byLog(sources, 9_999)).toBe(true)
    expect(sources.source('b/main', 9_999).byLog).toBe(false)
    expect(sources.summary).toBe('log')
    sources.want(KEY, 0)
    expect(sources.summary).toBe('lane')
  })
})
