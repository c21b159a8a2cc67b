// The broadcaster's frames: wishes up, frames down, and the way by the log when the lane is stale.
// Time is simulated; what the lane wakes is real.
import { afterEach, describe, expect, test } from 'vitest'
import { FrameFeed } from '../../../src/actors/broadcaster/frame-feed.ts'
import { SimulatedClock } from '../../../src/base/clock.ts'
import type { FrameLayout } from '../../../src/protocol/events.ts'
import type { LiveFrame } from '../../../src/protocol/thread-messages.ts'
import { createLane } from '../../../src/streams/fast-lane/layout.ts'
import { LaneGauge } from '../../../src/streams/fast-lane/status.ts'
import { LaneWriter } from '../../../src/streams/fast-lane/writer.ts'
import { turns, until } from '../fake-endpoint.ts'

const camera = (layout: number, agent: string): FrameLayout => ({
  ...{ kind: 'frame', layout, agent, camera: 'main', width: 2, height: 1, format: 'gray8' },
})

const feeds: FrameFeed[] = []

afterEach(async () => {
  for (const feed of feeds.splice(0)) feed.close()
  await turns(2)
})

function open(lane = createLane()) {
  const clock = new SimulatedClock()
  const writer = new LaneWriter(lane)
  const gauge = new LaneGauge(lane)
  const cameras: FrameLayout[] = [camera(1, 'a'), camera(2, 'b')]
  const wanted: Record<string, number> = { a: 30 }
  const shown: LiveFrame[] = []
  const releases: (() => void)[] = []
  const errors: unknown[] = []
  const feed = new FrameFeed({
    ...{ clock, lane },
    cameras: () => cameras,
    wantedFps:
      () =>
      ({ agent }) =>
        wanted[agent] ?? 0,
    show: (frame, onReleased) => {
      shown.push(frame)
      releases.push(onReleased)
    },
    onError: error => errors.push(error),
  })
  feeds.push(feed)
  const streams = [writer.stream(1), writer.stream(2)]
  const isWished = (layout: number): boolean => streams[layout - 1]!.isDue(clock.now())
  const publish = (layout: number, step: number): void =>
    writer.publish({
      ...{ layout, width: 2, height: 1, format: 'gray8', episode: 1, step, index: step },
      ...{ time: step, pixels: new Uint8Array([step, step]) },
    })
  const record = (step: number): void => feed.noteRecorded({ agent: 'a', camera: 'main' }, step)
  const byLog = (step: number): LiveFrame => ({
    ...{ agent: 'a', camera: 'main', width: 2, height: 1, format: 'gray8', episode: 1, step },
    ...{ index: step, time: step, mode: 'live', pixels: new Uint8Array([step, step]) },
  })
  const steps = (): number[] => shown.map(frame => frame.step)
  return {
    ...{ lane, clock, gauge, feed, cameras, wanted, shown, releases, steps, errors },
    ...{ isWished, publish, record, byLog },
  }
}

describe('V11 while nobody watches', () => {
  test('nothing is wished for, taken, or looked at', async () => {
    const { clock, gauge, feed, isWished, publish, record, shown } = open()
    record(1)
    publish(1, 1)
    clock.advance(10_000)
    await turns()
    expect(clock.pending).toBe(0)
    expect([isWished(1), isWished(2)]).toEqual([false, false])
    expect(gauge.status()).toMatchObject({ source: 'none', wantedFps: 0, taken: 0, shown: 0 })
    expect(shown).toEqual([])
    feed.watched = true
    feed.watched = false
    await turns()
    publish(1, 2)
    await turns()
    expect(clock.pending).toBe(0)
    expect([isWished(1), isWished(2)]).toEqual([false, false])
    expect(shown.map(({ step }) => step)).toEqual([1])
  })

  test('the wishes of a feed that started over end as well', () => {
    const { feed, cameras, isWished } = open()
    feed.watched = true
    cameras.length = 0
    feed.watched = false
    expect(isWished(1)).toBe(false)
  })
})

