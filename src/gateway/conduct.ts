// How a viewer behaves, in numbers: how much it sends in a minute, how often that cannot be read, and
// whether it answers pings. What follows from it is the viewer's.
import type { Clock } from '../base/clock.ts'
import { limits } from '../protocol/limits.ts'

/** Looked at once a second, so that from one ping to the next it is 15 s at most. */
const PING_MILLIS = 14_000
const PINGS_MISSED_MAX = 2
const BAD_MESSAGES_MAX = 3
const RATE_WINDOW_MILLIS = 60_000

export class Conduct {
  readonly #clock: Clock
  #windowStart: number
  #windowCount = 0
  #badMessages = 0
  #pingAt: number
  #pingsUnanswered = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.#windowStart = this.#pingAt = clock.monotonic()
  }

  /** Counts what came in, whatever it is; true when it is more than a minute may bring. */
  isTooMuch(): boolean {
    const now = this.#clock.monotonic()
    if (now - this.#windowStart >= RATE_WINDOW_MILLIS) {
      this.#windowStart = now
      this.#windowCount = 0
    }
    return ++this.#windowCount > limits.viewerMessagesPerMinute
  }

  /** Counts a message that cannot be read; true when there were too many. */
  isHopeless(): boolean {
    return ++this.#badMessages >= BAD_MESSAGES_MAX
  }

  /** A pong came; false when nobody had asked for it. */
  answer(): boolean {
    const isAsked = this.#pingsUnanswered > 0
    this.#pingsUnanswered = 0
    return isAsked
  }

  /** To be called once a second: what to do about its heartbeat now. */
  beat(): 'wait' | 'ping' | 'gone' {
    const now = this.#clock.monotonic()
    if (now - this.#pingAt <= PING_MILLIS) return 'wait'
    this.#pingAt = now
    return this.#pingsUnanswered++ < PINGS_MISSED_MAX ? 'ping' : 'gone'
  }
}
