// As many peers as there may be, and one more.
import { connect, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { SimulatedClock } from '../../../src/base/clock.ts'
import { limits } from '../../../src/protocol/limits.ts'
import { ask, handshakeOf, statusOf } from '../raw-http.ts'
import { serveGateway } from '../serve-gateway.ts'

test('K6 W9 beside a full house somebody can ask how it is; beyond that a connection ends unread', async () => {
  // Viewers whose hello is waited for: with this clock for ever.
  const { port, hub } = await serveGateway({ clock: new SimulatedClock() })
  const sockets: Socket[] = []
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
  })
  const open = (from: string): Promise<{ socket: Socket; isClosed: () => boolean }> =>
    new Promise(resolve => {
      let closed = false
      const socket = connect({ port, host: '127.0.0.1', localAddress: from })
      sockets.push(socket)
      const said = (): void => resolve({ socket, isClosed: () => closed })
      socket.write(handshakeOf({ port }))
      socket.once('data', said)
      socket.on('error', () => {})
      socket.on('close', () => {
        closed = true
        said()
      })
    })
  const most = limits.connectionsFromLoopback
  const house = Array.from({ length: limits.viewersMax }, () => open('127.0.0.1'))
  const held = await Promise.all(house)
  expect(hub.counters.viewers).toBe(limits.viewersMax)
  expect(statusOf(await ask({ port }, '/healthz'))).toBe(200)
  while (held.length < most) {
    // The one that asked may be counted a moment longer than it is there.
    const one = await open('127.0.0.1')
    if (!one.isClosed()) held.push(one)
  }
  expect((await open('127.0.0.1')).isClosed()).toBe(true)
  expect(held.filter(one => one.isClosed())).toEqual([])
  // Another address has room of its own, up to the most of all together.
  const spare = limits.connectionsMax - most
  const others = await Promise.all(Array.from({ length: spare + 10 }, () => open('127.0.0.2')))
  expect(others.filter(one => one.isClosed())).toHaveLength(10)
  expect(held.filter(one => one.isClosed())).toEqual([])
  others[0]!.socket.destroy()
  await expect.poll(async () => (await open('127.0.0.3')).isClosed()).toBe(false)
})
