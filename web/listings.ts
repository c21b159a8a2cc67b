// Questions for rows of the index, one at a time: to the server a new one takes the place of one that
// it has not answered yet. Paced, as the server counts what a viewer sends in a minute.
import type { Clock } from '../src/base/clock.ts'
import type { ClientMessage } from '../src/protocol/client-messages.ts'

type Listing = Extract<ClientMessage, { type: 'list_episodes' }>
export type ListingQuery = Omit<Listing, 'type' | 'request'>

/** So many at once, and then one every so often. */
const BURST_MAX = 20
const PACE_MILLIS = 250

export class Listings {
  readonly #clock: Clock
  readonly #send: (listing: Listing) => boolean
  readonly #nextRequest: () => number
  #asked: number | null = null
  #waiting: Listing[] = []
  #burst = BURST_MAX
  #paidAt: number
  #cancelTimer = (): void => {}

  /** `send` returns false when there is no link. */
  constructor(clock: Clock, send: (listing: Listing) => boolean, nextRequest: () => number) {
    this.#clock = clock
    this.#paidAt = clock.monotonic()
    this.#send = send
    this.#nextRequest = nextRequest
  }

  /** The number of the request, which is sent when those before it are answered; null without a link. */
  ask(query: ListingQuery): number | null {
    const request = this.#nextRequest()
    this.#waiting.push({ type: 'list_episodes', request, ...query })
    return this.#sendNext() ? request : null
  }

  /** An answer, or an error in its place, has come. */
  settle(request: number): void {
    if (request !== this.#asked) return
    this.#asked = null
    this.#sendNext()
  }

  /** What was asked will not be answered any more: the link is another one. */
  reset(): void {
    this.#cancelTimer()
    this.#asked = null
    this.#waiting = []
  }

  /** False when there is no link: then nothing waits any more. */
  #sendNext(): boolean {
    const next = this.#waiting[0]
    if (this.#asked !== null || next === undefined) return true
    const now = this.#clock.monotonic()
    this.#burst = Math.min(BURST_MAX, this.#burst + (now - this.#paidAt) / PACE_MILLIS)
    this.#paidAt = now
    this.#cancelTimer()
    if (this.#burst < 1) {
      this.#cancelTimer = this.#clock.schedule(PACE_MILLIS, () => this.#sendNext())
      return true
    }
    if (!this.#send(next)) {
      this.#waiting = []
      return false
    }
    this.#burst--
    this.#waiting.shift()
    this.#asked = next.request
    return true
  }
}
