import { describe, expect, test } from 'vitest'
import { type ViewerChannel, viewerChannels } from '../../src/protocol/client-messages.ts'
import { limits } from '../../src/protocol/limits.ts'
import { settle } from './fake-viewer-socket.ts'
import { advance, clock, connect, hub, publish, stage } from './hub-fixture.ts'
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

describe('first messages', () => {
  test('L11 a viewer is told who it is, what there is, and the open episode', async () => {
    stage.openEpisodes.set('agent-0', beganOf(4))
    hub.showProjection({
      projection: projectionOf(50, {
        episodes: [rowOf(1), rowOf(2)],
        metrics: [seriesOf('loss')],
        milestones: [milestoneOf(2, 29)],
      }),
      changedMetrics: ['loss'],
    })
    hub.showSystem(systemOf())
    const socket = connect()
    await settle()
    expect(socket.messages.map(message => message.type)).toEqual([
      'connection_established',
      'metrics',
      'episodes',
      'milestone',
      'system',
      'episode_start',
    ])
    expect(socket.of('connection_established')[0]).toMatchObject({
      continuation: 'fresh',
      run: 'run-1',
      agents: ['agent-0'],
      position: { epoch: 1, seq: 50 },
      mode: 'live',
    })
    expect(socket.of('metrics')[0]?.series[0]?.points).toHaveLength(2)
  })

  test('they are bounded, however long the run is', async () => {
    const episodes = Array.from({ length: 500 }, (_, i) => rowOf(i))
    const milestones = Array.from({ length: 200 }, (_, i) => milestoneOf(i, i + 1))
    const totals = { ...projectionOf(0).totals, episodes: 90_000 }
    const projection = projectionOf(6000, { episodes, milestones, totals })
    hub.showProjection({ projection, changedMetrics: [] })
    const socket = connect()
    await settle()
    expect(socket.of('episodes')).toHaveLength(1)
    expect(socket.of('episodes')[0]).toMatchObject({ more: true })
    expect(socket.of('episodes')[0]?.rows.map(row => row.episode)).toContain(499)
    expect(socket.messages.length).toBeLessThan(60)
  })
})

describe('a viewer that comes while the trainer pauses', () => {
  test('P10 is shown the newest state of the open episode, taken while nobody watched', async () => {
    stage.openEpisodes.set('agent-0', beganOf(4))
    publish(beganOf(4), steppedOf(4, 0, 2), steppedOf(4, 1, 3))
    const socket = connect()
    await settle()
    expect(socket.of('state_update').map(state => state.step)).toEqual([1])
  })
})

describe('work for nobody', () => {
  test('U1 with no viewer connected nothing is built, however much is shown', async () => {
    for (let i = 0; i < 100; i++) {
      publish(beganOf(i), steppedOf(i, 0, i + 2), stage.finish(i, 5))
      hub.showFrame(frameOf(i))
      const projection = projectionOf(i, { episodes: [rowOf(i)], metrics: [seriesOf('loss')] })
      hub.showProjection({ projection, changedMetrics: ['loss'] })
      hub.showSystem(systemOf())
    }
    await advance(2000, 100)
    expect(hub.counters).toMatchObject({ built: 0, sent: 0 })
    expect(clock.pending).toBe(0)
  })

  test('a message for many viewers is built once', async () => {
    const sockets = Array.from({ length: 20 }, () => connect())
    await settle()
    const before = hub.counters.built
    publish(beganOf(1), steppedOf(1, 0, 2))
    hub.showFrame(frameOf(0))
    await settle()
    for (const socket of sockets) {
      expect(socket.of('state_update')).toHaveLength(1)
      expect(socket.frames).toHaveLength(1)
    }
    expect(hub.counters.built - before).toBe(3)
  })

  test('nothing is left behind by viewers that have gone', async () => {
    const sockets = Array.from({ length: 5 }, () => connect({ delivery: 'paced' }))
    stage.finish(1, 50)
    await settle()
    for (const socket of sockets) socket.terminate()
    expect(hub.counters.viewers).toBe(0)
    await advance(1000, 100)
    expect(clock.pending).toBe(0)
  })
})

