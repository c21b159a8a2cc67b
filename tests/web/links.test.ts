// What becomes of what a viewer looks at when its link is lost, and when another run is there.
import { describe, expect, test } from 'vitest'
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
