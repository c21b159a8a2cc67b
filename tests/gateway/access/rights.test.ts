// The table of rights, every cell of it tried: by HTTP where the verb has a path, and over a
// WebSocket.
import { describe, expect, test } from 'vitest'
import { routes } from '../../../src/gateway/routes.ts'
import { clientMessageSchema } from '../../../src/protocol/client-messages.ts'
import {
  type Identity,
  isAllowed,
  messageVerbs,
  rights,
  roles,
  type Verb,
  verbs,
} from '../../../src/protocol/rights.ts'
import { ask, bearer, ownHost, statusOf } from '../raw-http.ts'
import { type Served, serveGateway } from '../serve-gateway.ts'
import { WsClient } from '../ws-client.ts'

const identities: readonly Identity[] = ['none', ...roles]

/** What the specification says (spec A1), written out once more by hand. */
const expected: Readonly<Record<Verb, readonly Identity[]>> = {
  readHealth: ['none', 'viewer', 'streamer', 'producer', 'admin'],
  loadPage: ['none', 'viewer', 'streamer', 'producer', 'admin'],
  signIn: ['none', 'viewer', 'streamer', 'producer', 'admin'],
  watch: ['viewer', 'streamer', 'admin'],
  replay: ['streamer', 'admin'],
  readState: ['viewer', 'streamer', 'admin'],
}

const messages = {
  hello: { type: 'hello', v: 1 },
  set: { type: 'set', max_fps: 10 },
  ping: { type: 'ping', client_time: 1 },
  list_episodes: { type: 'list_episodes', request: 1 },
  get_episode: { type: 'get_episode', request: 2, episode: 1 },
} as const

const tokenOf = (served: Served, identity: Identity): string | undefined =>
  identity === 'none' ? undefined : served.issue({ role: identity }).token

describe('A1 K1 who may do what', () => {
  test('the table has a cell for everybody, and every message and path names a verb', () => {
    for (const row of Object.values(rights)) expect(Object.keys(row)).toEqual(identities)
    const types = clientMessageSchema.options.map(option => option.entries.type.literal)
    expect(Object.keys(messageVerbs).sort()).toEqual([...types].sort())
    for (const { verb } of Object.values(routes)) expect(verbs).toContain(verb)
    for (const verb of verbs) {
      const allowed = identities.filter(identity => isAllowed({ identity, replay: false }, verb))
      expect([verb, allowed]).toEqual([verb, expected[verb]])
    }
  })

  test('by HTTP every path answers those whom the table lets, and nobody else', async () => {
    const served = await serveGateway({ token: true })
    const paths = [...Object.entries(routes).map(([path, { verb }]) => ({ path, verb })), ...page]
    for (const identity of identities) {
      const token = tokenOf(served, identity)
      const headers = [ownHost(served.port), ...(token === undefined ? [] : [bearer(token)])]
      for (const { path, verb } of paths) {
        for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
          const status = statusOf(await ask(served, path, headers, method))
          const isLetIn = expected[verb].includes(identity)
          const isRefused = status === (identity === 'none' ? 401 : 403)
          const isAnswered = [200, 404, 405, 503].includes(status)
          const signsIn = path === '/session' && method === 'POST' && identity === 'none'
          const isRight = isLetIn && !signsIn ? isAnswered : isRefused
          expect([identity, method, path, status, isRight]).toEqual([
            ...[identity, method, path, status, true],
          ])
        }
      }
    }
  })

  test('over a WebSocket every message is obeyed for those whom the table lets', async () => {
    const served = await serveGateway({ token: true })
    for (const identity of identities) {
      const token = tokenOf(served, identity)
      const client = new WsClient(served.port, null, { token })
      await client.until(() => client.socket.readyState !== 0)
      const mayWatch = expected.watch.includes(identity)
      expect([identity, client.socket.readyState === 1]).toEqual([identity, mayWatch])
      if (mayWatch) {
        for (const message of Object.values(messages)) client.say(message)
        client.say({ type: 'ping', client_time: 2 })
        await client.until(() => client.of('pong').length === 2)
        const mayReplay = expected.replay.includes(identity)
        const forbidden = client.of('error').map(({ code, request }) => [code, request])
        expect(forbidden).toEqual(mayReplay ? [] : [1, 2].map(request => ['FORBIDDEN', request]))
        if (mayReplay) await client.until(() => client.of('episode').length === 1)
      }
      client.close()
    }
  })

  test('a viewer whose token says so may replay, and whoever needs no token may', async () => {
    const closed = await serveGateway({ token: true })
    const open = await serveGateway()
    const { token } = closed.issue({ role: 'viewer', replay: true })
    for (const client of [new WsClient(closed.port, {}, { token }), new WsClient(open.port)]) {
      await client.opened()
      client.say(messages.get_episode)
      await client.until(() => client.of('episode').length === 1)
      client.close()
    }
  })

  test('why a run is ill is told to those who may read its state', async () => {
    const served = await serveGateway({ token: true })
    const plain = await ask(served, '/healthz')
    expect(plain).toContain('{"healthy":true}')
    const headers = [ownHost(served.port), bearer(served.issue().token)]
    expect(await ask(served, '/healthz', headers)).toContain('"problem":null')
  })
})

const page = ['/', '/index.html', '/nothing.js', '/overlay/metrics'].map(path => ({
  path,
  verb: 'loadPage' as const,
}))
