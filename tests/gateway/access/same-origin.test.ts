// Requests of foreign pages and under foreign names, as bytes, for every method that there is.
import { METHODS } from 'node:http'
import { networkInterfaces } from 'node:os'
import { describe, expect, test } from 'vitest'
import { ask, bearer, ownHost, statusOf, upgrade } from '../raw-http.ts'
import { serveGateway } from '../serve-gateway.ts'

/** CONNECT asks for a tunnel, and Node hands it to nobody here: the connection ends. */
const methods = METHODS.filter(method => method !== 'CONNECT')
const own = ['127.0.0.1', 'localhost', '[::1]']

/** Names that are not this server, with `PORT` where the right port would stand. */
const foreignHosts = [
  'evil.com:PORT',
  'localhost.evil.com:PORT',
  '127.0.0.1.evil.com:PORT',
  'evil.com',
  'localhost.:PORT',
  '127.0.0.1.:PORT',
  '2130706433:PORT',
  '0x7f000001:PORT',
  '0x7f.1:PORT',
  '0177.0.0.1:PORT',
  '127.1:PORT',
  '127.0.1:PORT',
  '127.0.0.2:PORT',
  '0.0.0.0:PORT',
  '0:PORT',
  'LOCALHOST:PORT',
  'Localhost:PORT',
  'localhost',
  '127.0.0.1',
  'localhost:1',
  'localhost:PORT0',
  'localhost:0PORT',
  'localhost:+PORT',
  'user@localhost:PORT',
  '::1:PORT',
  '[::]:PORT',
  '[0:0:0:0:0:0:0:1]:PORT',
  '[::ffff:127.0.0.1]:PORT',
  'localhost:PORT,evil.com',
  'localhost:PORT/evil.com',
  'ⓛocalhost:PORT',
]

const foreignOrigins = [
  'null',
  '',
  'http://evil.com',
  'http://evil.com:PORT',
  'https://evil.com:PORT',
  'http://localhost.evil.com',
  'http://localhost.evil.com:PORT',
  'http://evil-localhost:PORT',
  'http://evillocalhost:PORT',
  'http://127.0.0.1.evil.com:PORT',
  'http://127.0.0.1:PORT.evil.com',
  'http://evil.com/http://127.0.0.1:PORT',
  'http://evil.com?http://127.0.0.1:PORT',
  'http://evil.com#http://127.0.0.1:PORT',
  'https://127.0.0.1:PORT',
  'https://localhost:PORT',
  'ws://127.0.0.1:PORT',
  'wss://localhost:PORT',
  'ftp://localhost:PORT',
  'file://',
  'file://localhost:PORT',
  'chrome-extension://localhost:PORT',
  'data:text/html,x',
  'about:blank',
  'http://127.0.0.1',
  'http://localhost',
  'http://localhost:1',
  'http://localhost:PORT0',
  'http://localhost:0PORT',
  'http://LOCALHOST:PORT',
  'HTTP://localhost:PORT',
  'http://localhost:PORT/',
  'http://localhost.:PORT',
  'http://user@localhost:PORT',
  'http://user:pass@127.0.0.1:PORT',
  'http://127.1:PORT',
  'http://2130706433:PORT',
  'http://0x7f.1:PORT',
  'http://[::ffff:127.0.0.1]:PORT',
  'http://0.0.0.0:PORT',
  'localhost:PORT',
  '//localhost:PORT',
  'http://localhost:PORT http://evil.com',
  'http://evil.com, http://localhost:PORT',
]

