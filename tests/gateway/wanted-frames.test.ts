// What viewers want of a trainer's frames, all of them together.
import { describe, expect, test } from 'vitest'
import { SimulatedClock } from '../../src/base/clock.ts'
import { Hub } from '../../src/gateway/hub.ts'
import { FakeViewerSocket, settle } from './fake-viewer-socket.ts'
import { frameOf, laneOf, noHistory, systemOf, TestStage } from './stage.ts'

function open() {
  const clock = new SimulatedClock()
  const stage = new TestStage()
  stage.agents.push('agent-1')
  const audience: number[] = []
  const hub = new Hub({ clock, stage, history: noHistory, onAudience: n => audience.push(n) })
  const join = (hello: object = {}): FakeViewerSocket => {
    const socket = new FakeViewerSocket()
    hub.attach(socket)
    socket.say({ type: 'hello', v: 1, ...hello })
    return socket
  }
  const wanted = (): Record<string, number> => Object.fromEntries(hub.wantedFps())
  return { clock, hub, stage, audience, join, wanted }
}

describe('F11 what viewers want', () => {
  test('is nothing without a viewer, and before it has said hello', () => {
    const { hub, audience, wanted } = open()
    expect(wanted()).toEqual({})
    hub.attach(new FakeViewerSocket())
    expect(wanted()).toEqual({})
    expect(audience).toEqual([1])
  })

  test('is, of each agent, the most that one of its viewers asks for', () => {
    const { audience, join, wanted } = open()
    const slow = join({ max_fps: 10 })
    const fast = join({ max_fps: 60 })
    join({ max_fps: 5, agent: 'agent-1' })
    expect(wanted()).toEqual({ 'agent-0': 60, 'agent-1': 5 })
    fast.terminate()
    expect(wanted()).toEqual({ 'agent-0': 10, 'agent-1': 5 })
    slow.say({ type: 'set', max_fps: 20, agent: 'agent-1' })
    expect(wanted()).toEqual({ 'agent-1': 20 })
    expect(audience).toEqual([1, 2, 3, 2])
  })

  test('is nothing for those who get whole episodes or paced ones', () => {
    const { join, wanted } = open()
    join({ delivery: 'whole' })
    join({ delivery: 'paced' })
    expect(wanted()).toEqual({})
  })

  test('S11 is nothing for those who do not ask for frames', () => {
    const { join, wanted } = open()
    join({ channels: ['episodes', 'metrics'], max_fps: 60 })
    expect(wanted()).toEqual({})
    join({ channels: ['frames'], max_fps: 5 })
    expect(wanted()).toEqual({ 'agent-0': 5 })
  })

  test('is of the first camera of an agent, once there is one', () => {
    const { hub } = open()
    const cameras = ['main', 'wrist'].map(camera => ({ agent: 'agent-0', camera }))
    expect(cameras.map(camera => hub.shows(camera))).toEqual([true, true])
    hub.showFrame(frameOf(1))
    expect(cameras.map(camera => hub.shows(camera))).toEqual([true, false])
  })

  test('becomes less while a viewer`s frames are given up, and as before when that is over', async () => {
    const { clock, hub, join, wanted } = open()
    const socket = join({ max_fps: 40 })
    await settle()
    socket.reading = false
    /** Seconds in which 40 frames are shown. The socket takes a little, so the viewer is not cut. */
    const pass = async (seconds: number): Promise<void> => {
      for (let i = 0; i < 40 * seconds; i++) {
        hub.showFrame(frameOf(i % 250, 30_000))
        clock.advance(25)
        if (i % 20 === 0) socket.drain()
        await settle()
      }
    }
    await pass(2)
    expect(wanted()['agent-0']).toBeLessThanOrEqual(20)
    await pass(6)
    expect(wanted()).toEqual({ 'agent-0': 1 })
    socket.reading = true
    socket.drain()
    await pass(25)
    expect(wanted()).toEqual({ 'agent-0': 40 })
  })
})

describe('F10 F16 viewers are told', () => {
  test('where their frames come from, and how many were passed over', async () => {
    const { hub, join } = open()
    const socket = join()
    hub.showSystem(systemOf({ lane: laneOf({ source: 'log' }) }))
    await settle()
    expect(socket.of('system').at(-1)?.frames).toEqual({
      ...{ source: 'log', wanted_fps: 30, published: 7, refused: 1, skipped: 3, shown: 5 },
      ...{ steps_per_second: 90, mean_reward: 0.5, loss: Number.NaN },
    })
  })

  test('that there are none where no trainer shows any', async () => {
    const { hub, join } = open()
    const socket = join()
    hub.showSystem(systemOf())
    await settle()
    expect(socket.of('system').at(-1)?.frames).toBeNull()
  })
})
