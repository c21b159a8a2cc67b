// What the page does with a filter: the server is asked, and what it finds is shown, kept up to date,
// gone through, and played.
import { expect, test } from 'vitest'
import { SimulatedClock } from '../../src/base/clock.ts'
import { seededRandom } from '../../src/base/random.ts'
import type { ServerMessage } from '../../src/protocol/server-messages.ts'
import { Session } from '../../web/session.ts'
import { FakeServer } from './fake-socket.ts'
import { answerOf, episode, established, page, row, rows, serverError, update } from './messages.ts'

function join() {
  const clock = new SimulatedClock()
  const server = new FakeServer()
  const options = { openSocket: server.open, clock, random: seededRandom(1), rowsAtFirst: 0 }
  const session = new Session(options)
  session.start()
  const greet = (): void => {
    server.socket.events.onOpen()
    server.socket.say(established())
    server.socket.say(page(rows(50, 41)))
  }
  greet()
  const state = () => session.store.getState()
  const asked = () => server.socket.sentOf('list_episodes')
  const answer = (listed: number[], next: number | null): void => {
    const { request } = asked().at(-1)!
    server.socket.say(answerOf(request, listed.map(row), next))
  }
  const type = (text: string): void => {
    session.search.type(text)
    clock.advance(250)
  }
  const found = () => state().found.rows.map(one => one.episode)
  const opened = () => server.socket.sentOf('get_episode')
  return { clock, server, session, greet, state, asked, answer, type, found, opened }
}

test('L13 the server is asked when nothing more is typed, and until enough is found', () => {
  const { clock, session, state, asked, answer, found } = join()
  for (const text of ['return', 'return >', 'return > 4']) {
    session.search.type(text)
    clock.advance(50)
  }
  expect(asked()).toEqual([])
  clock.advance(200)
  expect(asked()).toMatchObject([{ where: 'return > 4', limit: 200 }])
  answer([49, 45], 30)
  expect(asked().at(-1)).toMatchObject({ where: 'return > 4', before: 30 })
  expect(state().found).toMatchObject({ next: 30, isLooking: true })
  answer([], null)
  expect(state().found).toMatchObject({ next: null, isLooking: false })
  expect(found()).toEqual([49, 45])
  session.search.loadOlder()
  expect(asked()).toHaveLength(2)
  session.search.type('')
  expect(state().found.where).toBeNull()
})

test('L13 what was found stays until something is found by another expression', () => {
  const { server, state, asked, answer, type, found } = join()
  type('return > 4')
  const first = asked().at(-1)!.request
  type('return > 48')
  expect(asked()).toHaveLength(1)
  // The answer to what is not asked any more is passed over, and only then the next is sent.
  server.socket.say(answerOf(first, [row(5)], null))
  expect(found()).toEqual([])
  expect(state().rows.map(one => one.episode)).not.toContain(5)
  answer([50, 49], null)
  expect(found()).toEqual([50, 49])
  type('return > ')
  expect(state().filter.error).not.toBeNull()
  expect(found()).toEqual([50, 49])
  type('return > 49')
  const refused = { v: 1, mode: 'live', type: 'error', request: asked().at(-1)!.request } as const
  server.socket.say({ ...refused, code: 'USAGE', message: 'column 2: no', at: 1, length: 2 })
  expect(state().filter.error?.pointed).toBe('return > 49\n ^^')
  expect(state().problem).toBeNull()
  expect(found()).toEqual([50, 49])
})

test('L13 new episodes are looked for soon, and again when the index may have got them', () => {
  const { clock, server, asked, answer, type, found } = join()
  type('return > 4')
  answer([49], null)
  const before = asked().length
  server.socket.say(page([row(52), row(51)]))
  server.socket.say(page([row(53)]))
  clock.advance(600)
  expect(asked().slice(before)).toMatchObject([{ after: 50, where: 'return > 4' }])
  answer([53], 52)
  expect(asked().at(-1)).toMatchObject({ after: 50, before: 52 })
  answer([51], null)
  expect(found()).toEqual([53, 51, 49])
  clock.advance(4000)
  expect(asked().slice(before + 2)).toMatchObject([{ after: 50 }])
  answer([53, 52, 51], null)
  expect(found()).toEqual([53, 52, 51, 49])
  clock.advance(8_000)
  expect(asked()).toHaveLength(before + 3)
})

test('L13 of the best all are looked for again, as one takes the place of another', () => {
  const { clock, server, asked, answer, type, found } = join()
  type('best(2)')
  answer([49, 48], null)
  server.socket.say(page([row(51)]))
  clock.advance(5100)
  expect(asked().at(-1)).not.toHaveProperty('after')
  answer([51, 49], null)
  expect(found()).toEqual([51, 49])
})

test('L13 another link is asked anew, and another run has found nothing', () => {
  const { clock, server, greet, state, asked, answer, type, found } = join()
  type('return > 4')
  answer([49], 40)
  server.socket.events.onClose(1006)
  clock.advance(1000)
  greet()
  expect(asked()).toMatchObject([{ where: 'return > 4' }])
  answer([48], null)
  expect(found()).toEqual([48])
  server.socket.say(established({ run: 'run-2' }))
  expect(state().found.rows).toEqual([])
  expect(asked().at(-1)).toMatchObject({ where: 'return > 4' })
})

