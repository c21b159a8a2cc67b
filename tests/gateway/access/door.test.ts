// Tokens at a gateway that listens: sessions, what is refused and how soon, and what happens to
// those who are on the page when their token goes. The clock is the test's.

import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { SimulatedClock } from '../../../src/base/clock.ts'
import { SESSION_MILLIS_MAX } from '../../../src/gateway/access/grants.ts'
import { limits } from '../../../src/protocol/limits.ts'
import { roles } from '../../../src/protocol/rights.ts'
import { sessionSchema } from '../../../src/protocol/sign-in.ts'
import { closeCodes, shouldReconnect } from '../../../src/protocol/viewer-protocol.ts'
import { ask, bearer, headerOf, ownHost, statusOf, upgrade } from '../raw-http.ts'
import { type Served, serveGateway } from '../serve-gateway.ts'
import { WsClient } from '../ws-client.ts'

const HOUR_MILLIS = 3_600_000
const MINUTE_MILLIS = 60_000

const signIn = ({ port }: Served, token: string, from?: string): Promise<string> =>
  ask({ port, ...(from && { from }) }, '/session', [ownHost(port), bearer(token)], 'POST')

const cookieOf = (answer: string): string => headerOf(answer, 'set-cookie')!.split(';', 1)[0]!

/** Asks for what only those who are known may have. */
const read = async ({ port }: Served, ...headers: readonly string[]): Promise<number> =>
  statusOf(await ask({ port }, '/api/machines', [ownHost(port), ...headers]))

/** Lets time pass in steps, and the sockets in between. */
async function pass(clock: SimulatedClock, millis: number): Promise<void> {
  for (let passed = 0; passed < millis; passed += 50) {
    clock.advance(50)
    await new Promise(resolve => setImmediate(resolve))
  }
}

describe('A5 K3 a token at the door', () => {
  test('is exchanged for a cookie that no script and no other site can use', async () => {
    const served = await serveGateway({ token: true })
    const answer = await signIn(served, served.issue({ kind: 'link', role: 'streamer' }).token)
    expect(statusOf(answer)).toBe(200)
    expect(answer).toContain('{"required":true,"role":"streamer"}')
    const [value, ...attributes] = headerOf(answer, 'set-cookie')!.split('; ')
    expect(value).toMatch(new RegExp(`^rollcast_${served.port}=[0-9a-f]{12}\\.[\\w-]{43}$`))
    const maxAge = `Max-Age=${SESSION_MILLIS_MAX / 1000}`
    expect(attributes).toEqual([maxAge, 'Path=/', 'HttpOnly', 'SameSite=Strict'])
    expect(await read(served, `Cookie: ${value}`)).toBe(200)
    expect(await read(served, `Cookie: a=b; ${value}; c=d`)).toBe(200)
  })

  test('says who one is, and whether that is asked at all', async () => {
    const served = await serveGateway({ token: true })
    const open = await serveGateway()
    const who = async (peer: Served, ...headers: readonly string[]): Promise<unknown> => {
      const answer = await ask(peer, '/session', [ownHost(peer.port), ...headers])
      return v.parse(sessionSchema, JSON.parse(/\{.*\}/.exec(answer)![0]))
    }
    expect(await who(served)).toEqual({ required: true, role: null })
    for (const role of roles) {
      const { token } = served.issue({ role })
      expect(await who(served, bearer(token))).toEqual({ required: true, role })
    }
    expect(await who(open)).toEqual({ required: false, role: 'viewer' })
    const exchanged = await signIn(open, served.issue().token)
    expect(statusOf(exchanged)).toBe(200)
    expect(headerOf(exchanged, 'set-cookie')).toBe(undefined)
  })

  test('W13 missing, wrong, expired, used up, of another run or of another kind: 401', async () => {
    const clock = new SimulatedClock()
    const served = await serveGateway({ token: true, clock })
    const other = await serveGateway({ token: true, clock })
    const expired = served.issue({ lifeMillis: 1000 }).token
    const link = served.issue({ kind: 'link' }).token
    const used = served.issue({ kind: 'link' }).token
    const session = cookieOf(await signIn(served, used))
    clock.advance(1000)
    const wrong: Readonly<Record<string, readonly string[]>> = {
      missing: [],
      wrong: [bearer(`${'a'.repeat(12)}.${'A'.repeat(43)}`)],
      expired: [bearer(expired)],
      'used up': [bearer(used)],
      'of another run': [bearer(other.issue().token)],
      'a link, shown as a key': [bearer(link)],
      'a session, shown as a key': [bearer(session.split('=')[1]!)],
      'a key, shown as a session': [`Cookie: rollcast_${served.port}=${served.issue().token}`],
      'under the name of another port': [`Cookie: ${session.replace(`_${served.port}`, '_1')}`],
      'another scheme': ['Authorization: Basic dXNlcjpwYXNz'],
      'behind another scheme': [`Authorization: Basic Bearer ${served.issue().token}`],
      'with something behind it': [`${bearer(served.issue().token)} x`],
    }
    for (const [name, headers] of Object.entries(wrong)) {
      expect([name, await read(served, ...headers)]).toEqual([name, 401])
      const handshake = await upgrade(served, [ownHost(served.port), ...headers])
      expect([name, statusOf(handshake)]).toEqual([name, 401])
      expect(headerOf(handshake, 'www-authenticate')).toBe('Bearer')
      // The minute of the lock-out is over.
      clock.advance(MINUTE_MILLIS)
    }
    for (const token of [expired, used, session.split('=')[1]!]) {
      expect(statusOf(await signIn(served, token))).toBe(401)
    }
    expect(await read(served, bearer(served.issue({ role: 'producer' }).token))).toBe(403)
    // What was tried wrongly still works where it belongs.
    expect(await read(served, `Cookie: ${session}`)).toBe(200)
    expect(statusOf(await signIn(served, link))).toBe(200)
    expect(statusOf(await signIn(served, link))).toBe(401)
  })

  test('W13 after ten wrong ones in a minute an address waits for a minute', async () => {
    const clock = new SimulatedClock()
    const served = await serveGateway({ token: true, clock })
    const { token } = served.issue()
    const cookie = `Cookie: ${cookieOf(await signIn(served, token))}`
    const wrong = bearer(`${'a'.repeat(12)}.${'A'.repeat(43)}`)
    for (let count = 0; count < 10; count++) expect(await read(served, wrong)).toBe(401)
    for (const shown of [wrong, bearer(token)]) {
      expect(await read(served, shown)).toBe(429)
      expect(statusOf(await upgrade(served, [ownHost(served.port), shown]))).toBe(429)
      expect(statusOf(await signIn(served, shown.slice('Authorization: Bearer '.length)))).toBe(429)
    }
    // Those who are in stay in, and other addresses are others.
    expect(await read(served, cookie)).toBe(200)
    expect(statusOf(await signIn(served, token, '127.0.0.9'))).toBe(200)
    clock.advance(MINUTE_MILLIS)
    expect(await read(served, bearer(token))).toBe(200)
    // Each of them was counted.
    const figures = await ask(served, '/metrics', [ownHost(served.port), bearer(token)])
    expect(figures).toContain('rollcast_refused_requests_total{status="401"} 10')
    expect(figures).toContain('rollcast_refused_requests_total{status="429"} 6')
  })

  test('W13 guesses at a session count, and a session that is over is no guess', async () => {
    const served = await serveGateway({ token: true })
    const { token } = served.issue()
    const cookie = cookieOf(await signIn(served, token))
    const over = cookieOf(await signIn(served, token))
    served.grants.revoke(over.slice(over.indexOf('=') + 1, over.indexOf('.')))
    for (let count = 0; count < 20; count++) expect(await read(served, `Cookie: ${over}`)).toBe(401)
    expect(await read(served, bearer(token))).toBe(200)
    const guess = `Cookie: ${cookie.slice(0, -20)}${'A'.repeat(20)}`
    for (let count = 0; count < 10; count++) expect(await read(served, guess)).toBe(401)
    expect(await read(served, bearer(token))).toBe(429)
  })

  test('W13 a refusal takes less than 50 ms', async () => {
    const served = await serveGateway({ token: true })
    served.issue()
    const millis: number[] = []
    for (let count = 0; count < 60; count++) {
      const began = performance.now()
      await read(served, bearer(`${'a'.repeat(12)}.${String(count).padStart(43, 'A')}`))
      millis.push(performance.now() - began)
    }
    // Of a machine that has much else to do, the middle one says what we do.
    expect(millis.sort((a, b) => a - b)[30]).toBeLessThan(50)
  })

  test('exchanges are limited like handshakes', async () => {
    const served = await serveGateway({ token: true, clock: new SimulatedClock() })
    const { token } = served.issue()
    const rate = limits.handshakesPerSecondFromLoopback
    const statuses = new Map<number, number>()
    const width = 50
    const rounds = Math.ceil(rate / width) + 1
    for (let round = 0; round < rounds; round++) {
      const answers = await Promise.all(Array.from({ length: width }, () => signIn(served, token)))
      for (const answer of answers) {
        statuses.set(statusOf(answer), (statuses.get(statusOf(answer)) ?? 0) + 1)
      }
    }
    expect([...statuses]).toEqual([
      [200, rate],
      [429, rounds * width - rate],
    ])
    // And however often it was exchanged, it has its 64 sessions.
    expect(served.grants.all().filter(({ kind }) => kind === 'session')).toHaveLength(64)
  })
})

