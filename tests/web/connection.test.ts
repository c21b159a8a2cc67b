import { describe, expect, test } from 'vitest'
import { SimulatedClock } from '../../src/base/clock.ts'
import { seededRandom } from '../../src/base/random.ts'
import { encodeFrameMessage } from '../../src/protocol/frame-message.ts'
import type { ServerMessage } from '../../src/protocol/server-messages.ts'
import { closeCodes } from '../../src/protocol/viewer-protocol.ts'
import { backOff, backOffMillis, Connection, type ConnectionState } from '../../web/connection.ts'
import { FakeServer } from './fake-socket.ts'
import { established, frame, update } from './messages.ts'

function connect() {
  const clock = new SimulatedClock()
  const server = new FakeServer()
  const seen = {
    states: [] as ConnectionState[],
    messages: [] as ServerMessage[],
    frames: 0,
    invalid: [] as string[],
    offset: Number.NaN,
  }
  const connection = new Connection({
    openSocket: server.open,
    clock,
    random: seededRandom(1),
    events: {
      onState: state => seen.states.push(state),
      onMessage: message => seen.messages.push(message),
      onFrame: () => seen.frames++,
      onInvalid: problem => seen.invalid.push(problem),
      onClock: best => {
        seen.offset = best.offsetMillis
      },
    },
  })
  connection.start()
  const greet = (fields: Parameters<typeof established>[0] = {}): void => {
    server.socket.events.onOpen()
    server.socket.say(established(fields))
  }
  return { clock, server, seen, connection, greet }
}

const phaseOf = (states: ConnectionState[]): string | undefined => states.at(-1)?.phase

describe('the greeting', () => {
  test('the first hello asks for the newest at 60 a second, as what suits it, and does not resume', () => {
    const { server, seen, greet } = connect()
    expect(phaseOf(seen.states)).toBe('connecting')
    greet()
    expect(server.socket.sent[0]).toEqual({
      type: 'hello',
      v: 1,
      delivery: 'newest',
      max_fps: 60,
      encoding: 'auto',
      quality: 75,
      agent: null,
    })
    expect(phaseOf(seen.states)).toBe('open')
  })

  test('nothing is sent before the socket is open', () => {
    const { server, connection, clock } = connect()
    expect(connection.send({ type: 'get_episode', request: 1, episode: 1 })).toBe(false)
    clock.advance(1000)
    expect(server.socket.sent).toEqual([])
  })

  test('U2 after a lost link hello resumes at the furthest position of its run and keeps the agent', () => {
    const { clock, server, connection, greet } = connect()
    greet()
    server.socket.say(update({ position_in_log: { epoch: 2, seq: 5 } }))
    server.socket.say(update({ position_in_log: { epoch: 1, seq: 900 } }))
    connection.follow('env-7')
    server.socket.events.onClose(1006)
    clock.advance(backOff.firstMillis)
    server.socket.events.onOpen()
    expect(server.socket.sentOf('hello')[0]).toMatchObject({
      agent: 'env-7',
      resume: { epoch: 2, seq: 5, run: 'run-1' },
    })
  })

  test('U2 a position is reached by what comes behind the first messages, not by the greeting', () => {
    const { connection, server, greet } = connect()
    greet({ position: { epoch: 3, seq: 50 } })
    expect(connection.position).toBeNull()
    server.socket.say(update({ position_in_log: { epoch: 3, seq: 51 } }))
    expect(connection.position).toEqual({ epoch: 3, seq: 51 })
  })

  test('a resync goes back to before everything', () => {
    const { connection, server, greet } = connect()
    greet()
    server.socket.say(update({ position_in_log: { epoch: 3, seq: 51 } }))
    server.socket.say(established({ continuation: 'resync', position: { epoch: 1, seq: 2 } }))
    expect(connection.position).toBeNull()
  })
})

