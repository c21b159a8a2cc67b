import { describe, expect, test } from 'vitest'
import { type ViewerChannel, viewerChannels } from '../../src/protocol/client-messages.ts'
import { limits } from '../../src/protocol/limits.ts'
import { closeCodes } from '../../src/protocol/viewer-protocol.ts'
import { FakeViewerSocket, settle } from './fake-viewer-socket.ts'
import { advance, clock, connect, hub, openHub, publish, stage } from './hub-fixture.ts'
import {
  beganOf,
  frameOf,
  insightOf,
  materialOf,
  milestoneOf,
  noHistory,
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

describe('metrics, rows and milestones', () => {
  test('summaries come at up to 10 Hz, points of changed series at most once a second', async () => {
    const socket = connect()
    const metrics = [seriesOf('loss'), seriesOf('entropy')]
    for (let i = 1; i <= 100; i++) {
      hub.showProjection({ projection: projectionOf(i, { metrics }), changedMetrics: ['loss'] })
      await advance(20)
    }
    await advance(1000)
    const updates = socket.of('metrics').filter(message => message.series.length > 0)
    const withPoints = updates.filter(message => message.series[0]?.points !== undefined)
    expect(withPoints.length).toBeGreaterThanOrEqual(2)
    expect(withPoints.length).toBeLessThanOrEqual(3)
    expect(updates.length - withPoints.length).toBeGreaterThanOrEqual(19)
    expect(updates.length - withPoints.length).toBeLessThanOrEqual(22)
    for (const update of updates) expect(update.series.map(one => one.name)).toEqual(['loss'])
    expect(socket.of('metrics').at(-1)?.totals.events).toBe(100)
  })

  test('every new row and milestone comes once', async () => {
    const socket = connect()
    const episodes = Array.from({ length: 30 }, (_, i) => rowOf(i + 1))
    for (let held = 0; held <= 30; held += 5) {
      const projection = projectionOf(held * 10 + 9, {
        episodes: episodes.slice(Math.max(0, held - 10), held),
        milestones: held === 0 ? [] : [milestoneOf(held, held * 10)],
      })
      hub.showProjection({ projection, changedMetrics: [] })
    }
    await settle()
    const rows = socket.of('episodes').flatMap(message => message.rows.map(row => row.episode))
    expect(rows).toEqual(episodes.map(row => row.episode))
    expect(socket.of('milestone').map(one => one.episode)).toEqual([5, 10, 15, 20, 25, 30])
  })
})

describe('an aggregator that starts again', () => {
  test('folds once more what was shown: viewers never see less than before', async () => {
    const socket = connect()
    for (const seq of [40, 30, 50]) {
      hub.showProjection({ projection: projectionOf(seq), changedMetrics: [] })
      await advance(200)
    }
    expect(socket.of('metrics').map(({ totals }) => totals.events)).toEqual([40, 50])
  })
})

describe('coming back', () => {
  const show = (upTo: number): void => {
    const episodes = Array.from({ length: upTo }, (_, i) => rowOf(i + 1)).slice(-500)
    const projection = projectionOf(upTo * 10 + 9, {
      episodes,
      milestones: [milestoneOf(upTo, upTo * 10)],
    })
    hub.showProjection({ projection, changedMetrics: [] })
  }

  test('U2 a viewer resumes where it was, with the rows and milestones that it missed', async () => {
    show(1)
    for (let i = 2; i <= 100; i++) show(i)
    const socket = connect({ resume: { epoch: 1, seq: 305 } })
    await settle()
    expect(socket.of('connection_established')[0]?.continuation).toBe('resume')
    const rows = socket.of('episodes').flatMap(message => message.rows.map(row => row.episode))
    for (let episode = 30; episode <= 100; episode++) expect(rows).toContain(episode)
    expect(socket.of('milestone').map(one => one.episode)).toEqual([100])
  })

  test.each([
    ['another epoch', { epoch: 2, seq: 50 }],
    ['a place that was never shown', { epoch: 1, seq: 1_000_000 }],
    ['a place before everything that is remembered', { epoch: 1, seq: 20 }],
    ['U2 another run, whose numbers happen to fit', { epoch: 1, seq: 3_900, run: 'another' }],
  ])('%s is answered with resync', async (_name, resume) => {
    for (let i = 1; i <= 400; i++) show(i)
    const socket = connect({ resume })
    await settle()
    expect(socket.of('connection_established')[0]?.continuation).toBe('resync')
    expect(socket.of('episodes')[0]?.rows).toHaveLength(50)
  })

  test('when the feed starts over, viewers are told to start over', async () => {
    const socket = connect()
    stage.position = { epoch: 2, seq: 1 }
    publish({ kind: 'restarted' }, beganOf(1))
    await settle()
    expect(socket.of('connection_established').map(one => one.continuation)).toEqual([
      'fresh',
      'resync',
    ])
    expect(socket.of('connection_established')[1]?.position).toEqual({ epoch: 2, seq: 1 })
    expect(socket.messages.at(-1)?.type).toBe('episode_start')
  })
})

describe('bad and slow peers (P13)', () => {
  test('no hello within 10 s ends the connection', async () => {
    const socket = new FakeViewerSocket()
    hub.attach(socket)
    await advance(9990, 1000)
    expect(socket.closedWith).toBe(null)
    await advance(1000, 1000)
    expect(socket.closedWith).toBe(closeCodes.badProtocol)
  })

  test('anything before the hello, and a hello of another version, ends the connection', async () => {
    for (const first of [{ type: 'ping', client_time: 1 }, { type: 'hello', v: 2 }, 'x', null]) {
      const socket = new FakeViewerSocket()
      hub.attach(socket)
      socket.say(first)
      expect(socket.closedWith).toBe(closeCodes.badProtocol)
    }
  })

  test('garbage is answered, and repeated garbage ends the connection', async () => {
    const socket = connect()
    socket.emit('message', Buffer.from('{"type":"set","max_fps":NaN}'), false)
    socket.emit('message', Buffer.from([0xff, 0xfe]), true)
    await settle()
    expect(socket.of('error').map(error => error.code)).toEqual(['BAD_MESSAGE', 'BAD_MESSAGE'])
    expect(socket.closedWith).toBe(null)
    socket.say({ type: 'set', agent: 5 })
    expect(socket.closedWith).toBe(closeCodes.badMessage)
  })

  test('a viewer that sends too many messages in a minute is closed', async () => {
    const socket = connect()
    for (let i = 1; i < limits.viewerMessagesPerMinute; i++) {
      socket.say({ type: 'ping', client_time: i })
    }
    expect(socket.closedWith).toBe(null)
    let answered = 0
    for (let second = 0; second < 60; second++) {
      await advance(1000, 1000)
      for (; answered < socket.pings; answered++) socket.emit('pong')
    }
    socket.say({ type: 'ping', client_time: 0 })
    expect(socket.closedWith).toBe(null)
    for (let i = 0; i < limits.viewerMessagesPerMinute; i++) {
      socket.say({ type: 'ping', client_time: i })
    }
    expect(socket.closedWith).toBe(closeCodes.tooManyMessages)
  })

  test('pings of a viewer count as messages, and so do pongs that nobody asked for', () => {
    for (const event of ['ping', 'pong']) {
      const socket = connect()
      for (let i = 1; i < limits.viewerMessagesPerMinute; i++) socket.emit(event)
      expect(socket.closedWith).toBe(null)
      socket.emit(event)
      expect(socket.closedWith).toBe(closeCodes.tooManyMessages)
    }
  })

  test('one that stops reading is shed after a second, resynchronised when it reads again', async () => {
    const socket = connect()
    await settle()
    socket.reading = false
    for (let step = 0; step < 300; step++) {
      publish(steppedOf(1, step, step + 2))
      hub.showFrame(frameOf(step % 250, 30_000))
      await advance(10)
    }
    const held = socket.bufferedAmount
    expect(held).toBeLessThan(limits.viewerBufferBytesMax)
    socket.reading = true
    socket.drain()
    await settle()
    expect(socket.of('connection_established').at(-1)?.continuation).toBe('resync')
    publish(steppedOf(1, 300, 400))
    await advance(100)
    expect(socket.of('state_update').at(-1)?.step).toBe(300)
    expect(socket.closedWith).toBe(null)
  })

  test('within that second its socket is given no more than its bound', async () => {
    const socket = connect()
    await settle()
    socket.reading = false
    for (let i = 0; i < 20_000; i++) publish(beganOf(i))
    expect(socket.bufferedAmount).toBeGreaterThan(limits.viewerBufferBytesMax / 2)
    expect(socket.bufferedAmount).toBeLessThan(limits.viewerBufferBytesMax + 1024)
    expect(hub.counters.dropped).toBeGreaterThan(10_000)
    socket.reading = true
    while (socket.bufferedAmount > 0) socket.drain()
    // The newest always gets in.
    expect(socket.of('episode_start').at(-1)?.episode).toBe(19_999)
  })

  test('U3 one that does not read for 10 s is closed, and its neighbour notices nothing', async () => {
    const slow = connect()
    const quick = connect()
    await settle()
    slow.reading = false
    for (let second = 0; second < 15; second++) {
      publish(steppedOf(1, second, second + 2))
      await advance(1000, 250)
    }
    expect(slow.closedWith).toBe(closeCodes.tooSlow)
    expect(slow.terminated).toBe(true)
    expect(quick.of('state_update')).toHaveLength(15)
    expect(hub.counters.viewers).toBe(1)
  })

  test('a peer that answers no ping is dropped after two were missed', async () => {
    const alive = connect()
    const dead = connect()
    for (let second = 0; second < 50; second++) {
      await advance(1000, 1000)
      alive.emit('pong')
    }
    expect(dead.terminated).toBe(true)
    expect(dead.pings).toBe(2)
    expect(alive.terminated).toBe(false)
    expect(alive.pings).toBe(3)
  })

  test('past the most viewers the next one is told that the server is full', async () => {
    const sockets = Array.from({ length: limits.viewersMax }, () => connect())
    expect(connect().closedWith).toBe(closeCodes.serverFull)
    expect(sockets.every(socket => socket.closedWith === null)).toBe(true)
  })
})

describe('requests', () => {
  const frames = Array.from({ length: 450 }, (_, i) => frameOf(i % 200))
  const history = {
    episodes: async () => ({ rows: [rowOf(3), rowOf(2)], next: 2 }),
    episode: async (episode: number) => ({ material: { ...materialOf(episode, 4), frames: 450 } }),
    frames: async (_episode: number, from: number) => ({
      frames: frames.slice(from, from + 100),
      next: from + 100 < frames.length ? from + 100 : null,
    }),
    frame: noHistory.frame,
  }

  test('rows and whole episodes are answered under the request, with all their frames', async () => {
    openHub({ history })
    const socket = connect()
    socket.say({ type: 'list_episodes', request: 7, before: 4 })
    socket.say({ type: 'get_episode', request: 8, episode: 2 })
    for (let i = 0; i < 600; i++) await settle()
    expect(socket.of('episodes').find(page => page.request === 7)?.rows).toHaveLength(2)
    expect(socket.of('episode')[0]).toMatchObject({ request: 8, frames_following: 450 })
    expect(socket.frames).toHaveLength(450)
    expect(socket.frames.every(one => one.request === 8 && one.requestFrames === 450)).toBe(true)
  })

  test('more frames than a request may cost are thinned out evenly, and counted truly', async () => {
    const pixels = new Uint8Array(3 * 1024 * 1024)
    const large = { ...frameOf(1), width: 1024, height: 1024, pixels }
    const many = Array.from({ length: 100 }, (_, index) => ({ ...large, index }))
    openHub({
      history: {
        ...history,
        episode: async () => ({ material: { ...materialOf(1, 4), frames: 100 } }),
        frames: async (_episode, from) => ({
          frames: many.slice(from, from + 10),
          next: from + 10 < 100 ? from + 10 : null,
        }),
        frame: noHistory.frame,
      },
    })
    const socket = connect()
    socket.say({ type: 'get_episode', request: 1, episode: 1 })
    for (let i = 0; i < 200; i++) await settle()
    const following = socket.of('episode')[0]?.frames_following
    expect(following).toBe(20)
    expect(socket.frames.map(one => one.index)).toEqual(frames.slice(0, 20).map((_, i) => i * 5))
  })

  test('a newer request cancels the older one, and both are answered', async () => {
    openHub({ history })
    const socket = connect()
    socket.say({ type: 'get_episode', request: 1, episode: 1 })
    socket.say({ type: 'get_episode', request: 2, episode: 2 })
    for (let i = 0; i < 600; i++) await settle()
    expect(socket.of('error')).toMatchObject([{ request: 1, code: 'CANCELLED' }])
    expect(socket.of('episode').map(one => one.request)).toEqual([2])
    expect(socket.frames.every(one => one.request === 2)).toBe(true)
  })

  test('frames wait for a viewer that does not read, and none is lost', async () => {
    openHub({ history })
    const socket = connect()
    await settle()
    socket.reading = false
    socket.say({ type: 'get_episode', request: 3, episode: 2 })
    await advance(3000, 100)
    socket.reading = true
    socket.drain()
    for (let i = 0; i < 600; i++) await settle()
    expect(socket.of('episode')).toHaveLength(1)
    expect(socket.frames).toHaveLength(450)
  })

  test('a failure is told under the request', async () => {
    const socket = connect()
    socket.say({ type: 'get_episode', request: 9, episode: 2 })
    await settle()
    expect(socket.of('error')).toMatchObject([{ request: 9, code: 'INTERNAL' }])
  })
})

describe('stopping', () => {
  test('viewers are told, and one that does not answer is waited for 250 ms', async () => {
    const polite = connect()
    const stuck = connect()
    await settle()
    stuck.reading = false
    const stopped = hub.stop()
    expect([polite.closedWith, stuck.closedWith]).toEqual([
      closeCodes.goingAway,
      closeCodes.goingAway,
    ])
    polite.terminate()
    await advance(250)
    await stopped
    expect(stuck.terminated).toBe(true)
    expect(clock.pending).toBe(0)
  })
})
