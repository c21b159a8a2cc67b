// What the hub does about viewers that ask for much, read slowly or say nonsense.
import { describe, expect, test } from 'vitest'
import { limits } from '../../src/protocol/limits.ts'
import { closeCodes } from '../../src/protocol/viewer-protocol.ts'
import { FakeViewerSocket, settle } from './fake-viewer-socket.ts'
import { advance, connect, hub, openHub, publish } from './hub-fixture.ts'
import { beganOf, frameOf, materialOf, noHistory, rowOf, steppedOf } from './stage.ts'

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
