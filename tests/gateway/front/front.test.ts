// Several runs behind one address: where `/` leads, what is asked of which run, and that a front is
// as strict as the gateways behind it.

import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { runListSchema, runPath } from '../../../src/protocol/run-list.ts'
import { closeCodes } from '../../../src/protocol/viewer-protocol.ts'
import { tier } from '../../faults/tier.ts'
import { until } from '../../runtime/harness.ts'
import { ask, bearer, headerOf, ownHost, statusOf, upgrade } from '../raw-http.ts'
import { frameOf } from '../stage.ts'
import { WsClient } from '../ws-client.ts'
import { serveFront } from './serve-front.ts'

type Served = Awaited<ReturnType<typeof serveFront>>

/** Names that a directory may have and an address must not be confused by. */
const oddNames = [
  'a b',
  'ä',
  'a%2fb',
  '%',
  '%zz',
  '..x',
  '#1',
  'q?x=1',
  'a&b',
  "'",
  '"',
  '\\',
  '...',
]

const bodyOf = (answer: string): string => answer.slice(answer.indexOf('\r\n\r\n') + 4)

async function runOf({ port }: Served, base: string): Promise<string | null | undefined> {
  const viewer = await new WsClient(port, {}, { base }).opened()
  viewer.close()
  return viewer.of('connection_established')[0]?.run
}

describe('U10 a directory of runs', () => {
  test('U10 the root leads to the newest run, and every run has an address of its own', async () => {
    const served = await serveFront({ runs: ['new', 'old'] })
    const root = await ask(served, '/')
    expect([statusOf(root), headerOf(root, 'location')]).toEqual([302, '/run/new/'])
    expect(headerOf(root, 'cache-control')).toBe('no-store')
    const page = await ask(served, '/run/old/')
    expect([statusOf(page), bodyOf(page)]).toEqual([200, '<!doctype html><title>index</title>'])
    expect(headerOf(page, 'content-security-policy')).toContain("default-src 'none'")
    expect(bodyOf(await ask(served, '/run/old/overlay/metrics?max=2'))).toContain('overlay')
    expect(bodyOf(await ask(served, '/runs'))).toContain('<title>runs</title>')
    // Pages are files: nobody was bothered for them.
    expect(served.shelf.opened).toEqual([])
    expect(await runOf(served, '/run/old')).toBe('old')
    expect(await runOf(served, '')).toBe('new')
    served.shelf.runs.unshift('newest')
    expect(headerOf(await ask(served, '/'), 'location')).toBe('/run/newest/')
  })

  test('U10 what is asked of a run is asked of its own gateway, by reading alone', async () => {
    const served = await serveFront()
    const machines = await ask(served, '/run/old/api/machines')
    expect(statusOf(machines)).toBe(200)
    expect(JSON.parse(/\[.*\]/s.exec(bodyOf(machines))![0])).toContainEqual(
      expect.objectContaining({ machine: 'recorder' }),
    )
    expect(headerOf(machines, 'content-type')).toContain('application/json')
    expect(statusOf(await ask(served, '/readyz'))).toBe(503)
    expect(served.shelf.opened).toEqual(['old', 'new'])
    expect([...served.shelf.inside.values()]).toEqual([0, 0])
    for (const path of ['/', '/runs', '/api/runs', '/run/old/api/machines']) {
      expect(statusOf(await ask(served, path, [ownHost(served.port)], 'POST'))).toBe(405)
    }
    // A probe opens no run.
    expect(statusOf(await ask(served, '/healthz'))).toBe(200)
    expect(served.shelf.opened).toHaveLength(2)
  })

  test('U10 the list is bounded and paged', async () => {
    const served = await serveFront({ runs: Array.from({ length: 130 }, (_, i) => `run ${i}`) })
    const list = async (query: string) => {
      const answer = await fetch(`http://127.0.0.1:${served.port}/api/runs${query}`)
      return v.parse(runListSchema, await answer.json())
    }
    expect((await list('')).runs).toHaveLength(50)
    const last = await list('?offset=100&limit=100')
    expect(last.total).toBe(130)
    expect(last.runs.map(({ name }) => name)).toEqual(
      Array.from({ length: 30 }, (_, i) => `run ${100 + i}`),
    )
    expect((await list('?offset=1000')).runs).toEqual([])
    for (const wrong of ['limit=0', 'limit=101', 'offset=-1', 'offset=x', 'limit=', 'offset=1e3']) {
      expect([wrong, statusOf(await ask(served, `/api/runs?${wrong}`))]).toEqual([wrong, 400])
    }
  })

  test('U10 a run of any name is found by its address, and no other', async () => {
    const served = await serveFront({ runs: oddNames })
    for (const name of oddNames) {
      expect([name, statusOf(await ask(served, runPath(name)))]).toEqual([name, 200])
      expect(await runOf(served, runPath(name).slice(0, -1))).toBe(name)
    }
    expect(served.shelf.opened).toEqual(oddNames)
  })

  test('W15 U10 no spelling of a name leads to what is not in the list', async () => {
    const served = await serveFront({ runs: ['a'] })
    const names = ['..', '.', '%2e%2e', '..%2fa', 'a%2f..%2fa', '%2fetc', 'a%00', '%', 'A', 'b', '']
    for (const name of [...names, '%c0%ae%c0%ae', '%252e', 'x'.repeat(400), '__proto__', 'page']) {
      for (const rest of ['/', '/api/system', '/healthz', '/runs.html/..', '/../secret.txt']) {
        const target = `/run/${name}${rest}`
        const status = statusOf(await ask(served, target))
        expect([target, status === 404 || status === 400]).toEqual([target, true])
      }
      const status = statusOf(await upgrade(served, undefined, `/run/${name}/ws`))
      expect([name, status === 404 || status === 400]).toEqual([name, true])
    }
    expect(served.shelf.gateways.size).toBe(0)
  })

  test('U4 U10 without a run there is a page that waits, and the first run is found by itself', async () => {
    const served = await serveFront({ runs: [] })
    expect(bodyOf(await ask(served, '/'))).toContain('<title>index</title>')
    const waiting = await new WsClient(served.port).opened()
    const list = await fetch(`http://127.0.0.1:${served.port}/api/runs`)
    expect(await list.json()).toEqual({ directory: 'test', runs: [], total: 0 })
    served.shelf.runs.push('first')
    await waiting.until(() => waiting.closeCode !== null)
    expect(await runOf(served, '')).toBe('first')
  })

  test('U10 who is at the root is let go when a newer run begins, who chose a run is not', async () => {
    const served = await serveFront({ runs: ['old'] })
    const following = await new WsClient(served.port).opened()
    const staying = await new WsClient(served.port, {}, { base: '/run/old' }).opened()
    served.shelf.runs.unshift('new')
    await following.until(() => following.closeCode !== null)
    staying.say({ type: 'ping', client_time: 1 })
    await staying.until(() => staying.of('pong').length === 1)
    expect(served.shelf.inside.get('old')).toBe(1)
    staying.close()
  })

  test('a viewer is told by its own run that it ends, and one whose gateway is away comes back later', async () => {
    const served = await serveFront()
    const viewer = await new WsClient(served.port).opened()
    await served.shelf.gateways.get('new')!.stop()
    await viewer.until(() => viewer.closeCode !== null)
    expect(viewer.closeCode).toBe(closeCodes.goingAway)
    expect(statusOf(await upgrade(served))).toBe(503)
    expect(statusOf(await ask(served, '/api/machines'))).toBe(503)
    expect(served.shelf.inside.get('new')).toBe(0)
    served.shelf.gateways.delete('new')
    expect(await runOf(served, '')).toBe('new')
  })
})

