import { describe, expect, test } from 'vitest'
import { SimulatedClock } from '../../src/base/clock.ts'
import { seededRandom } from '../../src/base/random.ts'
import { Session } from '../../web/session.ts'
import { FakeServer } from './fake-socket.ts'
import { join } from './join.ts'
import { episode, established, milestone, page, rows, update } from './messages.ts'

describe('the live stage', () => {
  test('shows the newest frame and state only, and the same object until something changes', () => {
    const { server, session, sendFrame } = join()
    for (let step = 0; step < 50; step++) {
      server.socket.say(update({ step, position: [step, 0] }))
      sendFrame({ step, index: step, captureTime: step })
    }
    const look = session.look()
    expect(look).toMatchObject({ episode: 1, state: { step: 49 }, frame: { step: 49 } })
    expect(look?.capturedAt).toBe(49)
    expect(session.look()).toBe(look)
    server.socket.say(update({ step: 50 }))
    expect(session.look()).not.toBe(look)
  })

  test('F14 its figures follow it twenty times a second, and at once to another episode', () => {
    const { clock, server, session, state } = join()
    const told = new Set<number | undefined>()
    session.store.subscribe(({ look }) => told.add(look?.state?.step))
    for (let step = 0; step < 100; step++) {
      server.socket.say(update({ step }))
      expect(session.look()?.state?.step).toBe(step)
      clock.advance(10)
    }
    expect([...told]).toEqual(Array.from({ length: 20 }, (_, i) => 5 * i))
    session.look()
    expect(state().look?.state?.step).toBe(99)
    server.socket.say(update({ step: 100 }))
    server.socket.say(update({ episode: 2, step: 0 }))
    session.look()
    expect(state().look).toMatchObject({ episode: 2, state: { step: 0 } })
  })

  test('the trail is bounded and starts anew with each episode', () => {
    const { server, session } = join()
    for (let step = 0; step < 2000; step++) {
      server.socket.say(update({ step, position: [step, step] }))
    }
    expect(session.look()?.trail).toHaveLength(512)
    server.socket.say(update({ episode: 2, step: 0, position: [1, 1] }))
    expect(session.look()?.trail).toEqual([{ x: 1, y: 1 }])
  })

  test('the last frame of an episode bridges the start of the next, but not for long', () => {
    const { server, session, sendFrame } = join()
    sendFrame({ episode: 1, step: 9 })
    for (let step = 0; step < 5; step++) server.socket.say(update({ episode: 2, step }))
    expect(session.look()).toMatchObject({ episode: 2, frame: { episode: 1 } })
    server.socket.say(update({ episode: 2, step: 5, timestamp: 77 }))
    expect(session.look()).toMatchObject({ episode: 2, frame: null, capturedAt: 77 })
  })

  test('L14: after another agent is picked nothing of the old one is shown any more', () => {
    const { server, session, sendFrame } = join()
    server.socket.say(update({ agent: 'env-0' }))
    session.follow('env-1')
    expect(session.look()).toBeNull()
    expect(server.socket.sentOf('set')).toMatchObject([{ agent: 'env-1' }])
    server.socket.say(update({ agent: 'env-0', step: 1 }))
    sendFrame({ agent: 'env-0' })
    expect(session.look()).toBeNull()
    server.socket.say(update({ agent: 'env-1' }))
    expect(session.look()?.agent).toBe('env-1')
  })

  test('the latency is from capture to drawing on the server clock, and only when live', () => {
    const { clock, server, session, sendFrame, state } = join()
    const ping = server.socket.sentOf('ping')[0]!
    const { client_time } = ping
    const pong = { v: 1, mode: 'live', type: 'pong', client_time } as const
    server.socket.say({ ...pong, server_time: client_time + 4000 })
    clock.advance(1000)
    sendFrame({ captureTime: clock.now() + 4000 })
    clock.advance(25)
    session.drawn(session.look()!)
    expect(state().latency?.millis).toBeCloseTo(25, 3)
    server.socket.say(update({ mode: 'checkpoint', step: 1 }))
    session.drawn(session.look()!)
    expect(state().latency).toBeNull()
  })

  test('there is no latency before the clocks are compared, and none that is only their error', () => {
    const { clock, server, session, sendFrame, state } = join()
    const draw = (ageMillis: number): void => {
      sendFrame({ captureTime: clock.now() - ageMillis })
      session.drawn(session.look()!)
      clock.advance(600)
    }
    clock.advance(1000)
    draw(25)
    expect(state().latency).toBeNull()
    const { client_time } = server.socket.sentOf('ping')[0]!
    const pong = { v: 1, mode: 'live', type: 'pong', client_time } as const
    // The server's clock is taken to be 100 ms behind what it is.
    server.socket.say({ ...pong, server_time: (client_time + clock.now()) / 2 - 100 })
    draw(25)
    expect(state().latency).toBeNull()
  })
})

