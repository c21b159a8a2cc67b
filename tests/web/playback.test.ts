import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as playback from '../../web/playback.ts'

const anyOffsets = fc
  .array(fc.double({ min: 0, max: 500, noNaN: true }), { minLength: 1, maxLength: 200 })
  .map(gaps => {
    const measured = [0]
    for (const gap of gaps.slice(1)) measured.push(measured.at(-1)! + gap)
    return playback.toOffsets(measured)
  })
const anySpeed = fc.constantFrom(...playback.speeds)
const anyTimes = fc.array(fc.double({ min: 0, max: 300, noNaN: true }), { maxLength: 50 })

const evenly = (count: number, gap: number): playback.Offsets =>
  Array.from({ length: count }, (_, index) => index * gap)

describe('offsets', () => {
  test('always rise, whatever was measured', () => {
    fc.assert(
      fc.property(fc.array(fc.double()), measured => {
        const offsets = playback.toOffsets(measured.filter(one => !(Math.abs(one) > 1e9)))
        for (let index = 1; index < offsets.length; index++) {
          expect(offsets[index]!).toBeGreaterThan(offsets[index - 1]!)
        }
      }),
    )
  })

  test('that are not finite are put right after the step before', () => {
    const offsets = playback.toOffsets([0, Number.NaN, Number.POSITIVE_INFINITY, 5])
    expect(offsets).toEqual([0, 0.001, 0.002, 5])
  })

  test('the step at a time is the last one taken by then', () => {
    fc.assert(
      fc.property(anyOffsets, fc.double({ min: -10, max: 1e5, noNaN: true }), (offsets, at) => {
        const expected = Math.max(
          0,
          offsets.findLastIndex(offset => offset <= at),
        )
        expect(playback.stepIndexAt(offsets, at)).toBe(expected)
      }),
    )
  })
})