describe('coming back', () => {
  test('the delay doubles up to its bound and is between half and all of it', () => {
    const random = seededRandom(7)
    for (let attempt = 1; attempt < 40; attempt++) {
      const full = Math.min(backOff.maxMillis, backOff.firstMillis * 2 ** (attempt - 1))
      const delay = backOffMillis(attempt, random)
      expect(delay).toBeGreaterThanOrEqual(full / 2)
      expect(delay).toBeLessThanOrEqual(full)
    }
  })

  test('attempts go on while the server is away, and start over after a good link', () => {
    const { clock, server, seen, greet } = connect()
    for (let attempt = 1; attempt <= 5; attempt++) {
      server.socket.events.onClose(1006)
      expect(seen.states.at(-1)).toMatchObject({ phase: 'reconnecting', attempt })
      clock.advance(backOff.maxMillis)
      expect(server.sockets).toHaveLength(attempt + 1)
    }
    greet()
    clock.advance(6000)
    server.socket.say(established())
    server.socket.events.onClose(closeCodes.goingAway)
    expect(seen.states.at(-1)).toMatchObject({ phase: 'reconnecting', attempt: 1 })
  })

  test('a link that is cut right after the greeting does not start the back-off over', () => {
    const { clock, server, seen, greet } = connect()
    for (const attempt of [1, 2, 3]) {
      greet()
      server.socket.events.onClose(closeCodes.tooSlow)
      expect(seen.states.at(-1)).toMatchObject({ phase: 'reconnecting', attempt })
      clock.advance(backOff.maxMillis)
    }
  })

  test.each([closeCodes.badMessage, closeCodes.badProtocol])(
    'code %i is final until the user tries again',
    code => {
      const { clock, server, seen, connection, greet } = connect()
      greet()
      server.socket.events.onClose(code)
      clock.advance(600_000)
      expect(seen.states.at(-1)).toEqual({ phase: 'refused', code })
      expect(server.sockets).toHaveLength(1)
      connection.start()
      expect(server.sockets).toHaveLength(2)
    },
  )

  test('a link that is silent for 15 s is given up', () => {
    const { clock, server, seen, greet } = connect()
    greet()
    const first = server.socket
    clock.advance(21_000)
    expect(first.closed).toBe(true)
    expect(server.sockets.length).toBeGreaterThan(1)
    expect(seen.states.some(state => state.phase === 'reconnecting')).toBe(true)
  })

  test('a link on which pongs come is kept', () => {
    const { clock, server, seen, greet } = connect()
    greet()
    for (let second = 0; second < 60; second++) {
      clock.advance(1000)
      server.socket.say({ v: 1, mode: 'live', type: 'pong', client_time: 0, server_time: 0 })
    }
    expect(server.sockets).toHaveLength(1)
    expect(phaseOf(seen.states)).toBe('open')
  })

  test('what an old socket still says is ignored', () => {
    const { server, seen, connection, greet } = connect()
    greet()
    const old = server.socket
    connection.start()
    old.say(update())
    old.events.onClose(1006)
    expect(seen.messages.map(message => message.type)).toEqual(['connection_established'])
    expect(phaseOf(seen.states)).toBe('connecting')
  })

  test('after stop nothing waits and no socket is open', () => {
    const { clock, server, connection, greet } = connect()
    greet()
    connection.stop()
    expect(server.socket.closed).toBe(true)
    expect(clock.pending).toBe(0)
  })
})

describe('what comes in', () => {
  test('messages that do not fit are counted and said, and the link stays', () => {
    const { server, seen, greet } = connect()
    greet()
    server.socket.events.onMessage('{')
    server.socket.events.onMessage('{"type":"nonsense"}')
    server.socket.events.onMessage(JSON.stringify({ ...update(), step: -1 }))
    server.socket.events.onMessage(Uint8Array.of(1, 2, 3))
    expect(seen.invalid).toHaveLength(4)
    expect(seen.invalid[2]).toContain('step')
    expect(seen.messages).toHaveLength(1)
    expect(phaseOf(seen.states)).toBe('open')
  })

  test('numbers that JSON cannot carry arrive as they were', () => {
    const { server, seen, greet } = connect()
    greet()
    server.socket.say(update({ reward: Number.NaN, cumulative_reward: Number.NEGATIVE_INFINITY }))
    expect(seen.messages.at(-1)).toMatchObject({
      reward: Number.NaN,
      cumulative_reward: Number.NEGATIVE_INFINITY,
    })
  })

  test('frames are decoded', () => {
    const { server, seen, greet } = connect()
    greet()
    server.socket.events.onMessage(encodeFrameMessage(frame()))
    expect(seen.frames).toBe(1)
  })

  test('the clock offset comes from pings answered over the same link', () => {
    const { clock, server, seen, greet } = connect()
    greet()
    const ping = server.socket.sentOf('ping')[0]!
    clock.advance(40)
    const server_time = ping.client_time + 20 + 5000
    const { client_time } = ping
    server.socket.say({ v: 1, mode: 'live', type: 'pong', client_time, server_time })
    expect(seen.offset).toBeCloseTo(5000, 3)
  })
})
