// A socket, as its only writer sees it: what was handed to it, and whether the kernel takes it. The
// kernel takes most messages at once; where it did not, we want to know when it has, and for how long
// it takes nothing.
import type { Clock } from '../base/clock.ts'
import type { Holding } from './backlog.ts'
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

/** A viewer that takes nothing for this long is stalled ... */
export const STALL_MILLIS = 1000
/** ... and for this long is gone, or as good as that. */
export const STALL_MILLIS_MAX = 10_000

export class Outflow {
  readonly #clock: Clock
  readonly #socket: LaneSocket
  readonly #holding: Holding
  readonly #onTaken: () => void
  /** Since when the socket has something that the kernel did not take; undefined while it has not. */
  #fullSince: number | undefined
  #untakenBytes = 0
  /** Since when what waited then is not all taken. */
  #watchedSince = 0
  /** What waits in the socket, oldest first; nothing of a viewer that reads. */
  readonly #untaken: PreparedMessage[] = []
  #untakenTotal = 0

  /** `onTaken` is called when the kernel has taken what it had no room for before. */
  constructor(clock: Clock, socket: LaneSocket, holding: Holding, onTaken: () => void) {
    this.#clock = clock
    this.#socket = socket
    this.#holding = holding
    this.#onTaken = onTaken
  }

  /** Bytes of the messages that the kernel has not taken whole. */
  get bytes(): number {
    return this.#socket.bufferedAmount
  }

  send(message: PreparedMessage): void {
    this.#socket.send(message)
    if (this.#socket.bufferedAmount === 0) return
    this.#hold(message)
    if (this.#fullSince === undefined) this.#watch()
  }

  /**
   * To be called about once a second: whether the kernel has taken something since the last time of
   * a message that it does not take at once. A large one on a thin line takes longer than a minute.
   */
  review(): boolean {
    const { untakenBytes } = this.#socket
    this.#release()
    if (this.#fullSince === undefined || untakenBytes === this.#untakenBytes) return false
    this.#untakenBytes = untakenBytes
    this.#fullSince = this.#clock.monotonic()
    return true
  }

  /** Milliseconds for which the socket has taken nothing of what waits in it; 0 when none does. */
  get stalledMillis(): number {
    return this.#fullSince === undefined ? 0 : this.#clock.monotonic() - this.#fullSince
  }

  /** Whether it takes something every second, and in ten seconds all that waited before. */
  get reads(): boolean {
    if (this.#fullSince === undefined) return true
    const millis = this.#clock.monotonic() - this.#watchedSince
    return this.stalledMillis < STALL_MILLIS && millis < STALL_MILLIS_MAX
  }

  /** The socket is gone, and what waited in it with it. */
  end(): void {
    this.#release(0)
  }

  #hold(message: PreparedMessage): void {
    const { byteLength } = message.frame
    this.#untaken.push(message)
    this.#untakenTotal += byteLength
    this.#holding.hold(message, byteLength)
    this.#release()
  }

  /** Lets go of what is not among the newest so many bytes. */
  #release(bytes = this.#socket.bufferedAmount): void {
    for (let oldest = this.#untaken[0]; oldest !== undefined; oldest = this.#untaken[0]) {
      const { byteLength } = oldest.frame
      // The socket may hold some bytes more: its own answers to pings.
      if (this.#untakenTotal - byteLength < bytes) return
      this.#untaken.shift()
      this.#untakenTotal -= byteLength
      this.#holding.release(oldest, byteLength)
    }
  }

  #watch(): void {
    if (this.#socket.bufferedAmount === 0) return
    this.#watchedSince = this.#fullSince = this.#clock.monotonic()
    this.#untakenBytes = this.#socket.untakenBytes
    this.#socket.whenTaken(this.#taken)
  }

  readonly #taken = (): void => {
    this.#fullSince = undefined
    this.#release()
    this.#watch()
    this.#onTaken()
  }
}
