// A viewer's socket without a network: what was sent is kept, and the test decides when the kernel
// takes it.
import * as v from 'valibot'
import type { PreparedMessage } from '../../src/gateway/prepared-message.ts'
import type { ViewerSocket } from '../../src/gateway/viewer-host.ts'
import { decodeFrameMessage, type FrameMessage } from '../../src/protocol/frame-message.ts'
import { type ServerMessage, serverMessageSchema } from '../../src/protocol/server-messages.ts'

type Listener = (...args: never[]) => void

export class FakeViewerSocket implements ViewerSocket {
  readonly encoding = 'json'
  bufferedAmount = 0
  /** Set by tests in which the kernel takes a message bit by bit. */
  untakenBytes = 0
  /** When false, what is sent stays in the buffer. */
  reading = true
  readonly messages: ServerMessage[] = []
  readonly frames: FrameMessage[] = []
  pings = 0
  closedWith: number | null = null
  terminated = false
  readonly #listeners = new Map<string, Listener[]>()
  readonly #whenTaken: (() => void)[] = []

  on(event: string, listener: Listener): this {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener])
    return this
  }

  emit(event: string, ...args: unknown[]): void {
    for (const listener of this.#listeners.get(event) ?? []) {
      ;(listener as (...args: unknown[]) => void)(...args)
    }
  }

  say(message: unknown): void {
    this.emit('message', Buffer.from(JSON.stringify(message)), false)
  }

  send({ frame, payload, binary }: PreparedMessage): void {
    if (binary) this.frames.push(decodeFrameMessage(payload))
    else
      this.messages.push(v.parse(serverMessageSchema, JSON.parse(Buffer.from(payload).toString())))
    this.bufferedAmount += frame.byteLength
    queueMicrotask(() => {
      if (this.reading) this.drain()
    })
  }

  whenTaken(callback: () => void): void {
    this.#whenTaken.push(callback)
  }

  /** The kernel takes everything that is in the buffer. */
  drain(): void {
    this.bufferedAmount = 0
    for (const tell of this.#whenTaken.splice(0)) tell()
  }

  ping(): void {
    this.pings++
  }

  close(code: number): void {
    this.closedWith ??= code
  }

  terminate(): void {
    if (this.terminated) return
    this.terminated = true
    this.emit('close')
  }

  of<T extends ServerMessage['type']>(type: T): Extract<ServerMessage, { type: T }>[] {
    return this.messages.filter(message => message.type === type) as never
  }
}

/** Lets promises and microtasks run. */
export const settle = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