describe('L17: a replay', () => {
  const open = () => {
    const joined = join()
    joined.session.openEpisode(3)
    const request = joined.server.socket.sentOf('get_episode')[0]!.request
    joined.server.socket.say({ ...episode(3, request), frames_following: 2 })
    return { ...joined, request }
  }

  test('plays at the original timing and shows the frame of each step', () => {
    const { clock, session, sendFrame, request, state } = open()
    sendFrame({ request, episode: 3, step: 0, index: 0 })
    sendFrame({ request, episode: 3, step: 2, index: 1 })
    expect(state().replay).toMatchObject({ phase: 'ready', framesReceived: 2 })
    clock.advance(150)
    expect(session.look()).toMatchObject({ mode: 'replay', state: { step: 1 }, frame: { step: 0 } })
    clock.advance(100)
    expect(session.look()).toMatchObject({ state: { step: 2 }, frame: { step: 2 } })
  })

  test('is not disturbed by live steps and frames, which are there again at its end', () => {
    const { server, session, sendFrame, state } = open()
    server.socket.say(update({ episode: 8, step: 5 }))
    sendFrame({ episode: 8, step: 5 })
    expect(session.look()?.episode).toBe(3)
    session.backToLive()
    expect(session.look()).toMatchObject({ episode: 8, mode: 'live' })
    expect(state().replay).toBeNull()
  })

  test('takes the place of an earlier one, whose late frames are let go', () => {
    const { server, session, sendFrame, request, state } = open()
    session.openEpisode(4)
    const second = server.socket.sentOf('get_episode')[1]!.request
    server.socket.say(episode(4, second))
    sendFrame({ request, episode: 3 })
    expect(session.look()).toMatchObject({ episode: 4, frame: null })
    expect(state().replay).toMatchObject({ episode: 4, framesReceived: 0 })
  })

  test('toggling twice leaves it playing once', () => {
    const { clock, session } = open()
    session.controls.togglePlaying()
    session.controls.togglePlaying()
    clock.advance(110)
    expect(session.look()?.replay).toMatchObject({ index: 1, playhead: { playing: true } })
  })
})

describe('L16: the live run', () => {
  /** A second of the live stage, looked at every 10 ms, a step each. */
  const watched = () => {
    const joined = join()
    const { clock, server, session } = joined
    const watch = (from: number, to: number): void => {
      for (let step = from; step < to; step++) {
        server.socket.say(update({ step }))
        session.look()
        clock.advance(10)
      }
    }
    watch(0, 100)
    return { ...joined, watch, step: () => session.look()?.state?.step }
  }

  test('is paused, goes on behind, and End goes back to it; the server never knows', () => {
    const { clock, server, session, watch, step, state } = watched()
    const sent = server.socket.sent.length
    session.controls.togglePlaying()
    watch(100, 150)
    expect(step()).toBe(99)
    expect(state().shift).toMatchObject({ playing: false, behindMillis: 500 })
    session.controls.togglePlaying()
    clock.advance(100)
    expect(step()).toBe(110)
    expect(state().shift).toMatchObject({ playing: true, behindMillis: 500 })
    session.backToLive()
    expect(step()).toBe(149)
    expect(state().shift.behindMillis).toBe(0)
    const asked = server.socket.sent.slice(sent).filter(({ type }) => type !== 'ping')
    expect(asked).toEqual([])
  })

  test('is scrubbed back and stepped through picture by picture', () => {
    const { session, step, state } = watched()
    session.controls.seekBehind(500)
    expect(step()).toBe(50)
    session.controls.stepBy(-1)
    expect(step()).toBe(49)
    expect(state().look?.state?.step).toBe(49)
    session.controls.stepBy(2)
    expect(step()).toBe(51)
    session.controls.toStart()
    expect(step()).toBe(0)
    session.controls.seekBehind(0)
    expect(step()).toBe(99)
    expect(state().shift.playing).toBe(true)
  })

  test('is live again when it was played faster up to the edge', () => {
    const { clock, session, step, state } = watched()
    session.controls.seekBehind(500)
    session.controls.togglePlaying()
    session.controls.shiftSpeed(1)
    clock.advance(300)
    expect(step()).toBe(99)
    expect(state().shift.behindMillis).toBe(200)
    clock.advance(200)
    session.look()
    expect(state().shift).toMatchObject({ behindMillis: 0, playing: true, speed: 1 })
  })

  test('a pause shows what it showed however long it lasts, and goes on with what is held', () => {
    const { clock, session, watch, step } = watched()
    session.controls.togglePlaying()
    watch(100, 7000)
    expect(step()).toBe(99)
    session.controls.togglePlaying()
    // Of 7000 looks 4000 are held.
    expect(step()).toBe(3000)
    clock.advance(1000)
    expect(step()).toBe(3100)
  })

  test('of one picture among others there is no way back, and nothing is kept for one', () => {
    const clock = new SimulatedClock()
    const server = new FakeServer()
    const random = seededRandom(1)
    const session = new Session({ openSocket: server.open, clock, random, glance: true })
    session.start()
    server.socket.events.onOpen()
    server.socket.say(established())
    server.socket.say(page(rows(50, 41), true))
    server.socket.say(update({ step: 1 }))
    session.look()
    session.controls.togglePlaying()
    server.socket.say(update({ step: 2 }))
    expect(session.look()?.state?.step).toBe(2)
    expect(server.socket.sentOf('list_episodes')).toEqual([])
    expect(server.socket.sentOf('hello')).toMatchObject([{ max_fps: 20 }])
  })

  test('has no latency while it is behind', () => {
    const { clock, server, session, sendFrame, state } = watched()
    const { client_time } = server.socket.sentOf('ping')[0]!
    server.socket.say({ v: 1, mode: 'live', type: 'pong', client_time, server_time: client_time })
    clock.advance(1000)
    sendFrame({ captureTime: clock.now() - 60_000 })
    session.drawn(session.look()!)
    expect(state().latency).not.toBeNull()
    session.controls.togglePlaying()
    session.drawn(session.look()!)
    expect(state().latency).toBeNull()
  })

  test('is as it was before a replay, without what was taped before it', () => {
    const { server, session, step, state } = watched()
    session.controls.togglePlaying()
    session.openEpisode(3)
    server.socket.say(episode(3, server.socket.sentOf('get_episode')[0]!.request))
    expect(step()).toBe(0)
    session.backToLive()
    expect(step()).toBe(99)
    session.controls.toStart()
    expect(step()).toBe(99)
    expect(state().replay).toBeNull()
  })
})