describe('W11 W12 K2 whose page may ask', () => {
  test('this machine under its own names, with the right port, is let in', async () => {
    const peer = await serveGateway()
    for (const name of own) {
      const host = `Host: ${name}:${peer.port}`
      expect(statusOf(await ask(peer, '/', [host]))).toBe(200)
      expect(statusOf(await upgrade(peer, [host]))).toBe(101)
      for (const page of own) {
        const origin = `Origin: http://${page}:${peer.port}`
        expect(statusOf(await upgrade(peer, [host, origin]))).toBe(101)
      }
    }
  })

  test('W12 another Host is refused, for every method and for upgrades', async () => {
    expect(foreignHosts.length).toBeGreaterThanOrEqual(30)
    const peer = await serveGateway()
    const wrong: unknown[] = []
    for (const name of foreignHosts) {
      const host = `Host: ${name.replace('PORT', String(peer.port))}`
      const answers = await Promise.all(
        methods.map(async method => [method, statusOf(await ask(peer, '/', [host], method))]),
      )
      wrong.push(...answers.filter(([, status]) => status !== 403).map(one => [name, ...one]))
      expect([name, statusOf(await upgrade(peer, [host]))]).toEqual([name, 403])
    }
    expect(wrong).toEqual([])
  })

  test('W12 no Host, two Hosts and a target that is no path are refused', async () => {
    const peer = await serveGateway()
    const host = ownHost(peer.port)
    for (const headers of [[], [host, 'Host: evil.com'], ['Host: evil.com', host], [host, host]]) {
      expect(statusOf(await ask(peer, '/', headers))).toBe(400)
      expect(statusOf(await upgrade(peer, headers))).toBe(400)
    }
    for (const target of [`http://127.0.0.1:${peer.port}/`, 'http://evil.com/', '*', 'evil.com']) {
      expect([target, statusOf(await ask(peer, target, [host]))]).toEqual([target, 400])
      expect([target, statusOf(await upgrade(peer, [host], target))]).toEqual([target, 400])
    }
  })

  test('W11 an Origin that is not our own is refused, spelled however', async () => {
    expect(foreignOrigins.length).toBeGreaterThanOrEqual(40)
    const peer = await serveGateway()
    for (const text of foreignOrigins) {
      const origin = `Origin: ${text.replace('PORT', String(peer.port))}`
      const headers = [ownHost(peer.port), origin]
      expect([text, statusOf(await ask(peer, '/', headers))]).toEqual([text, 403])
      expect([text, statusOf(await ask(peer, '/session', headers, 'POST'))]).toEqual([text, 403])
      expect([text, statusOf(await upgrade(peer, headers))]).toEqual([text, 403])
    }
    const origin = `Origin: http://localhost:${peer.port}`
    for (const second of ['Origin: http://evil.com', origin]) {
      expect(statusOf(await upgrade(peer, [ownHost(peer.port), origin, second]))).toBe(403)
    }
  })

  test('W11 beside a cookie an Origin is needed; without one, a token in a header', async () => {
    const peer = await serveGateway({ token: true })
    const { token } = peer.issue()
    const host = ownHost(peer.port)
    const signedIn = await ask(peer, '/session', [host, bearer(token)], 'POST')
    const cookie = `Cookie: ${/^set-cookie: ([^;]+)/im.exec(signedIn)?.[1]}`
    expect(statusOf(await upgrade(peer, [host, cookie]))).toBe(403)
    const origin = `Origin: http://localhost:${peer.port}`
    expect(statusOf(await upgrade(peer, [host, cookie, origin]))).toBe(101)
    expect(statusOf(await upgrade(peer, [host, bearer(token)]))).toBe(101)
    expect(statusOf(await upgrade(peer, [host]))).toBe(401)
  })

  test('W12 a server for others goes by the address that was asked, and by no other', async () => {
    const addresses = Object.values(networkInterfaces()).flatMap(one => one ?? [])
    const outer = addresses.find(({ internal, family }) => !internal && family === 'IPv4')
    const peer = await serveGateway({ token: true, host: '0.0.0.0' })
    for (const name of [...own, '127.0.0.1']) {
      expect(statusOf(await ask(peer, '/healthz', [`Host: ${name}:${peer.port}`]))).toBe(200)
    }
    for (const name of ['evil.com', '0.0.0.0', '127.0.0.2', outer?.address ?? '203.0.113.1']) {
      const host = `Host: ${name}:${peer.port}`
      expect([name, statusOf(await ask(peer, '/healthz', [host]))]).toEqual([name, 403])
    }
  })
})
