// Those who connected at the root, which is the newest run: when another one is that, they are let
// go, and find it when they come back. Nobody is looked after while there is none of them.
import type { Duplex } from 'node:stream'
import type { Clock } from '../../base/clock.ts'

const LOOK_MILLIS = 1_000

interface Follower {
  /** The run that was the newest when it came; null when there was none. */
  readonly run: string | null
  readonly end: () => void
}

export class Followers {
  readonly #clock: Clock
  readonly #newest: () => Promise<string | null>
  readonly #followers = new Map<Duplex, Follower>()
  #cancelLook: (() => void) | undefined

  constructor(clock: Clock, newest: () => Promise<string | null>) {
    this.#clock = clock
    this.#newest = newest
  }

  /** Calls `end` when the newest run is not `run` any more, unless the socket has closed. */
  add(socket: Duplex, run: string | null, end: () => void): void {
    this.#followers.set(socket, { run, end })
    socket.once('close', () => this.#followers.delete(socket))
    this.#cancelLook ??= this.#schedule()
  }

  stop(): void {
    this.#cancelLook?.()
    this.#followers.clear()
  }

  #schedule(): () => void {
    return this.#clock.schedule(LOOK_MILLIS, () => void this.#look())
  }

  async #look(): Promise<void> {
    // A directory that cannot be looked into now tells nothing new.
    const newest = await this.#newest().catch(() => undefined)
    if (newest !== undefined) {
      for (const { run, end } of this.#followers.values()) if (run !== newest) end()
    }
    this.#cancelLook = this.#followers.size === 0 ? undefined : this.#schedule()
  }
}