test('L13 P and N go to what the filter means in the whole run, however far it is', () => {
  const { session, asked, answer, type, opened } = join()
  type('return > 4')
  answer([], null)
  session.controls.openInteresting(-1)
  expect(asked().at(-1)).toMatchObject({ limit: 1, where: 'return > 4' })
  expect(asked().at(-1)).not.toHaveProperty('before')
  answer([], 30)
  expect(asked().at(-1)).toMatchObject({ before: 30 })
  answer([12], 12)
  expect(opened().map(one => one.episode)).toEqual([12])
  const before = asked().length
  for (let held = 0; held < 30; held++) session.controls.openInteresting(1)
  expect(asked()).toHaveLength(before + 1)
  expect(asked().at(-1)).toMatchObject({ after: 12 })
  answer([48, 33], 31)
  answer([], 14)
  answer([], null)
  expect(opened().map(one => one.episode)).toEqual([12, 33])
  session.controls.openInteresting(1)
  answer([], null)
  expect(opened()).toHaveLength(2)
})

test('L16 [ and ] go to the episodes beside one that the page does not hold', () => {
  const { session, asked, answer, opened } = join()
  const numbers = () => opened().map(one => one.episode)
  session.openEpisode(3)
  session.controls.openNeighbour(-1)
  session.controls.openNeighbour(-1)
  expect(asked()).toMatchObject([{ before: 3, limit: 1 }])
  answer([2], 2)
  expect(numbers()).toEqual([3, 2])
  session.controls.openNeighbour(1)
  expect(asked().at(-1)).toMatchObject({ after: 2, before: 203 })
  answer([40, 4], null)
  expect(numbers()).toEqual([3, 2, 4])
  // Of what has come too late nothing is shown.
  session.controls.openNeighbour(1)
  session.backToLive()
  answer([5], null)
  expect(numbers()).toEqual([3, 2, 4])
})

test('L16 [ goes on before the oldest episode that the page holds', () => {
  const { session, asked, answer, opened } = join()
  session.openEpisode(41)
  session.controls.openNeighbour(-1)
  expect(asked()).toMatchObject([{ before: 41, limit: 1 }])
  answer([38], 38)
  session.controls.openNeighbour(-1)
  answer([], null)
  session.openEpisode(50)
  const { length } = asked()
  session.controls.openNeighbour(1)
  expect(opened().map(one => one.episode)).toEqual([41, 38, 50])
  expect(asked()).toHaveLength(length)
})

test('L16 ] finds the next episode also where many numbers have none', () => {
  const { server, session, asked, answer, opened } = join()
  server.socket.say(page(rows(1000, 991)))
  session.openEpisode(700)
  session.controls.openNeighbour(1)
  answer([], null)
  expect(asked().at(-1)).toMatchObject({ after: 900, before: 1101 })
  answer([1000, 991], null)
  expect(opened().map(one => one.episode)).toEqual([700, 991])
})

test('L13 one found episode after the other is played, each once, until live is asked for', () => {
  const { clock, server, session, state, answer, type, opened } = join()
  const play = (): void => {
    const { request, episode: number } = opened().at(-1)!
    server.socket.say(episode(number, request) satisfies ServerMessage)
    for (let at = 0; at < 30; at++) {
      clock.advance(100)
      session.look()
    }
  }
  type('return > 4')
  answer([49, 45], null)
  session.foundPlayer.toggle()
  expect(opened().map(one => one.episode)).toEqual([49])
  play()
  expect(opened()).toHaveLength(1)
  server.socket.say(page([row(51), row(52)]))
  clock.advance(600)
  answer([52, 51], null)
  clock.advance(1000)
  expect(opened().map(one => one.episode)).toEqual([49, 52])
  play()
  session.backToLive()
  expect(state().playsFound).toBe(false)
  server.socket.say(page([row(53)]))
  clock.advance(600)
  answer([53], null)
  clock.advance(1000)
  expect(opened()).toHaveLength(2)
})

test('L13 what cannot be replayed is passed over, also while the trainer goes on', () => {
  const { clock, server, session, answer, type, opened } = join()
  type('return > 4')
  answer([49], null)
  session.foundPlayer.toggle()
  server.socket.say(serverError(opened()[0]!.request, 'it was pruned'))
  server.socket.say(page([row(51)]))
  clock.advance(600)
  answer([51], null)
  for (let step = 0; step < 20; step++) {
    server.socket.say(update({ step }))
    session.look()
    clock.advance(50)
  }
  expect(opened().map(one => one.episode)).toEqual([49, 51])
})

test('L13 whoever goes to another view is not taken out of it', () => {
  const { clock, server, session, state, answer, type, opened } = join()
  type('return > 4')
  answer([49], null)
  session.foundPlayer.toggle()
  server.socket.say(serverError(opened()[0]!.request, 'it was pruned'))
  session.go({ view: 'grid' })
  server.socket.say(page([row(51)]))
  clock.advance(600)
  answer([51], null)
  clock.advance(2000)
  expect(state().route).toEqual({ view: 'grid' })
  expect(opened()).toHaveLength(1)
})

test('a search of a very long run leaves room for what else a viewer sends in a minute', () => {
  const { clock, asked, answer, type } = join()
  type('return > 4')
  let answered = 0
  for (let at = 0; at < 600; at++) {
    while (asked().length > answered) {
      answered++
      answer([], 1_000_000 - answered)
    }
    clock.advance(100)
  }
  expect(answered).toBeGreaterThan(200)
  expect(answered).toBeLessThan(300)
})
