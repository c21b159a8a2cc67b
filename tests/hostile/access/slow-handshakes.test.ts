// Peers that begin to say what they want and never end (slowloris), or never begin.
import { connect, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { runs } from '../../faults/tier.ts'
import { handshakeOf, ownHost } from '../../gateway/raw-http.ts'
import { serveGateway } from '../../gateway/serve-gateway.ts'
import { steppedOf } from '../../gateway/stage.ts'
import { WsClient } from '../../gateway/ws-client.ts'

const PEERS = runs(100, 500)
const ROUNDS = runs(1, 2)
const CLOSED_MILLIS_MAX = 6000

test(`W7 K6 ${PEERS} half-open handshakes are all closed within 6 s, and a viewer feels nothing`, async () => {
  const { port, hub } = await serveGateway()
  const viewer = await new WsClient(port, { max_fps: 240 }).opened()
  const sockets: Socket[] = []
  onTestFinished(() => {
    viewer.close()
    for (const socket of sockets) socket.destroy()
  })
  const whole = handshakeOf({ port })
  const beginnings = [
    '',
    'G',
    whole.slice(0, 40),
    whole.slice(0, -2),
    `POST /session HTTP/1.1\r\n${ownHost(port)}\r\nContent-Length: 10\r\nX: `,
  ]
  /** How long the server kept it, dripping a letter a second; answers are of no interest. */
  const open = (beginning: string): Promise<number> =>
    new Promise(resolve => {
      const began = performance.now()
      const socket = connect(port, '127.0.0.1').resume()
      sockets.push(socket)
      if (beginning !== '') socket.write(beginning)
      const drip = setInterval(() => beginning !== '' && socket.write('x'), 1000)
      socket.on('error', () => {})
      socket.on('close', () => {
        clearInterval(drip)
        resolve(performance.now() - began)
      })
    })
  for (let round = 0; round < ROUNDS; round++) {
    const opened = Array.from({ length: PEERS }, (_, i) => open(beginnings[i % beginnings.length]!))
    const seen: number[] = []
    let isOver = false
    const showing = (async () => {
      for (let step = round * 10_000; !isOver; step++) {
        const began = performance.now()
        hub.publish([steppedOf(1, step, step + 2)])
        await viewer.until(() => viewer.of('state_update').at(-1)?.step === step)
        seen.push(performance.now() - began)
        viewer.messages.length = 0
        await new Promise(resolve => setTimeout(resolve, 10))
      }
    })()
    const kept = await Promise.all(opened)
    isOver = true
    await showing
    expect(Math.max(...kept)).toBeLessThan(CLOSED_MILLIS_MAX)
    expect(seen.length).toBeGreaterThan(100)
    seen.sort((a, b) => a - b)
    expect(seen[Math.floor(seen.length / 2)]).toBeLessThan(20)
  }
  expect(viewer.closeCode).toBe(null)
})
