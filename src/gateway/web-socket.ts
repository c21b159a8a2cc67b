// A viewer's WebSocket: `ws` reads it, answers pings and closes it; messages go past it, as whole
// frames that were made once for everybody. Both write whole frames and nothing is compressed on the
// way (W6), so the two never come between each other.
import type { Duplex } from 'node:stream'
import { WebSocket } from 'ws'
import { encodingOf, type ViewerEncoding } from '../protocol/viewer-encoding.ts'
import type { PreparedMessage } from './prepared-message.ts'
import type { ViewerSocket } from './viewer-host.ts'

/** What a socket of `net` has besides. */
interface Queueing {
  readonly _handle?: { readonly writeQueueSize?: number } | null
}

const NOTHING = Buffer.alloc(0)

export class ViewerWebSocket implements ViewerSocket {
  readonly encoding: ViewerEncoding
  readonly #webSocket: WebSocket
  readonly #stream: Duplex & Queueing

  /** `stream` is the connection that `webSocket` has taken over. */
  constructor(webSocket: WebSocket, stream: Duplex) {
    this.encoding = encodingOf([webSocket.protocol]) ?? 'json'
    this.#webSocket = webSocket
    this.#stream = stream
  }

  get bufferedAmount(): number {
    return this.#stream.writableLength
  }

  /** Counted by libuv, and told by nothing that is public; net.Socket's own timeout goes by it too. */
  get untakenBytes(): number {
    return this.#stream._handle?.writeQueueSize ?? 0
  }

  /** What is sent to a socket that is closing goes nowhere; its `close` tells. */
  send({ frame }: PreparedMessage): void {
    if (this.#webSocket.readyState === WebSocket.OPEN) this.#stream.write(frame)
  }

  /** By a write of nothing, which comes to its turn behind all others. */
  whenTaken(callback: () => void): void {
    if (this.#webSocket.readyState === WebSocket.OPEN) this.#stream.write(NOTHING, callback)
  }

  on(event: 'message', listener: (data: Uint8Array, isBinary: boolean) => void): void
  on(event: 'pong' | 'close', listener: () => void): void
  on(event: 'error', listener: (error: Error) => void): void
  on(event: string, listener: (...args: never[]) => void): void {
    this.#webSocket.on(event, listener as () => void)
  }

  ping(): void {
    this.#webSocket.ping()
  }

  close(code: number, reason: string): void {
    this.#webSocket.close(code, reason)
  }

  terminate(): void {
    this.#webSocket.terminate()
  }
}