describe('delivery newest', () => {
  test('states and frames come at most max_fps times a second, and the newest one wins', async () => {
    const socket = connect({ max_fps: 10 })
    publish(beganOf(1))
    for (let step = 0; step < 200; step++) {
      publish(steppedOf(1, step, step + 2))
      hub.showFrame(frameOf(step))
      await advance(5, 5)
    }
    await advance(200)
    const steps = socket.of('state_update').map(state => state.step)
    expect(steps.length).toBeGreaterThanOrEqual(9)
    expect(steps.length).toBeLessThanOrEqual(12)
    expect(steps.at(-1)).toBe(199)
    expect(socket.frames.length).toBeLessThanOrEqual(12)
    expect(socket.frames.at(-1)?.step).toBe(199)
  })

  test('F15 a trainer of the same pace is shown as it plays, though it was late at first', async () => {
    const socket = connect({ max_fps: 60 })
    publish(beganOf(1))
    await advance(15)
    for (let step = 0; step < 60; step++) {
      publish(steppedOf(1, step, step + 2))
      hub.showFrame(frameOf(step))
      await advance(0)
      expect(socket.frames.at(-1)?.step).toBe(step)
      expect(socket.of('state_update').at(-1)?.step).toBe(step)
      await advance(step === 0 ? 1000 / 60 - 15 : 1000 / 60)
    }
  })

  test('the last state of an episode is shown once, before its end and never after', async () => {
    const socket = connect({ max_fps: 1 })
    for (let episode = 1; episode <= 3; episode++) {
      publish(beganOf(episode))
      for (let step = 0; step < 3; step++) publish(steppedOf(episode, step, episode * 10 + step))
      publish(stage.finish(episode, 3))
    }
    await advance(3000, 50)
    const shown = socket.messages.flatMap(message =>
      message.type === 'state_update'
        ? [`${message.episode}.${message.step}`]
        : message.type === 'episode_end'
          ? [`end ${message.episode}`]
          : [],
    )
    expect(shown).toEqual(['1.0', '1.2', 'end 1', '2.2', 'end 2', '3.2', 'end 3'])
  })

  test('each viewer sees the agent that it chose, and the default follows the frames', async () => {
    stage.agents = ['agent-0', 'agent-1']
    const auto = connect()
    const one = connect({ agent: 'agent-1' })
    publish(steppedOf(1, 0, 2, 'agent-0'), steppedOf(2, 0, 3, 'agent-1'))
    await settle()
    expect(auto.of('state_update').map(state => state.agent)).toEqual(['agent-0'])
    expect(one.of('state_update').map(state => state.agent)).toEqual(['agent-1'])
    stage.defaultAgent = 'agent-1'
    hub.showFrame(frameOf(1, 12, 'agent-1'))
    publish(steppedOf(2, 1, 4, 'agent-1'))
    await settle()
    expect(auto.of('state_update').map(state => state.agent)).toEqual(['agent-0', 'agent-1'])
    expect(auto.frames).toHaveLength(1)
  })

  test('a viewer has one picture of an agent: that of its first camera', async () => {
    const viewer = connect()
    hub.showFrame(frameOf(1))
    hub.showFrame({ ...frameOf(2), camera: 'wrist' })
    await settle()
    hub.showFrame({ ...frameOf(3), camera: 'wrist' })
    await settle()
    expect(viewer.frames.map(frame => frame.step)).toEqual([1])
  })

  test('two viewers with different deliveries and agents do not touch each other', async () => {
    stage.agents = ['agent-0', 'agent-1']
    const newest = connect({ agent: 'agent-0' })
    const whole = connect({ agent: 'agent-1', delivery: 'whole' })
    publish(steppedOf(1, 0, 2), stage.finish(1, 4), stage.finish(2, 6, 'agent-1'))
    await settle()
    expect(newest.of('episode')).toHaveLength(0)
    expect(newest.of('episode_end').map(end => end.episode)).toEqual([1])
    expect(whole.of('episode').map(one => [one.row.episode, one.steps.length])).toEqual([[2, 6]])
    expect(whole.of('state_update')).toHaveLength(0)
    whole.say({ type: 'set', delivery: 'newest' })
    publish(steppedOf(3, 0, 9, 'agent-1'))
    await settle()
    expect(whole.of('state_update').map(state => state.episode)).toEqual([3])
    expect(newest.of('state_update').map(state => state.agent)).toEqual(['agent-0'])
  })
})

