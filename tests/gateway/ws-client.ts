// A viewer over a real socket, for tests: every message is checked against the schema, and tests
// wait for what they expect.
import { inflateRawSync } from 'node:zlib'
import * as v from 'valibot'
import { WebSocket } from 'ws'
import type { ClientMessage } from '../../src/protocol/client-messages.ts'
import { decodeCompressed, isCompressed } from '../../src/protocol/compressed-message.ts'
import { decodeFrameMessage, type FrameMessage } from '../../src/protocol/frame-message.ts'
import {
  type ServerMessage,
  type ServerMessageOf,
  serverMessageSchema,
} from '../../src/protocol/server-messages.ts'
import {
  packMessage,
  subprotocols,
  unpackMessage,
  type ViewerEncoding,
} from '../../src/protocol/viewer-encoding.ts'
import { TOKEN_PROTOCOL_PREFIX } from '../../src/protocol/viewer-protocol.ts'

interface WsClientOptions {
  readonly encoding?: ViewerEncoding | undefined
  readonly token?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
  /** What stands before `/ws`. */
  readonly base?: string
}

export class WsClient {
  readonly socket: WebSocket
  readonly messages: ServerMessage[] = []
  readonly frames: FrameMessage[] = []
  /** Of the messages that came compressed. */
  readonly compressed: ServerMessage[] = []
  readonly encoding: ViewerEncoding
  closeCode: number | null = null
  #waiting: (() => void)[] = []

  /** `token`: shown as thin clients do that can set no header. */
  constructor(
    port: number,
    hello: Partial<ClientMessage> | null = {},
    { encoding = 'json', token, headers = {}, base = '' }: WsClientOptions = {},
  ) {
    this.encoding = encoding
    const shown = token === undefined ? [] : [`${TOKEN_PROTOCOL_PREFIX}${token}`]
    const offered = [subprotocols[encoding], ...shown]
    this.socket = new WebSocket(`ws://127.0.0.1:${port}${base}/ws`, offered, { headers })
    this.socket.on('open', () => {
      if (hello !== null) this.say({ type: 'hello', v: 1, ...hello })
      this.#wake()
    })
    this.socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary && isCompressed(data)) this.#inflate(data)
      else if (isBinary && isFrame(data)) this.frames.push(decodeFrameMessage(data))
      else this.messages.push(this.#parse(data))
      this.#wake()
    })
    this.socket.on('close', code => {
      this.closeCode = code
      this.#wake()
    })
    this.socket.on('error', () => {})
  }

  say(message: unknown): void {
    if (typeof message === 'string') this.socket.send(message)
    else if (this.encoding === 'json') this.socket.send(JSON.stringify(message))
    else this.socket.send(packMessage(message as ClientMessage))
  }

  of<T extends ServerMessage['type']>(type: T): ServerMessageOf<T>[] {
    return this.messages.filter(message => message.type === type) as ServerMessageOf<T>[]
  }

  /** Waits until `condition` holds; it is looked at after everything that happens. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>(resolve => this.#waiting.push(resolve))
  }

  async opened(): Promise<this> {
    await this.until(() => this.of('connection_established').length > 0)
    return this
  }

  close(): void {
    this.socket.terminate()
  }

  #inflate(data: Uint8Array): void {
    const { inflatedBytes, stream } = decodeCompressed(data)
    const message = this.#parse(inflateRawSync(stream, { maxOutputLength: inflatedBytes }))
    this.compressed.push(message)
    this.messages.push(message)
  }

  #parse(data: Buffer): ServerMessage {
    const value = this.encoding === 'json' ? JSON.parse(data.toString()) : unpackMessage(data)
    return v.parse(serverMessageSchema, value)
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}

/** No MessagePack map begins as a frame does. */
const isFrame = (data: Buffer): boolean => data[0] === 'R'.charCodeAt(0)