describe('the playhead', () => {
  test('moves by elapsed time times speed, however often it is asked', () => {
    fc.assert(
      fc.property(
        anyOffsets,
        anySpeed.filter(speed => speed !== 'max'),
        anyTimes,
        (offsets, speed, pauses) => {
          const start = playback.setSpeed(playback.startPlayhead(offsets, 0), offsets, 0, speed)
          let now = 0
          let often = start
          for (const pause of pauses) {
            now += pause
            often = playback.advance(often, offsets, now)
          }
          const once = playback.advance(start, offsets, now)
          expect(often.atMillis).toBeCloseTo(once.atMillis, 3)
          expect(once.atMillis).toBeCloseTo(
            Math.min(playback.durationOf(offsets), now * (speed as number)),
            3,
          )
        },
      ),
    )
  })

  test('never leaves the episode and never goes back by itself', () => {
    fc.assert(
      fc.property(anyOffsets, anySpeed, anyTimes, (offsets, speed, pauses) => {
        let now = 0
        let playhead = playback.setSpeed(playback.startPlayhead(offsets, 0), offsets, 0, speed)
        for (const pause of pauses) {
          now += pause
          const next = playback.advance(playhead, offsets, now)
          expect(next.atMillis).toBeGreaterThanOrEqual(playhead.atMillis)
          expect(next.atMillis).toBeLessThanOrEqual(playback.durationOf(offsets))
          playhead = next
        }
      }),
    )
  })

  test('stops at the last step and starts over from there', () => {
    const offsets = evenly(5, 100)
    const ended = playback.advance(playback.startPlayhead(offsets, 0), offsets, 10_000)
    expect(ended).toMatchObject({ atMillis: 400, playing: false })
    expect(playback.play(ended, offsets, 20_000)).toMatchObject({ atMillis: 0, playing: true })
  })

  test('L16 in a loop shows every step again and again, and never stops by itself', () => {
    const offsets = evenly(5, 100)
    let playhead = playback.setLoop(playback.startPlayhead(offsets, 0), true)
    const visited = []
    for (let now = 100; now <= 1200; now += 100) {
      playhead = playback.advance(playhead, offsets, now)
      visited.push(playback.stepIndexAt(offsets, playhead.atMillis))
    }
    expect(visited).toEqual([1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2])
    expect(playhead.playing).toBe(true)
    const single = playback.setLoop(playback.startPlayhead([0], 0), true)
    expect(playback.advance(single, [0], 100).playing).toBe(false)
  })

  test('is put at any time of the episode, and not outside', () => {
    const offsets = evenly(5, 100)
    const playhead = playback.startPlayhead(offsets, 0)
    expect(playback.seekTo(playhead, offsets, 0, 250).atMillis).toBe(250)
    expect(playback.seekTo(playhead, offsets, 0, -1).atMillis).toBe(0)
    expect(playback.seekTo(playhead, offsets, 0, 9999).atMillis).toBe(400)
  })

  test('pressing play twice does not play twice as fast', () => {
    const offsets = evenly(100, 100)
    const paused = playback.pause(playback.startPlayhead(offsets, 0), offsets, 500)
    const once = playback.play(paused, offsets, 1000)
    const twice = playback.play(once, offsets, 1200)
    expect(twice).toBe(once)
    expect(playback.advance(twice, offsets, 1400).atMillis).toBeCloseTo(900, 6)
  })

  test('does not move while it is paused', () => {
    const offsets = evenly(100, 100)
    const paused = playback.pause(playback.startPlayhead(offsets, 0), offsets, 500)
    expect(playback.advance(paused, offsets, 9999).atMillis).toBe(500)
  })

  test('steps land on every step, also on those taken at the same instant', () => {
    fc.assert(
      fc.property(anyOffsets, fc.boolean(), (offsets, forward) => {
        const by = forward ? 1 : -1
        let playhead = playback.startPlayhead(offsets, 0)
        playhead = playback.seek(playhead, offsets, 0, forward ? 0 : offsets.length - 1)
        const visited = [playback.stepIndexAt(offsets, playhead.atMillis)]
        for (let count = 1; count < offsets.length; count++) {
          playhead = playback.stepBy(playhead, offsets, 0, by)
          visited.push(playback.stepIndexAt(offsets, playhead.atMillis))
        }
        const every = offsets.map((_, index) => index)
        expect(visited).toEqual(forward ? every : every.toReversed())
        expect(playhead.playing).toBe(offsets.length === 1)
      }),
    )
  })

  test('seeking beyond the ends stands at the ends', () => {
    const offsets = evenly(3, 10)
    const playhead = playback.startPlayhead(offsets, 0)
    expect(playback.seek(playhead, offsets, 0, -5).atMillis).toBe(0)
    expect(playback.seek(playhead, offsets, 0, 99).atMillis).toBe(20)
  })

  test('at max speed every step is shown, one a frame, when that is faster than 16x', () => {
    const offsets = evenly(10, 1000)
    let playhead = playback.setSpeed(playback.startPlayhead(offsets, 0), offsets, 0, 'max')
    const visited = []
    for (let frame = 1; frame < 10; frame++) {
      playhead = playback.advance(playhead, offsets, frame * 16)
      visited.push(playback.stepIndexAt(offsets, playhead.atMillis))
    }
    expect(visited).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  test('starts at the original timing unless that is too fast to follow', () => {
    expect(playback.startPlayhead(evenly(100, 33), 0).speed).toBe(1)
    expect(playback.startPlayhead(evenly(100, 5), 0).speed).toBe(0.1)
    expect(playback.startPlayhead(evenly(500, 0.2), 0).speed).toBe(0.01)
    expect(playback.startPlayhead([0], 0).speed).toBe(1)
  })

  test('an episode without steps stands still', () => {
    const playhead = playback.advance(playback.startPlayhead([], 0), [], 100)
    expect(playhead).toMatchObject({ atMillis: 0, playing: false })
    expect(playback.stepBy(playhead, [], 200, 1).atMillis).toBe(0)
  })
})
