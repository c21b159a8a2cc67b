// Two ends of a port whose messages arrive when the test says so.
import type { MessagePortLike } from '../../src/streams/port.ts'

export interface FakePort extends MessagePortLike {
  /** Hands the oldest message that was posted to this end to its listener; false when none. */
  deliver(): boolean
  /** Messages posted to this end that have not arrived yet. */
  readonly waiting: number
  readonly closed: boolean
}

class FakeEnd implements FakePort {
  other: FakeEnd | undefined
  closed = false
  #inbox: unknown[] = []
  #listener: ((message: unknown) => void) | undefined

  get waiting(): number {
    return this.#inbox.length
  }

  postMessage(message: unknown): void {
    if (!this.closed) this.other?.receive(structuredClone(message))
  }

  receive(message: unknown): void {
    if (!this.closed) this.#inbox.push(message)
  }

  on(_event: 'message', listener: (message: unknown) => void): void {
    this.#listener = listener
  }

  off(_event: 'message', listener: (message: unknown) => void): void {
    if (this.#listener === listener) this.#listener = undefined
  }

  close(): void {
    this.closed = true
  }

  deliver(): boolean {
    const message = this.#inbox.shift()
    if (message === undefined) return false
    this.#listener?.(message)
    return true
  }
}

export function fakePortPair(): [FakePort, FakePort] {
  const [a, b] = [new FakeEnd(), new FakeEnd()]
  a.other = b
  b.other = a
  return [a, b]
}
