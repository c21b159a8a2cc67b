// The trainer's end of the fast lane, behind `recorder.frame()`.
import { describe, expect, test } from 'vitest'
import type { RollcastError } from '../../src/base/errors.ts'
import { LanePublisher } from '../../src/runtime/lane-publisher.ts'
import { createLane } from '../../src/streams/fast-lane/layout.ts'
import { LaneReader } from '../../src/streams/fast-lane/reader.ts'
import { LaneGauge } from '../../src/streams/fast-lane/status.ts'
import { type RingRunOptions, ringRun } from './ring-run.ts'

const frameOf = (width: number, height: number, value = 0) => ({
  ...{ width, height, data: new Uint8Array(width * height * 3).fill(value) },
})

function open(options: RingRunOptions = {}) {
  const lane = createLane()
  const problems: RollcastError[] = []
  const publisher = new LanePublisher({ lane, onProblem: problem => problems.push(problem) })
  const run = ringRun({ lane: publisher, ...options })
  const reader = new LaneReader(lane)
  /** Wishes for so many frames that none is too soon. */
  const watch = (...layouts: number[]): void => {
    for (const layout of layouts) reader.wish(layout, 240)
  }
  const wait = (millis: number): void => {
    const until = performance.now() + millis
    while (performance.now() < until) {}
  }
  return { ...run, lane, gauge: new LaneGauge(lane), reader, watch, wait, problems, publisher }
}

describe('V11 with nobody who watches', () => {
  test('a frame is recorded, and nothing of it goes to the lane', () => {
    const { lane, recorder, gauge, eventsOf } = open()
    const before = lane.byteLength
    const agent = recorder()
    for (let i = 0; i < 100; i++) agent.frame(frameOf(4, 4, i))
    expect(eventsOf('frame_captured').length).toBe(100)
    expect(gauge.status()).toMatchObject({ published: 0, refused: 0, hud: null })
    expect(lane.byteLength).toBe(before)
  })
})

describe('F1 the flags of the lane', () => {
  test('F1 it pauses while no agent plays an episode, and has gone when it is closed', () => {
    const { recorder, gauge, publisher } = open()
    const flags = () => {
      const { running, paused } = gauge.status()
      return { running, paused }
    }
    const [pausing, playing] = [
      { running: true, paused: true },
      { running: true, paused: false },
    ]
    expect(flags()).toEqual(pausing)
    const [one, other] = [recorder('one'), recorder('other')]
    expect(flags()).toEqual(pausing)
    one.begin()
    expect(flags()).toEqual(playing)
    // An episode that another takes the place of has ended; a step begins one by itself.
    one.begin()
    other.step({ reward: 1 })
    one.end()
    expect(flags()).toEqual(playing)
    other.discard()
    expect(flags()).toEqual(pausing)
    one.frame(frameOf(4, 4))
    expect(flags()).toEqual(playing)
    one.interrupt()
    expect(flags()).toEqual(pausing)
    publisher.close()
    expect(flags()).toEqual({ running: false, paused: false })
  })
})

describe('with somebody who watches', () => {
  test('F1 the frame that is recorded is published, with its place and the numbers beside it', () => {
    const { recorder, reader, watch, gauge, arrivals } = open()
    const agent = recorder()
    agent.begin()
    agent.step({ reward: 1.5 })
    agent.metrics({ 'losses/td_loss': 0.25 }, 1)
    agent.frame(frameOf(4, 4))
    watch(2)
    agent.step({ reward: 2 })
    agent.frame(frameOf(4, 4, 9))
    const [shown] = reader.take()
    expect(shown).toMatchObject({ layout: 2, episode: 1, step: 1, index: 1, format: 'rgb8' })
    expect(shown?.pixels).toEqual(new Uint8Array(48).fill(9))
    const recorded = arrivals().findLast(({ event }) => event.type === 'frame_captured')
    expect(recorded).toMatchObject({ time: shown?.time, event: { episode: 1, step: 1, index: 1 } })
    expect(gauge.hud()).toMatchObject({ layout: 2, episode: 1, step: 1, lastReward: 2, loss: 0.25 })
  })

  test('L5 the times of first frames are the same here and in the log', () => {
    const { recorder, reader, watch, arrivals } = open()
    watch(1)
    const agent = recorder()
    agent.frame(frameOf(4, 4))
    const [shown] = reader.take()
    const recorded = arrivals().find(({ event }) => event.type === 'frame_captured')
    expect(shown?.time).toBe(recorded?.time)
  })

  test('L10 a frame that finds no room in the ring is shown all the same', () => {
    const { recorder, reader, watch, gauge, inlet, wait } = open({
      capacityBytes: 64 * 1024,
      policy: { kind: 'drop-newest' },
    })
    watch(1)
    const agent = recorder()
    for (let i = 0; i < 40; i++) {
      agent.frame(frameOf(32, 32, i))
      wait(5)
    }
    expect(inlet.counters.dropped).toBeGreaterThan(0)
    expect(gauge.status().published).toBe(40)
    expect(reader.take()[0]?.pixels[0]).toBe(39)
  })

  test('F4 a camera whose frames do not fit is told of once, and is recorded', () => {
    const { recorder, watch, gauge, problems, eventsOf, wait } = open()
    watch(1, 2)
    const agent = recorder()
    agent.frame(frameOf(4, 4))
    for (let i = 0; i < 3; i++) {
      agent.frame({ ...frameOf(64, 64), camera: 'large' })
      wait(5)
    }
    expect(gauge.status()).toMatchObject({ published: 1, refused: 3 })
    expect(problems.map(({ code, message }) => `${code}: ${message}`)).toEqual([
      'BAD_FRAME: fast lane: expected at most 64 B, for which it was made, found 12288 B',
    ])
    expect(eventsOf('frame_captured').length).toBe(4)
  })

  test('F4 slots are made for the largest camera that there is by then', () => {
    const { recorder, watch, gauge, wait } = open()
    const agent = recorder()
    agent.frame(frameOf(4, 4))
    agent.frame({ ...frameOf(64, 64), camera: 'large' })
    watch(1, 2)
    wait(5)
    agent.frame(frameOf(4, 4))
    agent.frame({ ...frameOf(64, 64), camera: 'large' })
    expect(gauge.status()).toMatchObject({ published: 2, refused: 0 })
  })

  test('a lane that cannot grow is told of, and the trainer goes on', () => {
    const { lane, recorder, watch, problems, eventsOf } = open()
    watch(1)
    lane.grow = () => {
      throw new RangeError('planted: no memory')
    }
    recorder().frame(frameOf(4, 4))
    expect(problems.map(({ message }) => message)).toEqual([
      expect.stringContaining('planted: no memory') as string,
    ])
    expect(eventsOf('frame_captured').length).toBe(1)
  })

  test('closing says that no more will come', () => {
    const { publisher, gauge } = open()
    publisher.close()
    expect(gauge.status().running).toBe(false)
  })
})