describe('A5 K3 whose token goes', () => {
  for (const how of ['key', 'session'] as const) {
    test(`is out within a second, by ${how}, also when it does not answer`, async () => {
      const clock = new SimulatedClock()
      const served = await serveGateway({ token: true, clock })
      const { token, grant } = served.issue()
      const answer = await signIn(served, token)
      const viewer = (): WsClient =>
        how === 'key'
          ? new WsClient(served.port, {}, { token })
          : new WsClient(
              served.port,
              {},
              {
                headers: {
                  cookie: cookieOf(answer),
                  origin: `http://127.0.0.1:${served.port}`,
                },
              },
            )
      const [polite, deaf, stays] = [
        viewer(),
        viewer(),
        new WsClient(served.port, {}, { token: served.issue().token }),
      ]
      for (const client of [polite, deaf, stays]) await client.opened()
      deaf.socket.pause()
      served.grants.revoke(grant.id)
      await pass(clock, 1000)
      await expect.poll(() => served.hub.counters.viewers).toBe(1)
      await polite.until(() => polite.closeCode !== null)
      expect(polite.closeCode).toBe(closeCodes.notAllowed)
      expect(shouldReconnect(closeCodes.notAllowed)).toBe(false)
      expect(stays.closeCode).toBe(null)
      for (const client of [polite, deaf, stays]) client.close()
    })
  }

  test('is out when it expires', async () => {
    const clock = new SimulatedClock()
    const served = await serveGateway({ token: true, clock })
    const client = new WsClient(
      served.port,
      {},
      { token: served.issue({ lifeMillis: HOUR_MILLIS }).token },
    )
    await client.opened()
    clock.sleep(HOUR_MILLIS - 1000)
    await pass(clock, 500)
    expect(client.closeCode).toBe(null)
    await pass(clock, 1500)
    await client.until(() => client.closeCode !== null)
    expect(client.closeCode).toBe(closeCodes.notAllowed)
    client.close()
  })
})
