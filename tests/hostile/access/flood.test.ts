// Handshakes without end, from one address and from many: the caps hold, and those who watch go on
// watching.
import { connect, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { limits } from '../../../src/protocol/limits.ts'
import { runs } from '../../faults/tier.ts'
import { handshakeOf } from '../../gateway/raw-http.ts'
import { serveGateway } from '../../gateway/serve-gateway.ts'
import { steppedOf } from '../../gateway/stage.ts'
import { WsClient } from '../../gateway/ws-client.ts'

const PER_SECOND = 2000
const KNOCKS = runs(1, 20) * 1000
/** On a machine that is late each turn takes longer; none knocks more often. */
const TURN_MILLIS = 10
const KNOCKS_A_TURN = (PER_SECOND * TURN_MILLIS) / 1000
const SHOWN_MILLIS = 1000 / 60

for (const addresses of runs([1], [1, 50])) {
  test(`W9 K6 ${PER_SECOND} handshakes a second from ${addresses} addresses do not reach those who watch`, async () => {
    const { port, hub } = await serveGateway()
    const viewer = await new WsClient(port, { max_fps: 240 }).opened()
    const sockets = new Set<Socket>()
    onTestFinished(() => {
      viewer.close()
      for (const socket of sockets) socket.destroy()
    })
    const text = handshakeOf({ port })
    let knocked = 0
    const knock = (): void => {
      const localAddress = `127.0.2.${1 + (knocked++ % addresses)}`
      const socket = connect({ port, host: '127.0.0.1', localAddress }).resume()
      sockets.add(socket)
      socket.write(text)
      socket.on('error', () => {})
      socket.on('close', () => sockets.delete(socket))
    }
    let most = 0
    let shown = 0
    let nextAt = 0
    // A flood that has not yet filled the room of one address goes on.
    const isShort = (): boolean => most < limits.connectionsFromLoopback / 2
    while (knocked < KNOCKS || isShort()) {
      for (let i = 0; i < KNOCKS_A_TURN; i++) knock()
      // A machine that is late shows fewer; none is shown so soon that the next takes its place.
      if (performance.now() >= nextAt) {
        hub.publish([steppedOf(1, shown, ++shown + 1)])
        nextAt = performance.now() + SHOWN_MILLIS
      }
      most = Math.max(most, hub.counters.viewers)
      await new Promise(resolve => setTimeout(resolve, TURN_MILLIS))
    }
    await viewer.until(() => viewer.of('state_update').at(-1)?.step === shown - 1)
    expect(viewer.closeCode).toBe(null)
    const cap = addresses === 1 ? limits.connectionsFromLoopback + 1 : limits.connectionsMax
    expect(most).toBeLessThanOrEqual(cap)
    expect(shown).toBeGreaterThan(KNOCKS / 200)
    expect(viewer.of('state_update').length / shown).toBeGreaterThanOrEqual(0.99)
  })
}
