// A viewer over a real socket, for tests: every message is checked against the schema, and tests
// wait for what they expect.
import { WebSocket } from 'ws'
import { decodeFrameMessage, type FrameMessage } from '../../src/protocol/frame-message.ts'
import {
  type ClientMessage,
  type ServerMessage,
  type ServerMessageOf,
  serverMessageSchema,
  TOKEN_PROTOCOL_PREFIX,
  VIEWER_PROTOCOL,
} from '../../src/protocol/viewer-messages.ts'

export class WsClient {
  readonly socket: WebSocket
  readonly messages: ServerMessage[] = []
  readonly frames: FrameMessage[] = []
  closeCode: number | null = null
  #waiting: (() => void)[] = []

  /** `token`: shown as thin clients do that can set no header. */
  constructor(
    port: number,
    hello: Partial<ClientMessage> | null = {},
    token?: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    const shown = token === undefined ? [] : [`${TOKEN_PROTOCOL_PREFIX}${token}`]
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, [VIEWER_PROTOCOL, ...shown], {
      headers,
    })
    this.socket.on('open', () => {
      if (hello !== null) this.say({ type: 'hello', v: 1, ...hello })
      this.#wake()
    })
    this.socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) this.frames.push(decodeFrameMessage(data))
      else this.messages.push(serverMessageSchema.parse(JSON.parse(data.toString())))
      this.#wake()
    })
    this.socket.on('close', code => {
      this.closeCode = code
      this.#wake()
    })
    this.socket.on('error', () => {})
  }

  say(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message))
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

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}
