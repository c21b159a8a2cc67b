// What viewers ask about the past, where the log answers one question after the other and all viewers
// together may have so many open.
import { beforeEach, describe, expect, test } from 'vitest'
import { HistoryClient } from '../../src/actors/broadcaster/history-client.ts'
import type { HistoryQuery } from '../../src/protocol/thread-messages.ts'
import { type FakeViewerSocket, settle } from './fake-viewer-socket.ts'
import { advance, clock, connect, openHub } from './hub-fixture.ts'
import { materialOf, rowOf } from './stage.ts'

let asked: HistoryQuery[]
let client: HistoryClient

beforeEach(() => {
  asked = []
  client = new HistoryClient(clock, query => asked.push(query) > 0)
  openHub({ history: client })
})

/** The log answers the oldest question. */
function answerOne(): void {
  const query = asked.shift()!
  if (query.kind === 'episodes') {
    client.take({ id: query.id, kind: 'episodes', rows: [rowOf(1)], next: null })
  } else if (query.kind === 'episode') {
    client.take({ id: query.id, kind: 'episode', material: materialOf(query.episode, 3) })
  }
}

async function answerAll(): Promise<void> {
  await settle()
  while (asked.length > 0) {
    answerOne()
    await settle()
  }
}

const getEpisodes = (socket: FakeViewerSocket, from: number, count: number): void => {
  for (let at = from; at < from + count; at++) {
    socket.say({ type: 'get_episode', request: at, episode: at })
  }
}
const answered = (socket: FakeViewerSocket): (number | null)[] =>
  socket.of('episode').map(({ request }) => request)

describe('P13 a viewer that asks a hundred times at once', () => {
  test('leaves the others their questions, and gets the answer to its last', async () => {
    const greedy = connect()
    const others = Array.from({ length: 15 }, () => connect())
    getEpisodes(greedy, 1, 100)
    for (let request = 1; request <= 100; request++) {
      greedy.say({ type: 'list_episodes', request: 1000 + request })
    }
    await settle()
    // All of the 32 that may be open, but for one episode and one listing.
    for (const other of others) {
      other.say({ type: 'get_episode', request: 7, episode: 7 })
      other.say({ type: 'list_episodes', request: 8 })
    }
    await answerAll()
    for (const other of others) {
      expect(other.of('error')).toEqual([])
      expect(answered(other)).toEqual([7])
      expect(other.of('episodes').filter(({ request }) => request === 8)).toHaveLength(1)
    }
    expect(answered(greedy)).toEqual([100])
    expect(greedy.of('episodes').filter(({ request }) => request === 1100)).toHaveLength(1)
    const errors = greedy.of('error')
    expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(['CANCELLED']))
    expect(errors).toHaveLength(99 + 99)
  })

  test('over a slow log has the newest one looked up next, and none in between', async () => {
    const socket = connect()
    const looked: number[] = []
    getEpisodes(socket, 1, 3)
    for (let next = 4; next < 40; next += 3) {
      await settle()
      for (const query of asked) if (query.kind === 'episode') looked.push(query.episode)
      getEpisodes(socket, next, 3)
      answerOne()
    }
    await answerAll()
    expect(looked).toEqual([3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 33, 36])
    expect(answered(socket)).toEqual([39])
    expect(socket.of('error')).toHaveLength(38)
  })

  test('is answered what it asks after one that failed, and after one without an answer', async () => {
    const socket = connect()
    getEpisodes(socket, 1, 1)
    await settle()
    getEpisodes(socket, 2, 1)
    await settle()
    client.take({ id: asked.shift()!.id, kind: 'failed', code: 'NOT_FOUND', message: 'gone' })
    await answerAll()
    expect(answered(socket)).toEqual([2])
    getEpisodes(socket, 3, 1)
    await settle()
    getEpisodes(socket, 4, 1)
    asked.length = 0
    // The log has half a minute for an answer; meanwhile the viewer says that it is there.
    for (let seconds = 0; seconds < 30; seconds++) {
      await advance(1000, 1000)
      socket.emit('pong')
    }
    await answerAll()
    expect(answered(socket)).toEqual([2, 4])
    expect(socket.of('error').map(({ code }) => code)).toEqual(['CANCELLED', 'CANCELLED'])
  })

  test('asks nothing more once it has gone', async () => {
    const socket = connect()
    getEpisodes(socket, 1, 5)
    await settle()
    socket.terminate()
    await answerAll()
    getEpisodes(socket, 6, 1)
    expect(asked).toEqual([])
    expect(answered(socket)).toEqual([])
  })
})

describe('P13 questions that nobody waits for any more', () => {
  const leaves = (socket: FakeViewerSocket): void => socket.emit('close')
  const asks = (socket: FakeViewerSocket, request: number): void => {
    socket.say({ type: 'get_episode', request, episode: request })
    socket.say({ type: 'list_episodes', request: request + 1 })
  }

  test('are not looked up, unless they were begun, once their viewer has left', async () => {
    const [first, second, third] = [connect(), connect(), connect()]
    for (const [at, socket] of [first, second, third].entries()) asks(socket, 10 * (at + 1))
    await settle()
    leaves(second)
    // The log is with the first one's already: it may finish, and nobody hears of it.
    leaves(first)
    const looked: (number | string)[] = []
    for (; asked.length > 0; await settle()) {
      const [query] = asked
      looked.push(query!.kind === 'episode' ? query!.episode : query!.kind)
      answerOne()
    }
    expect(looked).toEqual([10, 30, 'episodes'])
    expect(answered(third)).toEqual([30])
    expect(third.of('error')).toEqual([])
    expect([...answered(first), ...answered(second)]).toEqual([])
  })

  test('leave the log to the others, however often a viewer comes back and asks', async () => {
    const patient = connect()
    for (let times = 0; times < 100; times++) {
      const fickle = connect()
      asks(fickle, 1)
      await settle()
      leaves(fickle)
    }
    asks(patient, 7)
    await settle()
    // One that was begun, and then the one of who stays.
    answerOne()
    expect(asked).toMatchObject([{ kind: 'episode', episode: 7 }])
    await answerAll()
    expect(patient.of('error')).toEqual([])
    expect(answered(patient)).toEqual([7])
    // But for who waits for a picture, the hub looks after its viewers, and that is all.
    clock.advance(250)
    expect(clock.pending).toBe(1)
  })

  test('are not looked up, unless they were begun, once their viewer asks for something else', async () => {
    const [busy, socket] = [connect(), connect()]
    getEpisodes(busy, 1, 1)
    await settle()
    for (const episode of [2, 3, 4]) {
      getEpisodes(socket, episode, 1)
      await settle()
    }
    answerOne()
    expect(asked).toMatchObject([{ episode: 4 }])
    await answerAll()
    expect(answered(socket)).toEqual([4])
    expect(socket.of('error').map(({ code }) => code)).toEqual(['CANCELLED', 'CANCELLED'])
  })
})
