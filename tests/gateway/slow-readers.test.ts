// Who takes longer than ten seconds for one large message, and reads all the time.
import { once } from 'node:events'
import { connect as connectTo, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { MIB } from '../../src/base/bytes.ts'
import { SimulatedClock } from '../../src/base/clock.ts'
import type { Viewer } from '../../src/gateway/viewer.ts'
import type { ViewerSocket } from '../../src/gateway/viewer-host.ts'
import { closeCodes } from '../../src/protocol/viewer-protocol.ts'
import { messageFrame } from '../hostile/peer.ts'
import { settle } from './fake-viewer-socket.ts'
import { advance, connect, publish } from './hub-fixture.ts'
import { handshakeOf } from './raw-http.ts'
import { serveGateway } from './serve-gateway.ts'
import { insightOf } from './stage.ts'
import { WsClient } from './ws-client.ts'

describe('U3 a viewer that is sent a large message', () => {
  /** The kernel has begun with a message of so many bytes. */
  async function begin(bytes: number) {
    const socket = connect()
    await settle()
    socket.reading = false
    socket.untakenBytes = bytes
    publish(insightOf('x'.repeat(bytes)))
    return socket
  }

  test('is not cut while it reads, is greeted anew when it has all, and is sent what comes', async () => {
    const socket = await begin(200_000)
    for (let seconds = 0; seconds < 88; seconds += 8) {
      socket.untakenBytes -= 10_000
      await advance(8000, 1000)
    }
    expect([socket.closedWith, socket.terminated]).toEqual([null, false])
    socket.reading = true
    socket.drain()
    publish(insightOf('next'))
    await settle()
    expect(socket.of('connection_established').at(-1)?.continuation).toBe('resync')
    expect(socket.of('insight').at(-1)?.data).toBe('next')
  })

  test('is not even held up while it goes on every second', async () => {
    const socket = await begin(200_000)
    for (let seconds = 0; seconds < 60; seconds++) {
      socket.untakenBytes -= 1000
      await advance(1000, 250)
    }
    socket.reading = true
    socket.drain()
    await settle()
    expect(socket.of('connection_established')).toHaveLength(1)
  })

  test('is cut ten seconds after it has read the last of it', async () => {
    const socket = await begin(200_000)
    for (let seconds = 0; seconds < 20; seconds += 5) {
      socket.untakenBytes -= 10_000
      await advance(5000, 1000)
    }
    expect(socket.closedWith).toBe(null)
    await advance(4000, 1000)
    expect(socket.closedWith).toBe(null)
    await advance(3000, 1000)
    expect(socket.closedWith).toBe(closeCodes.tooSlow)
  })
})

test('U3 U11 over a real socket, the kernel`s progress within one message is seen', async () => {
  const clock = new SimulatedClock()
  const { hub, port } = await serveGateway({ clock })
  const attached: { readonly viewer: Viewer; readonly socket: ViewerSocket }[] = []
  const attach = hub.attach.bind(hub)
  hub.attach = (socket, visitor) => {
    const viewer = attach(socket, visitor)
    attached.push({ viewer, socket })
    return viewer
  }
  const peer = connectTo({ port, host: '127.0.0.1' })
  onTestFinished(() => void peer.destroy())
  peer.write(handshakeOf({ port }))
  await once(peer, 'data')
  peer.pause()
  peer.write(messageFrame({ type: 'hello', v: 1 }, 'json'))
  const [{ viewer, socket }] = attached as [(typeof attached)[number]]
  await expect.poll(() => viewer.playing).toBe(true)
  hub.publish([insightOf('x'.repeat(24 * MIB))])
  const message = socket.bufferedAmount
  expect(message).toBeGreaterThan(24 * MIB)
  expect(hub.counters.queuedBytes).toBe(message)
  let rounds = 0
  for (; socket.untakenBytes > 0; rounds++) {
    const before = socket.untakenBytes
    while (socket.untakenBytes === before) await readSome(peer)
    // To the end the message counts as one that waits.
    if (socket.untakenBytes > 0) expect(socket.bufferedAmount >= message).toBe(true)
    for (let seconds = 0; seconds < 8; seconds++) clock.advance(1000)
    expect(socket.untakenBytes === 0 || !viewer.playing).toBe(true)
  }
  expect(rounds).toBeGreaterThan(2)
  peer.resume()
  await expect.poll(() => viewer.playing).toBe(true)
  expect(peer.closed).toBe(false)
  await expect.poll(() => hub.counters.queuedBytes).toBe(0)
})

test('U11 over real sockets whoever holds most is cut, and who reads misses nothing', async () => {
  // No time passes for the hub: nobody is cut because it stalls.
  const served = await serveGateway({ clock: new SimulatedClock(), queuedBytesMax: 32 * MIB })
  const { hub, port } = served
  const agents = ['a', 'b', 'c', 'd']
  const open = async (hello = {}): Promise<WsClient> => {
    const client = new WsClient(port, hello)
    onTestFinished(() => client.close())
    await client.opened()
    await client.until(() => client.of('connection_established').length > 0)
    return client
  }
  const reader = await open({ agents })
  const stopped = await Promise.all(agents.map(agent => open({ agent })))
  for (const { socket } of stopped) socket.pause()
  const sizes = [9, 14, 8, 11].map(mib => mib * MIB)
  for (const [at, agent] of agents.entries()) {
    hub.publish([insightOf('x'.repeat(sizes[at]!), { agent })])
    await reader.until(() => reader.of('insight').length === at + 1)
    expect(hub.counters.queuedBytes).toBeLessThanOrEqual(32 * MIB)
  }
  expect(hub.counters).toMatchObject({ crowdedOut: 1, viewers: agents.length })
  for (const { socket } of stopped) socket.resume()
  const [a, cut, c, d] = stopped as [WsClient, WsClient, WsClient, WsClient]
  await cut.until(() => cut.closeCode !== null)
  expect(cut.of('insight')).toEqual([])
  for (const one of [a, c, d]) await one.until(() => one.of('insight').length === 1)
  await expect.poll(() => hub.counters.queuedBytes).toBe(0)
  expect(reader.closeCode).toBe(null)
})

/** A megabyte of what has come. */
async function readSome(peer: Socket): Promise<void> {
  let bytes = 0
  const { promise, resolve } = Promise.withResolvers<void>()
  const take = (data: Buffer): void => {
    bytes += data.byteLength
    if (bytes < MIB) return
    peer.pause()
    peer.off('data', take)
    resolve()
  }
  peer.on('data', take).resume()
  await promise
  await settle()
}
