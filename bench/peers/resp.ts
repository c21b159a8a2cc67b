// As much of Redis's protocol (RESP2) as a bench needs: commands as lists of byte strings, answers
// in the order of the commands.
import type { Socket } from 'node:net'
import { assert } from '../../src/base/assert.ts'
import { RollcastError } from '../../src/base/errors.ts'

/** An answer: text or bytes, a number, a list, nothing. Errors are thrown. */
export type Reply = Buffer | number | null | readonly Reply[]

const LINE_END = Buffer.from('\r\n')

/** A command as it goes over the wire. */
export function encodeCommand(parts: readonly (string | Uint8Array)[]): Buffer {
  const pieces: Uint8Array[] = [Buffer.from(`*${parts.length}\r\n`)]
  for (const part of parts) {
    const bytes = typeof part === 'string' ? Buffer.from(part) : part
    pieces.push(Buffer.from(`$${bytes.byteLength}\r\n`), bytes, LINE_END)
  }
  return Buffer.concat(pieces)
}

interface Asked {
  left: number
  readonly replies: Reply[]
  readonly resolve: (replies: Reply[]) => void
  readonly reject: (error: unknown) => void
}

export class RespClient {
  readonly #socket: Socket
  readonly #asked: Asked[] = []
  #received: Buffer = Buffer.alloc(0)
  #at = 0

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', chunk => this.#take(chunk))
    socket.on('error', error => this.#fail(error))
    socket.on('close', () => this.#fail(new RollcastError('CLOSED', 'the server has closed')))
  }

  /** Sends so many commands at once; resolves to their answers. */
  send(commands: Uint8Array, count: number): Promise<Reply[]> {
    const { promise, resolve, reject } = Promise.withResolvers<Reply[]>()
    this.#asked.push({ left: count, replies: [], resolve, reject })
    this.#socket.write(commands)
    return promise
  }

  #take(chunk: Buffer): void {
    this.#received =
      this.#at === this.#received.length
        ? chunk
        : Buffer.concat([this.#received.subarray(this.#at), chunk])
    this.#at = 0
    try {
      for (;;) {
        const start = this.#at
        const reply = this.#read()
        if (reply === undefined) {
          this.#at = start
          return
        }
        this.#answer(reply)
      }
    } catch (error) {
      this.#fail(error)
    }
  }

  #answer(reply: Reply): void {
    const asked = this.#asked[0]
    assert(asked !== undefined, 'an answer to no command')
    asked.replies.push(reply)
    if (--asked.left > 0) return
    this.#asked.shift()
    asked.resolve(asked.replies)
  }

  #fail(error: unknown): void {
    for (const { reject } of this.#asked.splice(0)) reject(error)
    this.#socket.destroy()
  }

  /** The next whole answer; undefined while some of it is still to come. */
  #read(): Reply | undefined {
    const end = this.#received.indexOf(LINE_END, this.#at)
    if (end < 0) return undefined
    const kind = String.fromCharCode(this.#received[this.#at]!)
    const line = this.#received.toString('latin1', this.#at + 1, end)
    this.#at = end + 2
    if (kind === '+') return Buffer.from(line)
    if (kind === ':') return Number(line)
    if (kind === '-') throw new RollcastError('INTERNAL', `the server refuses: ${line}`)
    const length = Number(line)
    if (length < 0) return null
    if (kind === '*') return this.#readList(length)
    assert(kind === '$', `an answer of kind ${kind}`)
    const stop = this.#at + length
    if (stop + 2 > this.#received.length) return undefined
    const bytes = this.#received.subarray(this.#at, stop)
    this.#at = stop + 2
    return bytes
  }

  #readList(length: number): Reply | undefined {
    const list: Reply[] = []
    while (list.length < length) {
      const item = this.#read()
      if (item === undefined) return undefined
      list.push(item)
    }
    return list
  }
}
