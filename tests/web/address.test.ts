import { expect, test } from 'vitest'
import { SimulatedClock } from '../../src/base/clock.ts'
import { seededRandom } from '../../src/base/random.ts'
import { type AddressBar, linkAddress } from '../../web/address.ts'
import { Session } from '../../web/session.ts'
import { FakeServer } from './fake-socket.ts'
import { episode, established } from './messages.ts'

/** A browser's history: places, and the one that is shown. */
class FakeBar implements AddressBar {
  readonly places: string[]
  #listener = (): void => {}

  constructor(hash: string) {
    this.places = [hash]
  }

  hash = (): string => this.places.at(-1)!
  push = (hash: string): void => {
    this.places.push(hash)
  }
  replace = (hash: string): void => {
    this.places[this.places.length - 1] = hash
  }
  listen = (listener: () => void): void => {
    this.#listener = listener
  }
  visit(hash: string): void {
    this.places.push(hash)
    this.#listener()
  }
}

function join(hash: string) {
  const clock = new SimulatedClock()
  const server = new FakeServer()
  const session = new Session({ openSocket: server.open, clock, random: seededRandom(1) })
  const bar = new FakeBar(hash)
  session.start()
  linkAddress(session, bar, clock)
  const connect = (): void => {
    server.socket.events.onOpen()
    server.socket.say(established())
  }
  const answer = (): void => {
    const { episode: number, request } = server.socket.sentOf('get_episode').at(-1)!
    server.socket.say(episode(number, request))
  }
  return { clock, server, session, bar, connect, answer }
}

test('L17 an address of an episode opens it where it says, once there is a connection', () => {
  const { server, session, bar, connect, answer } = join('#/episode/12?t=0.1')
  expect(bar.places).toEqual(['#/episode/12?t=0.1'])
  connect()
  expect(server.socket.sentOf('get_episode')).toMatchObject([{ episode: 12 }])
  answer()
  expect(session.look()).toMatchObject({ episode: 12, replay: { index: 1 } })
  expect(bar.places).toEqual(['#/episode/12?t=0.1'])
})

test('what is opened has an address, and a playhead at rest is in it', () => {
  const { clock, session, bar, connect, answer } = join('')
  connect()
  session.openEpisode(3)
  answer()
  expect(bar.places).toEqual(['', '#/episode/3'])
  session.controls.seek(2)
  session.look()
  clock.advance(1000)
  expect(bar.places).toEqual(['', '#/episode/3'])
  session.controls.stepBy(-1)
  session.look()
  clock.advance(1000)
  const at = session.look()?.replay?.playhead.atMillis ?? 0
  expect(bar.places).toEqual(['', `#/episode/3?t=${at / 1000}`])
  session.backToLive()
  expect(bar.hash()).toBe('#/')
})

test('back and forward of the browser lead to other places', () => {
  const { server, session, bar, connect } = join('#/system')
  connect()
  expect(session.store.getState().route).toEqual({ view: 'system' })
  bar.visit('#/episode/5')
  expect(server.socket.sentOf('get_episode')).toMatchObject([{ episode: 5 }])
  bar.visit('#/')
  expect(session.store.getState()).toMatchObject({ replay: null, route: { view: 'live' } })
  expect(bar.places).toEqual(['#/system', '#/episode/5', '#/'])
})