describe('F5 F11 while somebody watches', () => {
  test('P11 V11 what is wanted a moment after somebody came is wished for 5 ms later, for a second', () => {
    const { clock, feed, wanted, isWished } = open()
    wanted['a'] = 0
    feed.watched = true
    clock.advance(40)
    wanted['a'] = 30
    expect(isWished(1)).toBe(false)
    clock.advance(5)
    expect(isWished(1)).toBe(true)
    clock.advance(1_000)
    wanted['b'] = 30
    clock.advance(50)
    expect(isWished(2)).toBe(false)
    clock.advance(50)
    expect(isWished(2)).toBe(true)
  })

  test('P11 a frame from before anybody wanted one ends none of that', async () => {
    const { clock, feed, wanted, isWished, publish, shown } = open()
    publish(1, 1)
    wanted['a'] = 0
    feed.watched = true
    await until(() => shown.length === 1)
    clock.advance(6)
    wanted['a'] = 30
    clock.advance(5)
    expect(isWished(1)).toBe(true)
    publish(1, 2)
    await until(() => shown.length === 2)
    clock.advance(5)
    wanted['b'] = 30
    clock.advance(50)
    expect(isWished(2)).toBe(false)
  })

  test('the trainer is told what is wanted, and told again when that changes', () => {
    const { clock, gauge, feed, wanted, isWished } = open()
    feed.watched = true
    expect([isWished(1), isWished(2)]).toEqual([true, false])
    expect(gauge.status()).toMatchObject({ source: 'lane', wantedFps: 30 })
    Object.assign(wanted, { a: 0, b: 60 })
    clock.advance(100)
    expect([isWished(1), isWished(2)]).toEqual([false, true])
    expect(gauge.status().wantedFps).toBe(60)
  })

  test('frames are shown as they come, with whose they are', async () => {
    const { feed, publish, shown, gauge } = open()
    feed.watched = true
    publish(1, 7)
    await until(() => shown.length === 1)
    expect(shown[0]).toEqual({
      ...{ agent: 'a', camera: 'main', episode: 1, step: 7, index: 7, width: 2, height: 1 },
      ...{ format: 'gray8', time: 7, mode: 'live', pixels: new Uint8Array([7, 7]) },
    })
    publish(1, 8)
    publish(2, 9)
    await until(() => shown.length === 3)
    expect(shown.map(({ agent, step }) => [agent, step])).toEqual([
      ...[
        ['a', 7],
        ['a', 8],
      ],
      ['b', 9],
    ])
    expect(gauge.status()).toMatchObject({ published: 3, taken: 3, skipped: 0, shown: 3 })
  })

  test('a frame that does not look like its camera`s is not shown', async () => {
    const { feed, cameras, publish, steps } = open()
    cameras[0] = { ...cameras[0]!, width: 1, height: 2 }
    feed.watched = true
    publish(1, 1)
    publish(2, 2)
    await until(() => steps().length > 0)
    expect(steps()).toEqual([2])
  })

  test('F17 the memory of one that was let go of, or is not shown, is used for the next', async () => {
    const { feed, cameras, publish, shown, releases } = open()
    feed.watched = true
    publish(1, 1)
    await until(() => shown.length === 1)
    publish(1, 2)
    await until(() => shown.length === 2)
    releases[0]?.()
    cameras[0] = { ...cameras[0]!, width: 1, height: 2 }
    feed.watched = false
    feed.watched = true
    publish(1, 3)
    publish(2, 4)
    await until(() => shown.length === 3)
    expect(shown.map(({ step }) => step)).toEqual([1, 2, 4])
    expect(shown[1]?.pixels).toEqual(new Uint8Array([2, 2]))
    expect(shown[2]?.pixels.buffer).toBe(shown[0]?.pixels.buffer)
  })

  test('a broadcaster that comes back goes on with what is new', async () => {
    const first = open()
    first.feed.watched = true
    first.publish(1, 1)
    await until(() => first.shown.length === 1)
    // It dies: nobody withdraws its wishes, and nobody takes what comes.
    first.feed.close()
    await turns()
    first.publish(1, 2)
    first.publish(1, 3)
    const next = open(first.lane)
    expect(next.isWished(1)).toBe(false)
    next.feed.watched = true
    await until(() => next.shown.length > 0)
    expect(next.steps()).toEqual([3])
    expect(next.gauge.status()).toMatchObject({ published: 3, taken: 2, skipped: 1, shown: 2 })
  })
})

describe('F10 with a lane that brings nothing', () => {
  test('frames come by the log after a second, and by the lane again when it brings them', async () => {
    const { clock, gauge, feed, publish, record, byLog, steps } = open()
    feed.watched = true
    for (let step = 1; step <= 11; step++) {
      record(step)
      clock.advance(100)
    }
    expect(gauge.isWishedByLog(1)).toBe(true)
    expect(gauge.isWishedByLog(2)).toBe(false)
    expect(gauge.status().source).toBe('log')
    feed.takeFromLog(byLog(11))
    feed.takeFromLog(byLog(10))
    expect(steps()).toEqual([11])
    publish(1, 12)
    await until(() => steps().includes(12))
    // One that the log's writer had sent meanwhile.
    feed.takeFromLog(byLog(12))
    clock.advance(100)
    expect(steps()).toEqual([11, 12])
    expect(gauge.isWishedByLog(1)).toBe(false)
    expect(gauge.status()).toMatchObject({ source: 'lane', shown: 2 })
  })

  test('nothing is asked of the log any more when the last viewer goes', () => {
    const { clock, gauge, feed, record } = open()
    feed.watched = true
    record(1)
    clock.advance(2_000)
    expect(gauge.isWishedByLog(1)).toBe(true)
    feed.watched = false
    expect(gauge.isWishedByLog(1)).toBe(false)
  })

  test('a lane that is no lane is an error that is told', async () => {
    const { lane, feed, errors, publish } = open()
    publish(1, 1)
    new Int32Array(lane)[4] = 3
    feed.watched = true
    await until(() => errors.length > 0)
    expect(String(errors[0])).toMatch(/do not agree with/)
  })
})