describe('L16: an episode', () => {
  const opened = (atSeconds: number | null = null) => {
    const joined = join()
    joined.session.openEpisode(3, atSeconds)
    const { request } = joined.server.socket.sentOf('get_episode')[0]!
    joined.server.socket.say(episode(3, request))
    return joined
  }

  test('is repeated for as long as that is wished, and so is the next one', () => {
    const { clock, server, session, state } = opened()
    session.controls.toggleLoop()
    const seen = Array.from({ length: 9 }, () => {
      const { index } = session.look()!.replay!
      clock.advance(100)
      return index
    })
    expect(seen).toEqual([0, 1, 2, 3, 0, 1, 2, 3, 0])
    session.openEpisode(4)
    server.socket.say(episode(4, server.socket.sentOf('get_episode')[1]!.request))
    expect(session.look()?.replay?.playhead.loop).toBe(true)
    session.controls.toggleLoop()
    clock.advance(5000)
    expect(session.look()?.replay?.playhead.playing).toBe(false)
    expect(state().loop).toBe(false)
  })

  test('that is opened at a time stands still there', () => {
    const { clock, session } = opened(0.25)
    clock.advance(1000)
    expect(session.look()?.replay).toMatchObject({ index: 2, playhead: { playing: false } })
  })

  test('has neighbours in the list, and the newest lies before live', () => {
    const { server, session } = join()
    const asked = () => server.socket.sentOf('get_episode').map(one => one.episode)
    server.socket.say(page(rows(50, 41)))
    session.controls.openNeighbour(1)
    session.controls.openNeighbour(-1)
    session.controls.openNeighbour(-1)
    session.controls.openNeighbour(1)
    session.controls.openNeighbour(1)
    expect(asked()).toEqual([50, 49, 50])
  })

  test('that is interesting reached a milestone', () => {
    const { server, session } = join()
    const asked = () => server.socket.sentOf('get_episode').map(one => one.episode)
    server.socket.say(page(rows(50, 41)))
    for (const number of [12, 44, 47]) server.socket.say(milestone(number, 0))
    session.controls.openInteresting(-1)
    session.controls.openInteresting(-1)
    session.controls.openInteresting(1)
    session.controls.openInteresting(1)
    expect(asked()).toEqual([47, 44, 47])
  })
})

test('older rows are asked for once at a time, from the newest down', () => {
  const { server, session } = join()
  server.socket.say(page(rows(50, 41), true))
  session.pages.loadOlder()
  session.pages.loadOlder()
  expect(server.socket.sentOf('list_episodes')).toMatchObject([{ before: 51 }])
})

test('a milestone is announced when it is news, for a while, and at most three at once', () => {
  const { clock, server, state } = join()
  server.socket.say(milestone(1, clock.now() - 60_000))
  expect(state().toasts).toEqual([])
  for (const number of [2, 3, 4, 5]) server.socket.say(milestone(number, clock.now()))
  expect(state().toasts.map(toast => toast.episode)).toEqual([5, 4, 3])
  // Who comes back, or sees the run played anew, is told again.
  server.socket.say(milestone(5, clock.now()))
  expect(state().toasts.map(toast => toast.episode)).toEqual([5, 4, 3])
  clock.advance(6000)
  expect(state().toasts).toEqual([])
  expect(state().milestones).toHaveLength(5)
})

test('U9 what is news is told by the clock of the server, which may be another', () => {
  const { clock, server, session, state } = join()
  const { client_time } = server.socket.sentOf('ping')[0]!
  const server_time = client_time + 3_600_000
  server.socket.say({ v: 1, mode: 'live', type: 'pong', client_time, server_time })
  expect(session.serverNow()).toBeCloseTo(clock.now() + 3_600_000, 3)
  server.socket.say(milestone(1, clock.now()))
  server.socket.say(milestone(2, session.serverNow()))
  expect(state().toasts.map(toast => toast.episode)).toEqual([2])
})
