// Channels that a viewer chooses while it is connected.
import { beforeEach, describe, expect, test } from 'vitest'
import { viewerChannels } from '../../src/protocol/client-messages.ts'
import { type FakeViewerSocket, settle } from './fake-viewer-socket.ts'
import { advance, connect, hub, publish, stage } from './hub-fixture.ts'
import {
  beganOf,
  frameOf,
  insightOf,
  milestoneOf,
  projectionOf,
  rowOf,
  seriesOf,
  steppedOf,
  systemOf,
} from './stage.ts'

const typesOf = (socket: FakeViewerSocket, from = 0): string[] => [
  ...new Set(socket.messages.slice(from).map(({ type }) => type)),
]

/** Something of every channel is there, and comes. */
function show(step: number): void {
  publish(steppedOf(1, step, step + 2), insightOf(step))
  hub.showFrame(frameOf(step))
  hub.showSystem(systemOf())
  const projection = projectionOf(step + 20, {
    metrics: [seriesOf('m')],
    episodes: Array.from({ length: step + 1 }, (_, at) => rowOf(at + 1)),
    milestones: Array.from({ length: step + 1 }, (_, at) => milestoneOf(at + 1, at + 10)),
  })
  hub.showProjection({ projection, changedMetrics: ['m'] })
}

beforeEach(() => {
  stage.openEpisodes.set('agent-0', beganOf(1))
  publish(beganOf(1))
  show(0)
})

const everything = [
  ...['episode_start', 'episodes', 'insight', 'metrics', 'milestone', 'state_update', 'system'],
]

describe('S11 a viewer', () => {
  test('is told in the greeting which channels there are', async () => {
    const socket = connect({ channels: [] })
    await settle()
    expect(socket.of('connection_established')[0]?.channels).toEqual([...viewerChannels])
  })

  test('that adds channels is sent what a greeting has of them, and what comes', async () => {
    const socket = connect({ channels: [] })
    await settle()
    expect(typesOf(socket)).toEqual(['connection_established'])
    expect(hub.wantedFps()).toEqual(new Map())
    socket.say({ type: 'set', channels: ['metrics', 'milestones'] })
    await settle()
    expect(typesOf(socket, 1).sort()).toEqual(['metrics', 'milestone'])
    expect(socket.of('metrics')[0]?.series[0]).toHaveProperty('points')
    socket.say({ type: 'set', channels: viewerChannels })
    await settle()
    expect(typesOf(socket, 3).sort()).toEqual([
      'episode_start',
      'episodes',
      'state_update',
      'system',
    ])
    expect(hub.wantedFps()).toEqual(new Map([['agent-0', 30]]))
    const before = socket.messages.length
    show(1)
    await advance(300)
    expect(typesOf(socket, before).sort()).toEqual(
      everything.filter(type => type !== 'episode_start'),
    )
    expect(socket.frames).toHaveLength(1)
    // Nobody was told to start over.
    expect(socket.of('connection_established')).toHaveLength(1)
  })

  test('that gives channels up is sent nothing more of them, and no frame is made for it', async () => {
    const socket = connect()
    await advance(300)
    expect(typesOf(socket, 1).sort()).toEqual(everything.filter(type => type !== 'insight'))
    socket.say({ type: 'set', channels: ['milestones'] })
    const before = socket.messages.length
    for (let step = 1; step < 4; step++) {
      show(step)
      await advance(300)
    }
    expect(typesOf(socket, before)).toEqual(['milestone'])
    expect(socket.frames).toEqual([])
    expect(hub.wantedFps()).toEqual(new Map())
    // A playback ends with its channel, too.
    const paced = connect({ delivery: 'paced', step_delay: 0.1 })
    publish(stage.finish(1, 50))
    await advance(300)
    expect(paced.of('state_update').length).toBeGreaterThan(1)
    paced.say({ type: 'set', channels: [] })
    const played = paced.messages.length
    await advance(1000)
    expect(paced.messages).toHaveLength(played)
  })

  test('that says the same ones again, or nothing of channels, is sent nothing', async () => {
    const socket = connect({ channels: ['metrics', 'episodes'] })
    await advance(300)
    const before = socket.messages.length
    socket.say({ type: 'set', channels: ['episodes', 'metrics', 'episodes'] })
    socket.say({ type: 'set', max_fps: 20 })
    await advance(300)
    expect(socket.messages).toHaveLength(before)
    socket.say({ type: 'set', channels: ['everything'] })
    await settle()
    expect(socket.of('error')).toMatchObject([{ code: 'BAD_MESSAGE' }])
  })

  test('that was shed when it chose has them when it reads again', async () => {
    const socket = connect({ channels: ['insights'] })
    await settle()
    socket.reading = false
    publish(insightOf('x'.repeat(100_000)))
    await advance(1500, 100)
    socket.say({ type: 'set', channels: ['metrics'] })
    socket.reading = true
    socket.drain()
    await advance(300)
    expect(socket.of('connection_established').at(-1)?.continuation).toBe('resync')
    expect(socket.of('metrics').length).toBeGreaterThan(0)
  })
})
