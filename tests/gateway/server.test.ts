import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import * as v from 'valibot'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { SimulatedClock, systemClock } from '../../src/base/clock.ts'
import { Hub } from '../../src/gateway/hub.ts'
import { type Gateway, openGateway } from '../../src/gateway/server.ts'
import type { ViewerSocket } from '../../src/gateway/viewer-host.ts'
import { machines } from '../../src/machines/registry.ts'
import { limits } from '../../src/protocol/limits.ts'
import { machineDescriptionsSchema } from '../../src/protocol/machine-description.ts'
import { type ServerMessage, serverMessageSchema } from '../../src/protocol/server-messages.ts'
import type { ViewerEncoding } from '../../src/protocol/viewer-encoding.ts'
import { closeCodes } from '../../src/protocol/viewer-protocol.ts'
import { ownHost, ask as rawAsk, statusOf, upgrade } from './raw-http.ts'
import {
  beganOf,
  frameOf,
  materialOf,
  milestoneOf,
  projectionOf,
  rowOf,
  seriesOf,
  steppedOf,
  systemOf,
  TestStage,
} from './stage.ts'
import { WsClient } from './ws-client.ts'

let directory: string
let page: string
let stage: TestStage
let hub: Hub
let gateway: Gateway
let clients: WsClient[]

const history = {
  episodes: async () => ({ rows: [rowOf(1)], next: null }),
  episode: async (episode: number) => ({ material: materialOf(episode, 4) }),
  frames: async () => ({ frames: [], next: null }),
  frame: async () => ({ frame: null }),
}

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rollcast-gateway-'))
  page = join(directory, 'page')
  mkdirSync(join(page, 'assets'), { recursive: true })
  writeFileSync(join(page, 'index.html'), '<!doctype html><title>page</title>')
  writeFileSync(join(page, 'assets', 'index-DeAdBe3f.js'), 'export {}')
  writeFileSync(join(page, 'assets', 'plain.css'), 'a{}')
  stage = new TestStage()
  hub = new Hub({ clock: systemClock, stage, history })
  gateway = await openGateway({ hub, pageDirectory: page, port: 0 })
  clients = []
})

afterEach(async () => {
  for (const client of clients) client.close()
  await gateway.stop()
  rmSync(directory, { recursive: true })
})

function viewer(
  hello?: ConstructorParameters<typeof WsClient>[1],
  encoding?: ViewerEncoding,
): WsClient {
  const client = new WsClient(gateway.port, hello, { encoding })
  clients.push(client)
  return client
}

const ask = (target: string, headers?: readonly string[], method?: string): Promise<string> =>
  rawAsk(gateway, target, headers, method)

describe('listening', () => {
  test('only reading is offered, viewers have one place, and one protocol', async () => {
    const own = ownHost(gateway.port)
    expect(statusOf(await ask('/', [own], 'POST'))).toBe(405)
    expect(statusOf(await ask('/api/system', [own], 'DELETE'))).toBe(405)
    expect(statusOf(await upgrade(gateway, [own], '/other'))).toBe(400)
    expect(statusOf(await upgrade(gateway, [own, 'Sec-WebSocket-Protocol: mqtt']))).toBe(400)
  })

  test('a taken port is named, with what to do', async () => {
    const open = openGateway({ hub, pageDirectory: page, port: gateway.port })
    await expect(open).rejects.toMatchObject({
      code: 'ADDRESS_IN_USE',
      message: expect.stringMatching(new RegExp(`port ${gateway.port} .*--port`)),
    })
  })
})

