// Several agents over one connection: who is shown, how often, and that none is in another's way.
import { describe, expect, test } from 'vitest'
import { limits } from '../../src/protocol/limits.ts'
import { type FakeViewerSocket, settle } from './fake-viewer-socket.ts'
import { advance, connect, hub, publish, stage } from './hub-fixture.ts'
import { beganOf, frameOf, steppedOf } from './stage.ts'

describe('several agents', () => {
  const seen = (socket: FakeViewerSocket) => [
    socket.of('state_update').map(state => state.agent),
    socket.frames.map(frame => frame.agent),
  ]
  const show = (...agents: string[]): void => {
    for (const [at, agent] of agents.entries()) {
      publish(steppedOf(at + 1, 0, stage.position.seq + at + 1, agent))
      hub.showFrame(frameOf(at, 12, agent))
    }
  }

  test('L14 those that are named, or all, come over one connection, and no other', async () => {
    stage.agents = ['a', 'b', 'c']
    const [two, all, one] = [
      connect({ agents: ['a', 'c'] }),
      connect({ agents: 'all' }),
      connect({ agent: 'b' }),
    ]
    show('a', 'b', 'c', 'd')
    await settle()
    expect(seen(two)).toEqual([
      ['a', 'c'],
      ['a', 'c'],
    ])
    expect(seen(all)).toEqual([
      ['a', 'b', 'c', 'd'],
      ['a', 'b', 'c', 'd'],
    ])
    expect(seen(one)).toEqual([['b'], ['b']])
    two.say({ type: 'set', agent: 'b' })
    show('a', 'b', 'c')
    await settle()
    expect(seen(two)[0]).toEqual(['a', 'c', 'b'])
  })

  test('L14 each has its part of max_fps, and a newer frame takes the place of none of another', async () => {
    stage.agents = ['a', 'b', 'c']
    const socket = connect({ agents: 'all', max_fps: 15 })
    for (let at = 0; at < 200; at++) {
      for (const agent of stage.agents) hub.showFrame(frameOf(at, 12, agent))
      await advance(10)
    }
    const framesOf = (agent: string) => socket.frames.filter(frame => frame.agent === agent).length
    for (const agent of stage.agents) {
      expect(framesOf(agent)).toBeGreaterThanOrEqual(9)
      expect(framesOf(agent)).toBeLessThanOrEqual(12)
    }
    expect([...hub.wantedFps()]).toEqual([
      ['a', 5],
      ['b', 5],
      ['c', 5],
    ])
    socket.reading = false
    for (const agent of stage.agents) hub.showFrame(frameOf(500, 120_000, agent))
    await advance(250)
    for (const at of [501, 502]) {
      for (const agent of stage.agents) hub.showFrame(frameOf(at, 120_000, agent))
      await advance(250)
    }
    socket.reading = true
    for (let turn = 0; turn < 8; turn++) {
      socket.drain()
      await settle()
    }
    const last = stage.agents.map(agent => socket.frames.findLast(one => one.agent === agent)?.step)
    expect(last).toEqual([502, 502, 502])
  })

  test('L14 a viewer that has no room for all gets those of each in turn', async () => {
    stage.agents = ['a', 'b', 'c']
    const socket = connect({ agents: 'all', max_fps: 240, encoding: 'raw' })
    socket.reading = false
    for (let at = 0; at < 12; at++) {
      for (const agent of stage.agents) hub.showFrame(frameOf(at, 120_000, agent))
      await advance(20)
      // It takes what is there, which makes room for one more.
      socket.drain()
      await settle()
    }
    const counts = stage.agents.map(
      agent => socket.frames.filter(frame => frame.agent === agent).length,
    )
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(3)
  })

  test('L14 of very many each has a frame a second, and the first 64 are all', async () => {
    stage.agents = Array.from({ length: 100 }, (_, at) => `env-${at}`)
    connect({ agents: 'all', max_fps: 10 })
    const wanted = hub.wantedFps()
    expect([...wanted.keys()]).toEqual(stage.agents.slice(0, limits.viewerAgentsMax))
    expect(new Set(wanted.values())).toEqual(new Set([1]))
  })

  test('L14 one that comes late is told of the open episode of each', async () => {
    for (const [at, agent] of ['a', 'b', 'c'].entries()) {
      stage.openEpisodes.set(agent, beganOf(at + 1, agent))
      publish(beganOf(at + 1, agent), steppedOf(at + 1, 0, at + 2, agent))
    }
    const socket = connect({ agents: ['a', 'c'] })
    await settle()
    expect(socket.of('episode_start').map(start => start.agent)).toEqual(['a', 'c'])
    expect(socket.of('state_update').map(state => state.agent)).toEqual(['a', 'c'])
    publish(stage.finish(1, 1, 'a'), stage.finish(3, 1, 'c'))
    await settle()
    // Each was shown its last state, so neither is shown it again.
    expect(socket.of('state_update')).toHaveLength(2)
    expect(socket.of('episode_end').map(end => end.agent)).toEqual(['a', 'c'])
  })
})
