// A WebSocket peer down to the bytes: it writes whatever it is told to, and reads frames as RFC 6455
// has them. It is no client library's, so nothing is put right on the way.
import { connect, type Socket } from 'node:net'
import type { ClientMessage } from '../../src/protocol/client-messages.ts'
import {
  packMessage,
  subprotocols,
  unpackMessage,
  type ViewerEncoding,
} from '../../src/protocol/viewer-encoding.ts'

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

export interface FrameOptions {
  readonly fin?: boolean
  /** The three reserved bits, 0 to 7. */
  readonly rsv?: number
  readonly isMasked?: boolean
  readonly mask?: readonly number[]
  /** The length that is announced; default: that of the payload. */
  readonly announced?: number | bigint
  /** How many bytes the length takes after the first one: 0, 2 or 8; default: as few as can be. */
  readonly lengthBytes?: 0 | 2 | 8
}

/** The bytes of one frame from a client. */
export function frame(
  opcode: number,
  payload: string | Uint8Array = '',
  options: FrameOptions = {},
): Buffer {
  const { fin = true, rsv = 0, isMasked = true, mask = [0x37, 0xfa, 0x21, 0x3d] } = options
  const data = Buffer.from(payload as string)
  const { announced = data.length } = options
  const { lengthBytes = announced < 126 ? 0 : announced < 65536 ? 2 : 8 } = options
  const head = Buffer.alloc(2 + lengthBytes)
  head[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode
  const short = lengthBytes === 0 ? Number(announced) : lengthBytes === 2 ? 126 : 127
  head[1] = (isMasked ? 0x80 : 0) | short
  if (lengthBytes === 2) head.writeUInt16BE(Number(announced), 2)
  if (lengthBytes === 8) head.writeBigUInt64BE(BigInt(announced), 2)
  if (!isMasked) return Buffer.concat([head, data])
  const masked = data.map((byte, index) => byte ^ mask[index & 3]!)
  return Buffer.concat([head, Buffer.from(mask), masked])
}

/** A message of ours as a frame. */
export const messageFrame = (message: ClientMessage, encoding: ViewerEncoding): Buffer =>
  encoding === 'json'
    ? frame(opcodes.text, JSON.stringify(message))
    : frame(opcodes.binary, packMessage(message))

export interface ReceivedFrame {
  readonly opcode: number
  readonly payload: Buffer
}

export interface ReceivedMessage {
  readonly type: string
  readonly client_time?: number
}

export interface PeerOptions {
  /** Further lines of the handshake. */
  readonly headers?: readonly string[]
  readonly hello?: boolean
  /** Of its subprotocol. Default `json`, without naming one. */
  readonly encoding?: ViewerEncoding
}

let peersSoFar = 0

/** One of the 65,536 addresses 127.1.x.y, each in its turn: no limit on one address hides others. */
function nextAddress(): string {
  const number = peersSoFar++
  return `127.1.${(number >> 8) & 255}.${number & 255}`
}

export class Peer {
  readonly socket: Socket
  readonly frames: ReceivedFrame[] = []
  readonly #messages: ReceivedMessage[] = []
  /** The answer to the handshake. */
  head = ''
  closed = false
  #pending: Buffer = Buffer.alloc(0)
  #waiting: (() => void)[] = []
  #exchanges = 0

  /** Resolves when it was let in (and, with a hello, was greeted). */
  static async connect(port: number, options: PeerOptions = {}): Promise<Peer> {
    const { headers = [], hello = true, encoding = 'json' } = options
    const protocol = `Sec-WebSocket-Protocol: ${subprotocols[encoding]}`
    const peer = new Peer(port)
    const lines = [
      'GET /ws HTTP/1.1',
      `Host: 127.0.0.1:${port}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      ...(encoding === 'json' ? [] : [protocol]),
      ...headers,
    ]
    peer.socket.write(`${lines.join('\r\n')}\r\n\r\n`)
    await peer.until(() => peer.head !== '')
    if (!hello) return peer
    peer.socket.write(messageFrame({ type: 'hello', v: 1, max_fps: 0.1 }, encoding))
    await peer.until(() => peer.said('connection_established').length > 0)
    return peer
  }

  private constructor(port: number) {
    const socket = connect({ host: '127.0.0.1', port, localAddress: nextAddress() })
    this.socket = socket.setNoDelay()
    socket.on('data', data => this.#take(data))
    // The close that follows says all that there is to say.
    socket.on('error', () => {})
    socket.on('close', () => {
      this.closed = true
      this.#wake()
    })
  }

  /** The code of the close frame: null without one, 1005 for one without a code. */
  get closeCode(): number | null {
    const close = this.frames.find(({ opcode }) => opcode === opcodes.close)
    if (close === undefined) return null
    return close.payload.length < 2 ? 1005 : close.payload.readUInt16BE(0)
  }

  get pongs(): string[] {
    const pongs = this.frames.filter(({ opcode }) => opcode === opcodes.pong)
    return pongs.map(({ payload }) => payload.toString('latin1'))
  }

  /** Messages of these types, in their order. */
  said(...types: readonly string[]): ReceivedMessage[] {
    return this.#messages.filter(({ type }) => types.includes(type))
  }

  /** Writes each part by itself; resolves when the kernel has all of them, or the socket is gone. */
  async write(...parts: readonly Uint8Array[]): Promise<void> {
    for (const part of parts) {
      await new Promise<void>(resolve => this.socket.write(part, () => resolve()))
    }
  }

  /** Waits until `condition` holds or the connection is over. */
  async until(condition: () => boolean): Promise<void> {
    while (!this.closed && !condition()) {
      await new Promise<void>(resolve => this.#waiting.push(resolve))
    }
  }

  /** Writes and reads until the server has closed, or has answered a ping behind it. */
  async exchange(parts: readonly Uint8Array[]): Promise<void> {
    const last = `question ${++this.#exchanges}`
    await this.write(...parts, frame(opcodes.ping, last))
    await this.until(() => this.closeCode !== null || this.pongs.includes(last))
  }

  /** True when it is neither closed nor being closed. */
  get isOpen(): boolean {
    return !this.closed && this.closeCode === null
  }

  async end(): Promise<void> {
    this.socket.destroy()
    await this.until(() => false)
  }

  #take(data: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, data])
    if (this.head === '') {
      const end = this.#pending.indexOf('\r\n\r\n')
      if (end < 0) return
      this.head = this.#pending.toString('latin1', 0, end)
      this.#pending = this.#pending.subarray(end + 4)
    }
    for (let size = this.#frameSize(); size <= this.#pending.length; size = this.#frameSize()) {
      const opcode = this.#pending[0]! & 15
      const start = size - this.#payloadSize()
      const payload = this.#pending.subarray(start, size)
      this.frames.push({ opcode, payload })
      if (opcode === opcodes.text) this.#messages.push(JSON.parse(payload.toString()))
      if (opcode === opcodes.binary) this.#messages.push(unpackMessage(payload) as ReceivedMessage)
      this.#pending = this.#pending.subarray(size)
    }
    this.#wake()
  }

  /** Bytes of the frame that is coming in; infinite while that is not known. */
  #frameSize(): number {
    if (this.#pending.length < 2) return Number.POSITIVE_INFINITY
    const short = this.#pending[1]! & 127
    const head = short < 126 ? 2 : short === 126 ? 4 : 10
    return this.#pending.length < head ? Number.POSITIVE_INFINITY : head + this.#payloadSize()
  }

  #payloadSize(): number {
    const short = this.#pending[1]! & 127
    if (short < 126) return short
    return short === 126 ? this.#pending.readUInt16BE(2) : Number(this.#pending.readBigUInt64BE(2))
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}

/** Runs `task` for each item, `width` of them at a time. */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  task: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0
  const work = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++
      await task(items[index]!, index)
    }
  }
  await Promise.all(Array.from({ length: width }, work))
}
