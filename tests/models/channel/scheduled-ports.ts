// Two ends of a port whose messages arrive when fast-check's scheduler says so. Those of one
// direction keep their order, and wait until somebody listens, as in a MessagePort; everything else
// may come in between.
import type fc from 'fast-check'
import type { MessagePortLike } from '../../../src/streams/port.ts'

type Listener = (message: unknown) => void

class ScheduledEnd implements MessagePortLike {
  other: ScheduledEnd | undefined
  readonly #scheduler: fc.Scheduler
  readonly #label: string
  readonly #inbox: unknown[] = []
  #listener: Listener | undefined
  #closed = false

  constructor(scheduler: fc.Scheduler, label: string) {
    this.#scheduler = scheduler
    this.#label = label
  }

  postMessage(message: unknown): void {
    if (!this.#closed) this.other?.receive(structuredClone(message))
  }

  receive(message: unknown): void {
    if (this.#closed) return
    this.#inbox.push(message)
    if (this.#listener) this.#deliverLater()
  }

  on(_event: 'message', listener: Listener): void {
    this.#listener = listener
    for (const _ of this.#inbox) this.#deliverLater()
  }

  off(_event: 'message', listener: Listener): void {
    if (this.#listener === listener) this.#listener = undefined
  }

  close(): void {
    this.#closed = true
  }

  /** One message, the oldest: so they keep their order, however the deliveries are ordered. */
  #deliverLater(): void {
    void this.#scheduler.schedule(Promise.resolve(), this.#label).then(() => {
      if (this.#closed || this.#listener === undefined || this.#inbox.length === 0) return
      this.#listener(this.#inbox.shift())
    })
  }
}

export function scheduledPortPair(
  scheduler: fc.Scheduler,
  name: string,
): [MessagePortLike, MessagePortLike] {
  const near = new ScheduledEnd(scheduler, `from ${name}`)
  const far = new ScheduledEnd(scheduler, `to ${name}`)
  near.other = far
  far.other = near
  return [near, far]
}
