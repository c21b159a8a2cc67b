// A socket, as its only writer sees it: what was handed to it, and whether the kernel takes it. The
// kernel takes most messages at once; where it did not, we want to know when it has, and for how long
// it takes nothing.
import type { Clock } from '../base/clock.ts'
import type { PreparedMessage } from './prepared-message.ts'

/** What a lane needs of a socket. */
export interface LaneSocket {
  /** Bytes of the messages that the kernel has not taken whole. */
  readonly bufferedAmount: number
  /** Of the message that it is taking, bytes that it has not taken yet: they tell that it goes on. */
  readonly untakenBytes: number
  send(message: PreparedMessage): void
  /** Calls back once, when the kernel has taken all that was sent so far; never at once. */
  whenTaken(callback: () => void): void
}

export class Outflow {
  readonly #clock: Clock
  readonly #socket: LaneSocket
  readonly #onTaken: () => void
  /** Since when the socket has something that the kernel did not take; undefined while it has not. */
  #fullSince: number | undefined
  #untakenBytes = 0

  /** `onTaken` is called when the kernel has taken what it had no room for before. */
  constructor(clock: Clock, socket: LaneSocket, onTaken: () => void) {
    this.#clock = clock
    this.#socket = socket
    this.#onTaken = onTaken
  }

  /** Bytes of the messages that the kernel has not taken whole. */
  get bytes(): number {
    return this.#socket.bufferedAmount
  }

  send(message: PreparedMessage): void {
    this.#socket.send(message)
    if (this.#fullSince === undefined) this.#watch()
  }

  /**
   * To be called about once a second: whether the kernel has taken something since the last time of
   * a message that it does not take at once. A large one on a thin line takes longer than a minute.
   */
  review(): boolean {
    const { untakenBytes } = this.#socket
    if (this.#fullSince === undefined || untakenBytes === this.#untakenBytes) return false
    this.#untakenBytes = untakenBytes
    this.#fullSince = this.#clock.monotonic()
    return true
  }

  /** Milliseconds for which the socket has taken nothing of what waits in it; 0 when none does. */
  get stalledMillis(): number {
    return this.#fullSince === undefined ? 0 : this.#clock.monotonic() - this.#fullSince
  }

  #watch(): void {
    if (this.#socket.bufferedAmount === 0) return
    this.#fullSince = this.#clock.monotonic()
    this.#untakenBytes = this.#socket.untakenBytes
    this.#socket.whenTaken(this.#taken)
  }

  readonly #taken = (): void => {
    this.#fullSince = undefined
    this.#watch()
    this.#onTaken()
  }
}