describe('S11 channels', () => {
  const showAll = (): void => {
    publish(beganOf(4), steppedOf(4, 0, 2), stage.finish(4, 3))
    publish(insightOf(1))
    hub.showFrame(frameOf(0))
    const projection = projectionOf(50, {
      ...{ episodes: [rowOf(1)], metrics: [seriesOf('loss')], milestones: [milestoneOf(1, 19)] },
    })
    hub.showProjection({ projection, changedMetrics: ['loss'] })
    hub.showSystem(systemOf())
  }
  const typesOfChannel: Readonly<Record<ViewerChannel, readonly string[]>> = {
    episodes: ['episode_end', 'episode_start', 'episodes', 'state_update'],
    frames: [],
    metrics: ['metrics'],
    milestones: ['milestone'],
    insights: ['insight'],
    system: ['system'],
  }

  test.each(viewerChannels)('who asks for %s gets that and nothing else', async channel => {
    const socket = connect({ channels: [channel] })
    showAll()
    await advance(2000, 100)
    const types = new Set(socket.messages.map(({ type }) => type))
    types.delete('connection_established')
    expect([...types].toSorted()).toEqual(typesOfChannel[channel])
    expect(socket.frames).toHaveLength(channel === 'frames' ? 1 : 0)
    // The greeting and what the channel has; nothing else was made.
    expect(hub.counters.built).toBe(socket.messages.length + socket.frames.length)
  })

  test('S12 what is said for several levels comes as each viewer wants it, made once for each', async () => {
    const beginners = [connect({ level: 'beginner' }), connect({ level: 'beginner' })]
    const usual = connect()
    const changing = connect({ level: 'intermediate' })
    await settle()
    const { built } = hub.counters
    const say = (data: unknown) => publish(insightOf(data))
    say({ levels: { beginner: 'small steps', advanced: { kl: 0.01 } } })
    await settle()
    expect(hub.counters.built).toBe(built + 3)
    changing.say({ type: 'set', level: 'advanced' })
    say({ levels: { beginner: 'large steps', advanced: { kl: 0.2 } } })
    say('the same for all')
    await settle()
    const said = (viewer: typeof usual) => viewer.of('insight').map(({ data }) => data)
    for (const viewer of beginners) {
      expect(said(viewer)).toEqual(['small steps', 'large steps', 'the same for all'])
    }
    expect(said(usual)).toEqual([{ kl: 0.01 }, { kl: 0.2 }, 'the same for all'])
    expect(said(changing)).toEqual(['small steps', { kl: 0.2 }, 'the same for all'])
  })

  test('who asks for none is greeted and answered', async () => {
    const socket = connect({ channels: [] })
    showAll()
    socket.say({ type: 'ping', client_time: 1 })
    socket.say({ type: 'list_episodes', request: 1 })
    await advance(2000, 100)
    const types = socket.messages.map(({ type }) => type)
    expect(types).toEqual(['connection_established', 'pong', 'error'])
    expect(socket.frames).toEqual([])
  })

  test.each([
    ['paced', 'episode_start'],
    ['whole', 'episode'],
  ] as const)('an episode that is %s is of the channel episodes', async (delivery, type) => {
    const [wants, wantsNone] = [connect({ delivery }), connect({ delivery, channels: ['system'] })]
    showAll()
    await advance(2000, 100)
    expect(wants.of(type).length).toBeGreaterThan(0)
    expect(wantsNone.messages.map(one => one.type)).toEqual(['connection_established', 'system'])
  })
})

describe('delivery paced (L12, L6)', () => {
  test('a step comes every step_delay seconds, with start and end around them', async () => {
    publish(stage.finish(1, 3))
    const socket = connect({ delivery: 'paced' })
    const counts: number[] = []
    for (let i = 0; i < 5; i++) {
      await settle()
      counts.push(socket.of('state_update').length)
      await advance(200)
    }
    expect(counts).toEqual([1, 2, 3, 3, 3])
    expect(socket.of('episode_start')[0]).toMatchObject({ episode: 1, survival_steps: 3 })
    expect(socket.of('episode_end')[0]).toMatchObject({ episode: 1, skipped: 0 })
  })

  test('it skips to the newest finished episode at the boundary, and counts the skipped', async () => {
    publish(stage.finish(1, 5))
    const socket = connect({ delivery: 'paced', step_delay: 0.1 })
    for (let episode = 2; episode <= 20; episode++) {
      await advance(20)
      publish(stage.finish(episode, 5))
    }
    await advance(1500)
    const ends = socket.of('episode_end').map(end => [end.episode, end.skipped])
    // 500 ms an episode, a new one every 20 ms: from 1 straight to the newest.
    expect(ends).toEqual([
      [1, 0],
      [20, 18],
    ])
  })

  test('with step_delay 0 it goes as fast as the viewer drains, and no faster', async () => {
    publish(stage.finish(1, 2000))
    const socket = connect({ delivery: 'paced', step_delay: 0 })
    socket.reading = false
    await advance(100)
    const held = socket.of('state_update').length
    expect(held).toBeGreaterThan(0)
    expect(socket.bufferedAmount).toBeLessThan(limits.viewerBufferBytesMax / 8)
    socket.reading = true
    socket.drain()
    await advance(500)
    expect(socket.of('state_update')).toHaveLength(2000)
    expect(socket.of('episode_end')).toHaveLength(1)
  })
})