describe('U3 a viewer that stops reading', { timeout: 180_000 }, () => {
  test.skipIf(tier !== 'slow')(
    'U3 is cut by its run, and the front lets go of it too',
    async () => {
      const served = await serveFront()
      const viewer = await new WsClient(served.port, { max_fps: 240 }).opened()
      viewer.socket.pause()
      const hub = served.shelf.hubs.get('new')!
      const pixels = new Uint8Array(300_000)
      let step = 0
      const timer = setInterval(() => {
        hub.showFrame({ ...frameOf(0), step: step++, width: 1000, height: 100, pixels })
      }, 20)
      try {
        await until('its run has cut it', () => hub.counters.viewers === 0, 60_000)
        await until('the tunnel is gone', () => served.shelf.inside.get('new') === 0, 90_000)
      } finally {
        clearInterval(timer)
        viewer.close()
      }
    },
  )
})

describe('P12 K1 K2 K3 the door of a front', () => {
  test('P12 K2 a foreign Host or Origin gets nothing, of any run', async () => {
    const served = await serveFront()
    const own = ownHost(served.port)
    const foreign = [
      ['Host: evil.example'],
      [`Host: localhost.evil:${served.port}`],
      [own, own],
      [own, 'Origin: http://evil.example'],
      [own, 'Origin: null'],
    ]
    for (const headers of foreign) {
      for (const path of ['/', '/runs', '/api/runs', '/run/new/', '/run/new/api/system']) {
        const status = statusOf(await ask(served, path, headers))
        expect([path, status === 400 || status === 403]).toEqual([path, true])
      }
      const status = statusOf(await upgrade(served, headers, '/run/new/ws'))
      expect([headers, status === 400 || status === 403]).toEqual([headers, true])
    }
    expect(served.shelf.opened).toEqual([])
    for (const host of ['localhost', '[::1]']) {
      const headers = [`Host: ${host}:${served.port}`, `Origin: http://${host}:${served.port}`]
      expect(statusOf(await upgrade(served, headers, '/run/new/ws'))).toBe(101)
    }
  })

  test('K1 K3 whom nobody knows is not told which runs there are', async () => {
    const served = await serveFront({ token: true })
    const page = await ask(served, '/')
    expect([statusOf(page), headerOf(page, 'location')]).toEqual([200, undefined])
    const there = await ask(served, '/run/old/')
    expect(bodyOf(await ask(served, '/run/none/'))).toBe(bodyOf(there))
    expect(there.startsWith('HTTP/1.1 200')).toBe(true)
    for (const path of ['/api/runs', '/run/old/healthz', '/run/none/healthz', '/run/old/readyz']) {
      expect([path, statusOf(await ask(served, path))]).toEqual([path, 401])
    }
    for (const base of ['', '/run/old', '/run/none']) {
      expect(statusOf(await upgrade(served, undefined, `${base}/ws`))).toBe(401)
    }
    expect(served.shelf.opened).toEqual([])
  })

  test('K1 K3 a token opens every run of the directory, for what its role may do', async () => {
    const served = await serveFront({ token: true })
    const { token, grant } = served.issue()
    const known = [ownHost(served.port), bearer(token)]
    expect(statusOf(await ask(served, '/', known))).toBe(302)
    expect(statusOf(await ask(served, '/run/none/', known))).toBe(404)
    expect(statusOf(await ask(served, '/run/old/api/machines', known))).toBe(200)
    const viewer = await new WsClient(served.port, {}, { token, base: '/run/old' }).opened()
    viewer.say({ type: 'get_episode', request: 1, episode: 1 })
    await viewer.until(() => viewer.of('error').length === 1)
    served.grants.revoke(grant.id)
    await viewer.until(() => viewer.closeCode !== null)
    expect(viewer.closeCode).toBe(closeCodes.notAllowed)
    expect(statusOf(await ask(served, '/api/runs', known))).toBe(401)
  })

  test('P12 U10 what a front refuses is counted, and told behind the figures of the newest run', async () => {
    const served = await serveFront({ token: true })
    const { token } = served.issue()
    const known = [ownHost(served.port), bearer(token)]
    const figures = async (path: string): Promise<string> => {
      const headers = { authorization: `Bearer ${token}` }
      const answer = await fetch(`http://127.0.0.1:${served.port}${path}`, { headers })
      expect([answer.status, answer.headers.get('content-type')]).toEqual([
        200,
        expect.stringContaining('text/plain; version=0.0.4'),
      ])
      return answer.text()
    }
    await ask(served, '/api/runs')
    await upgrade(served, undefined, '/run/old/ws')
    await ask(served, '/', ['Host: evil.example'])
    await ask(served, '/run/none/readyz', known)
    await upgrade(served, known, '/run/none/ws')
    expect(statusOf(await ask(served, '/run/old/readyz', known))).toBe(503)
    const refusals = (text: string): string[] =>
      text.split('\n').filter(line => line.startsWith('rollcast_front_refused_requests_total'))
    const told = await figures('/metrics')
    expect(refusals(told)).toEqual([
      'rollcast_front_refused_requests_total{status="401"} 2',
      'rollcast_front_refused_requests_total{status="403"} 1',
      'rollcast_front_refused_requests_total{status="404"} 2',
    ])
    expect(told).toContain('\nrollcast_viewers 0\n')
    // A run that is away is refused by the front; one that is not ready, above, said so itself.
    await served.shelf.gateways.get('old')!.stop()
    expect(statusOf(await ask(served, '/run/old/api/machines', known))).toBe(503)
    expect(statusOf(await upgrade(served, known, '/run/old/ws'))).toBe(503)
    expect(refusals(await figures('/metrics'))).toContain(
      'rollcast_front_refused_requests_total{status="503"} 2',
    )
    expect(statusOf(await ask(served, '/metrics', known, 'HEAD'))).toBe(200)
    expect(refusals(await figures('/run/new/metrics'))).toEqual([])
    served.shelf.gateways.delete('old')
  })

  test('K3 a link is exchanged at the front for a cookie that every run takes', async () => {
    const served = await serveFront({ token: true })
    const { token } = served.issue({ kind: 'link', replay: true })
    const own = ownHost(served.port)
    const signedIn = await ask(served, '/session', [own, bearer(token)], 'POST')
    const cookie = `Cookie: ${headerOf(signedIn, 'set-cookie')!.split(';', 1)[0]}`
    for (const path of ['/api/runs', '/run/old/api/machines', '/run/new/session']) {
      expect([path, statusOf(await ask(served, path, [own, cookie]))]).toEqual([path, 200])
    }
    const origin = `Origin: http://127.0.0.1:${served.port}`
    expect(statusOf(await upgrade(served, [own, cookie, origin], '/run/old/ws'))).toBe(101)
    expect(statusOf(await upgrade(served, [own, cookie], '/run/old/ws'))).toBe(403)
  })
})
