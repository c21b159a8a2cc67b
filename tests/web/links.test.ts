// What becomes of what a viewer looks at when its link is lost, and when another run is there.
import { describe, expect, test } from 'vitest'
import { whenReady } from '../../web/address.ts'
import { join } from './join.ts'
import { episode, established, update } from './messages.ts'

describe('L17: a replay', () => {
  const open = () => {
    const joined = join()
    joined.session.openEpisode(3)
    const request = joined.server.socket.sentOf('get_episode')[0]!.request
    joined.server.socket.say(episode(3, request))
    return joined
  }

  test('without a connection fails at once and says so', () => {
    const { server, session, state } = join()
    server.socket.events.onClose(1006)
    session.openEpisode(1)
    expect(state().replay?.phase).toBe('failed')
  })

  test('survives a reconnect to the same run', () => {
    const { session, rejoin, state } = open()
    rejoin({ continuation: 'resume' })
    expect(state().replay?.phase).toBe('ready')
    expect(session.look()?.episode).toBe(3)
  })

  test('U4 that the old link still owed is asked for over the new one, to begin as it was to', () => {
    const { clock, server, session, rejoin, state } = join()
    session.openEpisode(3, 0.25)
    rejoin({ continuation: 'resume' })
    const { episode: number, request } = server.socket.sentOf('get_episode')[0]!
    expect(state().replay).toEqual({ phase: 'loading', episode: number, request })
    server.socket.say(episode(number, request))
    clock.advance(1000)
    expect(session.look()?.replay).toMatchObject({ index: 2, playhead: { playing: false } })
  })

  test('U4 whose frames have not all come goes on where it was, in whatever view', () => {
    const { clock, server, session, rejoin, sendFrame, state } = join()
    session.openEpisode(3)
    const first = server.socket.sentOf('get_episode')[0]!.request
    server.socket.say({ ...episode(3, first), frames_following: 2 })
    sendFrame({ request: first, episode: 3, index: 0 })
    clock.advance(150)
    session.controls.togglePlaying()
    session.go({ view: 'grid' })
    rejoin({ continuation: 'resume' })
    const { request } = server.socket.sentOf('get_episode')[0]!
    server.socket.say({ ...episode(3, request), frames_following: 2 })
    for (const index of [0, 1]) sendFrame({ request, episode: 3, step: 2 * index, index })
    clock.advance(1000)
    expect(session.look()?.replay).toMatchObject({ index: 1, playhead: { playing: false } })
    expect(state()).toMatchObject({ route: { view: 'grid' }, replay: { framesReceived: 2 } })
    rejoin({ continuation: 'resume' })
    expect(server.socket.sentOf('get_episode')).toEqual([])
  })

  test('U4 that waits for the link is asked for when the link stands, once', () => {
    const { clock, server, session, greet, state } = join()
    server.socket.events.onClose(1006)
    whenReady(session, () => session.openEpisode(4))
    clock.advance(1000)
    greet({ continuation: 'resume' })
    const asked = server.socket.sentOf('get_episode')
    expect(asked).toHaveLength(1)
    server.socket.say(episode(4, asked[0]!.request))
    expect(state().replay).toMatchObject({ phase: 'ready', episode: 4 })
  })

  test('of a run that is gone ends', () => {
    const { server, session, state } = open()
    server.socket.say(established({ run: 'run-2' }))
    expect(state().replay).toBeNull()
    expect(session.look()).toBeNull()
  })
})

test('L9 L14 the picked agent stays picked in another run, and can be left there', () => {
  const { server, session, rejoin, state } = join()
  session.follow('env-3')
  rejoin({ run: 'run-2', agents: [] })
  expect(server.socket.sentOf('hello')).toMatchObject([{ agent: 'env-3' }])
  expect(state().followed).toBe('env-3')
  session.follow(null)
  expect(server.socket.sentOf('set')).toMatchObject([{ agent: null }])
  server.socket.say(update({ agent: 'other' }))
  expect(session.look()?.agent).toBe('other')
})
