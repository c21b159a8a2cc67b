// Asks one text after the other, and says what came of each: whatever it is, the server answers.
import { expect } from 'vitest'
import { closeCodes } from '../../src/protocol/viewer-messages.ts'
import { frame, opcodes, Peer } from './peer.ts'

const closesAllowed = [1007, 1009, ...Object.values(closeCodes)]
/** Below what a viewer may send in a minute. */
const MESSAGES_A_PEER = 250

/** Asks one message after the other, by a new connection when the last one was closed. */
export class Interrogator {
  readonly #port: number
  #peer: Peer | undefined
  #asked = 0

  constructor(port: number) {
    this.#port = port
  }

  /** What came of it: `error`, `closed`, or `accepted` when it was taken for a message. */
  async ask(text: string): Promise<'error' | 'closed' | 'accepted'> {
    if (!this.#peer?.isOpen || this.#asked >= MESSAGES_A_PEER) {
      await this.end()
      this.#peer = await Peer.connect(this.#port)
    }
    const peer = this.#peer
    const number = ++this.#asked
    const errors = peer.said('error').length
    await peer.write(
      frame(opcodes.text, text),
      frame(opcodes.text, `{"type":"ping","client_time":${1e6 + number}}`),
    )
    const isAnswered = (): boolean =>
      peer.said('pong').some(({ client_time }) => client_time === 1e6 + number)
    await peer.until(() => peer.closeCode !== null || isAnswered())
    if (peer.isOpen) return peer.said('error').length > errors ? 'error' : 'accepted'
    expect([text.slice(0, 200), closesAllowed]).toEqual([
      text.slice(0, 200),
      expect.arrayContaining([peer.closeCode]),
    ])
    return 'closed'
  }

  async end(): Promise<void> {
    await this.#peer?.end()
    this.#asked = 0
  }
}
