// A viewer that says hello and then never reads again.
import { connect, type Socket } from 'node:net'
import { VIEWER_PROTOCOL } from '../../src/protocol/viewer-protocol.ts'

export function connectDeaf(url: string): Promise<Socket> {
  const { hostname, port, host } = new URL(url)
  const socket = connect(Number(port), hostname)
  return new Promise((resolve, reject) => {
    socket.on('error', reject)
    socket.on('connect', () => {
      socket.write(
        `GET /ws HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
          `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n` +
          `Sec-WebSocket-Protocol: ${VIEWER_PROTOCOL}\r\nOrigin: http://${host}\r\n\r\n`,
      )
    })
    socket.once('data', () => {
      const hello = Buffer.from(JSON.stringify({ type: 'hello', v: 1, delivery: 'newest' }))
      const mask = Buffer.from([1, 2, 3, 4])
      const masked = hello.map((byte, i) => byte ^ (mask[i % 4] ?? 0))
      socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | hello.length]), mask, masked]))
      socket.pause()
      resolve(socket)
    })
  })
}
