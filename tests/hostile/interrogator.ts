// Asks one message after the other, and says what came of each: whatever it is, the server answers.
import { expect } from 'vitest'
import type { ViewerEncoding } from '../../src/protocol/viewer-encoding.ts'
import { closeCodes } from '../../src/protocol/viewer-protocol.ts'
import { frame, messageFrame, opcodes, Peer } from './peer.ts'

const closesAllowed = [1007, 1009, ...Object.values(closeCodes)]
/** Below what a viewer may send in a minute. */
const MESSAGES_A_PEER = 250

/** Asks one message after the other, by a new connection when the last one was closed. */
export class Interrogator {
  readonly #port: number
  readonly #encoding: ViewerEncoding
  #peer: Peer | undefined
  #asked = 0

  constructor(port: number, encoding: ViewerEncoding = 'json') {
    this.#port = port
    this.#encoding = encoding
  }

  /** What came of it: `error`, `closed`, or `accepted` when it was taken for a message. */
  async ask(message: string | Uint8Array): Promise<'error' | 'closed' | 'accepted'> {
    if (!this.#peer?.isOpen || this.#asked >= MESSAGES_A_PEER) {
      await this.end()
      this.#peer = await Peer.connect(this.#port, { encoding: this.#encoding })
    }
    const peer = this.#peer
    const number = ++this.#asked
    const errors = peer.said('error').length
    await peer.write(
      frame(typeof message === 'string' ? opcodes.text : opcodes.binary, message),
      messageFrame({ type: 'ping', client_time: 1e6 + number }, this.#encoding),
    )
    const isAnswered = (): boolean =>
      peer.said('pong').some(({ client_time }) => client_time === 1e6 + number)
    await peer.until(() => peer.closeCode !== null || isAnswered())
    if (peer.isOpen) return peer.said('error').length > errors ? 'error' : 'accepted'
    expect([startOf(message), closesAllowed]).toEqual([
      startOf(message),
      expect.arrayContaining([peer.closeCode]),
    ])
    return 'closed'
  }

  async end(): Promise<void> {
    await this.#peer?.end()
    this.#asked = 0
  }
}

/** So that a failure says which one it was. */
export const startOf = (message: string | Uint8Array): string =>
  typeof message === 'string'
    ? message.slice(0, 200)
    : Buffer.from(message.subarray(0, 100)).toString('hex')
