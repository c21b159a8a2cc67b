// A viewer's socket whose peer reads when the test says so. It has one writer: nothing is sent from
// within a send, and nothing after the close (invariant 20 watches what waits in it).
import type { PreparedMessage } from '../../../src/gateway/prepared-message.ts'
import type { ViewerSocket } from '../../../src/gateway/viewer-host.ts'
import { limits } from '../../../src/protocol/limits.ts'
import type { Invariants } from '../campaign.ts'

type Listener = (...args: never[]) => void

export class SlowSocket implements ViewerSocket {
  readonly encoding = 'json'
  bufferedAmount = 0
  /** The code that the server closed it with, or null. */
  closedWith: number | null = null
  gone = false
  readonly #invariants: Invariants
  readonly #onReceived: (data: Uint8Array, binary: boolean) => void
  readonly #listeners = new Map<string, Listener[]>()
  /** What waits, and who wants to know when all before it was taken. */
  #sent: (PreparedMessage | (() => void))[] = []
  #sending = false

  constructor(invariants: Invariants, onReceived: (data: Uint8Array, binary: boolean) => void) {
    this.#invariants = invariants
    this.#onReceived = onReceived
  }

  on(event: string, listener: Listener): this {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener])
    return this
  }

  #emit(event: string, ...args: unknown[]): void {
    for (const listener of this.#listeners.get(event) ?? []) {
      ;(listener as (...args: unknown[]) => void)(...args)
    }
  }

  say(message: object): void {
    if (!this.gone) this.#emit('message', Buffer.from(JSON.stringify(message)), false)
  }

  send(message: PreparedMessage): void {
    const open = !this.#sending && !this.gone && this.closedWith === null
    this.#invariants.note(20, open, () => 'two writers, or one after the close')
    this.#sending = true
    const room = this.bufferedAmount < limits.viewerBufferBytesMax
    this.#invariants.note(20, room, () => `${this.bufferedAmount} B wait already`)
    this.bufferedAmount += message.frame.byteLength
    this.#sent.push(message)
    this.#sending = false
  }

  whenTaken(callback: () => void): void {
    this.#sent.push(callback)
  }

  /** The peer reads up to `count` messages. */
  read(count: number): void {
    for (let left = count; !this.gone; ) {
      const one = this.#sent[0]
      if (one === undefined || (typeof one !== 'function' && left-- === 0)) break
      this.#sent.shift()
      if (typeof one === 'function') one()
      else {
        this.bufferedAmount -= one.frame.byteLength
        this.#onReceived(one.payload, one.binary)
      }
    }
    // A peer that reads comes to the close frame at last, and answers it.
    if (this.#sent.length === 0 && this.closedWith !== null) this.hangUp()
  }

  /** It takes messages whole: it goes on when it comes to another one. */
  get untakenBytes(): number {
    const taking = this.#sent.find(one => typeof one !== 'function')
    return typeof taking === 'object' ? taking.frame.byteLength : 0
  }

  /** Messages that wait in it. */
  get held(): readonly PreparedMessage[] {
    return this.gone ? [] : this.#sent.filter(one => typeof one !== 'function')
  }

  get unread(): number {
    return this.#sent.length
  }

  ping(): void {
    this.#emit('pong')
  }

  close(code: number): void {
    this.closedWith ??= code
    this.#invariants.saw(`closed${code}`)
  }

  terminate(): void {
    this.hangUp()
  }

  hangUp(): void {
    if (this.gone) return
    this.gone = true
    this.#emit('close')
  }
}