describe('the page', () => {
  test('it comes with a strict policy and without sniffing', async () => {
    const response = await fetch(gateway.url)
    expect(response.status).toBe(200)
    expect(await response.text()).toContain('<title>page</title>')
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(response.headers.get('cache-control')).toBe('no-cache')
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    const policy = response.headers.get('content-security-policy')
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'")
    expect(policy).not.toContain('unsafe')
  })

  test('files with a hash in their name are kept for ever, others are asked for again', async () => {
    const hashed = await fetch(`${gateway.url}assets/index-DeAdBe3f.js?x=1`)
    expect(hashed.headers.get('cache-control')).toContain('immutable')
    expect(hashed.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    const plain = await fetch(`${gateway.url}assets/plain.css`, { method: 'HEAD' })
    expect(plain.headers.get('cache-control')).toBe('no-cache')
    expect(plain.headers.get('content-length')).toBe('3')
    expect(await plain.text()).toBe('')
  })

  test('S26 every overlay has an address, and all are the same page', async () => {
    writeFileSync(join(page, 'overlay.html'), '<!doctype html><title>overlay</title>')
    const response = await fetch(`${gateway.url}overlay/metrics?names=train/loss`)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(await response.text()).toContain('<title>overlay</title>')
    for (const path of ['/overlay/', '/overlay', '/overlay/a/b', '/overlay/..', '/overlay/A']) {
      expect([path, statusOf(await ask(path))]).toEqual([path, 404])
    }
  })

  test('a page that was not built is said so, and everything else works', async () => {
    rmSync(page, { recursive: true })
    const response = await fetch(gateway.url)
    expect(response.status).toBe(503)
    expect(await response.text()).toContain('npm run build:page')
    await viewer().opened()
  })

  test('P10 /readyz says who is waited for, and 200 when everybody runs', async () => {
    const ready = async (): Promise<unknown[]> => {
      const response = await fetch(`${gateway.url}readyz`)
      return [response.status, await response.json()]
    }
    expect(await ready()).toEqual([503, { ready: false, waiting: [] }])
    const [actor] = systemOf().actors
    hub.showSystem(systemOf({ actors: [{ ...actor!, name: 'encoder', state: 'recovering' }] }))
    expect(await ready()).toEqual([503, { ready: false, waiting: ['encoder'] }])
    hub.showSystem(systemOf({ actors: [{ ...actor!, state: 'running.live' }] }))
    expect(await ready()).toEqual([200, { ready: true, waiting: [] }])
  })

  test('the machines are there, for pages that draw where an actor stands', async () => {
    const response = await fetch(`${gateway.url}api/machines`)
    const described = v.parse(machineDescriptionsSchema, await response.json())
    expect(described.map(({ machine }) => machine)).toEqual(Object.keys(machines))
  })

  test('health and system are there for tools', async () => {
    expect((await fetch(`${gateway.url}healthz`)).status).toBe(200)
    expect((await fetch(`${gateway.url}api/system`)).status).toBe(503)
    hub.showSystem(systemOf({ healthy: false, problem: 'the disk is full' }))
    const health = await fetch(`${gateway.url}healthz`)
    expect(health.status).toBe(503)
    expect(await health.json()).toEqual({ healthy: false, problem: 'the disk is full' })
    const system = await fetch(`${gateway.url}api/system`)
    expect(await system.json()).toMatchObject({ problem: 'the disk is full', actors: [{}] })
  })
})

describe('viewers over real sockets', () => {
  test.each(['json', 'msgpack'] as const)(
    'L11 every type of message arrives and fits the schema, as %s',
    async encoding => {
      const all = viewer({ delivery: 'newest', max_fps: 240 }, encoding)
      const whole = viewer({ delivery: 'whole' }, encoding)
      await Promise.all([all.opened(), whole.opened()])
      hub.showSystem(systemOf())
      hub.showProjection({
        projection: projectionOf(40, {
          episodes: [rowOf(1)],
          metrics: [seriesOf('loss')],
          milestones: [milestoneOf(1, 20)],
        }),
        changedMetrics: ['loss'],
      })
      hub.publish([
        beganOf(2),
        steppedOf(2, 0, 41),
        {
          kind: 'insight',
          insight: 'plan',
          agent: null,
          time: 1,
          data: { a: [1, null] },
          bytes: 9,
        },
        stage.finish(2, 3),
      ])
      hub.showFrame(frameOf(0, 30_000))
      all.say({ type: 'ping', client_time: 5 })
      all.say({ type: 'what' })
      all.say({ type: 'list_episodes', request: 1 })
      all.say({ type: 'get_episode', request: 2, episode: 1 })
      const expected = new Set(
        serverMessageSchema.options.map(option => option.entries.type.literal),
      )
      const seen = (): Set<ServerMessage['type']> =>
        new Set([...all.messages, ...whole.messages].map(message => message.type))
      await all.until(() => seen().size === expected.size && all.frames.length > 0)
      await whole.until(() => whole.of('episode').length > 0)
      expect(seen()).toEqual(expected)
      expect(all.frames[0]).toMatchObject({ step: 0, mode: 'live', request: 0 })
      // JSON cannot say NaN and infinity; they arrive all the same.
      expect(all.of('state_update')[0]?.q_values).toEqual([
        0.1,
        Number.NEGATIVE_INFINITY,
        Number.NaN,
      ])
      expect([...all.messages, ...whole.messages].every(({ mode }) => mode === 'live')).toBe(true)
    },
  )

  test('L11 a viewer that speaks the other encoding is told, and ends at worst its own', async () => {
    const neighbour = await viewer({}, 'msgpack').opened()
    const speaksText = viewer(null, 'msgpack')
    await speaksText.until(() => speaksText.socket.readyState === speaksText.socket.OPEN)
    speaksText.say('{"type":"hello","v":1}')
    await speaksText.until(() => speaksText.closeCode !== null)
    expect(speaksText.closeCode).toBe(closeCodes.badProtocol)
    expect(speaksText.of('error')[0]?.message).toBe('expected a binary message, found text')
    const garbage = await viewer({}, 'msgpack').opened()
    for (const bytes of [[0xc1], [0xdd, 0x7f, 0xff, 0xff, 0xff], [0x80]]) {
      garbage.socket.send(Uint8Array.from(bytes))
    }
    await garbage.until(() => garbage.closeCode !== null)
    expect(garbage.closeCode).toBe(closeCodes.badMessage)
    neighbour.say({ type: 'ping', client_time: 1 })
    await neighbour.until(() => neighbour.of('pong').length === 1)
  })

  test('L15 large messages come compressed to those who asked, small ones and others as they are', async () => {
    const clients = (['json', 'msgpack'] as const).flatMap(encoding => [
      viewer({ delivery: 'whole', compression: 'deflate' }, encoding),
      viewer({ delivery: 'whole', compression: 'none' }, encoding),
    ])
    await Promise.all(clients.map(client => client.opened()))
    hub.publish([stage.finish(2, 500)])
    for (const client of clients) {
      await client.until(() => client.of('episode').length > 0)
      expect(client.of('episode')[0]).toEqual(clients[0]!.of('episode')[0])
    }
    expect(clients.map(client => client.compressed.map(({ type }) => type))).toEqual([
      ['episode'],
      [],
      ['episode'],
      [],
    ])
  })

  test('garbage of every kind ends at worst its own connection', async () => {
    const neighbour = await viewer().opened()
    const cases: readonly [string | Buffer, readonly number[]][] = [
      ['x'.repeat(limits.viewerMessageBytesMax + 1), [1009]],
      ['['.repeat(limits.viewerMessageBytesMax), [closeCodes.badMessage]],
      ['{"a":'.repeat(3000), [closeCodes.badMessage]],
      [`${'['.repeat(8000)}${']'.repeat(8000)}`, [closeCodes.badMessage]],
      ['{"type":"set","max_fps":NaN}', [closeCodes.badMessage]],
      ['{"type":"set","max_fps":1e999}', [closeCodes.badMessage]],
      ['{"type":"get_episode","request":-1,"episode":1.5}', [closeCodes.badMessage]],
      ['{"type":"set","agent":"\\ud800","__proto__":{"x":1},"max_fps":0}', [closeCodes.badMessage]],
      [Buffer.from([0, 1, 2, 255]), [closeCodes.badMessage]],
      ['', [closeCodes.badMessage]],
    ]
    for (const [bytes, codes] of cases) {
      const client = await viewer().opened()
      for (let i = 0; i < 3; i++) client.socket.send(bytes)
      await client.until(() => client.closeCode !== null)
      expect(codes).toContain(client.closeCode)
    }
    expect(({} as Record<string, unknown>)['x']).toBe(undefined)
    neighbour.say({ type: 'ping', client_time: 1 })
    await neighbour.until(() => neighbour.of('pong').length === 1)
  })

  test('any JSON at all is answered or refused, and never felt by another viewer', async () => {
    const neighbour = await viewer().opened()
    await fc.assert(
      fc.asyncProperty(fc.array(fc.json({ maxDepth: 8 }), { maxLength: 6 }), async texts => {
        const client = await viewer().opened()
        for (const text of texts) client.say(text)
        client.say({ type: 'ping', client_time: 1 })
        await client.until(() => client.closeCode !== null || client.of('pong').length > 0)
        client.close()
      }),
      { numRuns: 30 },
    )
    neighbour.say({ type: 'ping', client_time: 1 })
    await neighbour.until(() => neighbour.of('pong').length === 1)
  })

  test('too many messages, tiny fragments, no text: closed as the protocol says', async () => {
    const chatty = await viewer().opened()
    for (let i = 0; i < limits.viewerMessagesPerMinute; i++) {
      chatty.say({ type: 'ping', client_time: i })
    }
    await chatty.until(() => chatty.closeCode !== null)
    expect(chatty.closeCode).toBe(closeCodes.tooManyMessages)
    const fragments = await viewer().opened()
    for (let i = 0; i < 70; i++) fragments.socket.send('a', { fin: false })
    await fragments.until(() => fragments.closeCode !== null)
    expect(fragments.closeCode).toBe(1008)
    const deflating = await viewer().opened()
    expect(deflating.socket.extensions).toBe('')
  })

  test('U3 of one that stops reading every frame is given up that its socket has no room for (W8)', async () => {
    // The second in which a stalled viewer is shed passes by this clock, not by the machine's pace.
    const clock = new SimulatedClock()
    await gateway.stop()
    hub = new Hub({ clock, stage, history })
    gateway = await openGateway({ hub, pageDirectory: page, port: 0 })
    const attached: ViewerSocket[] = []
    const attach = hub.attach.bind(hub)
    hub.attach = socket => {
      attached.push(socket)
      return attach(socket)
    }
    const quick = await viewer({ max_fps: 240 }).opened()
    const slow = await rawViewer()
    slow.pause()
    await waitFor(() => attached.length === 2 && hub.counters.sent === 2)
    let sentToSlow = 0
    const send = attached[1]!.send.bind(attached[1])
    attached[1]!.send = message => {
      sentToSlow++
      send(message)
    }
    const pixels = new Uint8Array(300_000)
    const frames = 200
    let heldMax = 0
    for (let step = 0; step < frames; step++) {
      hub.showFrame({ ...frameOf(0), step, width: 1000, height: 100, pixels })
      // The quick viewer takes its frame before the next one comes; the other takes none.
      await quick.until(() => quick.frames.at(-1)?.step === step)
      heldMax = Math.max(heldMax, attached[1]!.bufferedAmount)
      clock.advance(1000 / 240)
    }
    // 60 MB were shown; the one that does not read holds one frame, and the newest waits.
    expect(quick.frames).toHaveLength(frames)
    expect(heldMax).toBeLessThan(limits.viewerBufferBytesMax)
    expect(sentToSlow).toBeLessThan(frames / 2)
    expect(hub.counters.dropped).toBe(frames - sentToSlow - 1)
    slow.destroy()
    await waitFor(() => hub.counters.viewers === 1)
  })

  test('stopping tells viewers and does not wait for one that is stuck', async () => {
    const polite = await viewer().opened()
    const stuck = await rawViewer()
    stuck.pause()
    const began = performance.now()
    await gateway.stop()
    // A WebSocket whose peer says nothing is given up after thirty seconds.
    expect(performance.now() - began).toBeLessThan(10_000)
    await polite.until(() => polite.closeCode !== null)
    expect(polite.closeCode).toBe(closeCodes.goingAway)
    stuck.destroy()
    hub = new Hub({ clock: systemClock, stage, history })
    gateway = await openGateway({ hub, pageDirectory: page, port: 0 })
  })
})

/** A viewer on a bare socket, which can stop reading, with its hello said. */
function rawViewer(): Promise<Socket> {
  return new Promise(resolve => {
    const socket = connect(gateway.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(
      `GET /ws HTTP/1.1\r\nHost: 127.0.0.1:${gateway.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
    )
    socket.once('data', () => {
      const text = Buffer.from('{"type":"hello","v":1,"max_fps":240}')
      const frame = Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), text])
      socket.write(frame, () => resolve(socket))
    })
  })
}

async function waitFor(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise<void>(resolve => setImmediate(resolve))
}
