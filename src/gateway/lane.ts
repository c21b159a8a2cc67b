// One viewer's way out: the only writer to its socket. What must keep its order waits in `queue`,
// whole episodes in `whole`, and of what only matters now (frames, state updates, system) the
// newest one a key in `latest`. Nothing is handed to the socket while too much waits inside it, so
// a viewer that stops reading costs its bounds and nobody else anything (P10, P13).
import { KIB, MIB } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import { limits } from '../protocol/limits.ts'
import { Channel } from '../streams/channel.ts'
import type { SharedMessage } from './shared-message.ts'

/** What a lane needs of a socket; a WebSocket of `ws` fits. */
export interface LaneSocket {
  readonly bufferedAmount: number
  send(
    data: Uint8Array,
    options: { readonly binary: boolean },
    callback: (error?: Error | null) => void,
  ): void
}

/** `latest` and bulk wait until no more than this is in the socket, so that they stay new. */
const FRESH_BYTES = 64 * KIB
const QUEUE_COUNT_MAX = 512
/** A frame and a state update of each agent, and the system's state. */
const LATEST_COUNT_MAX = 2 * limits.viewerAgentsMax + 1
const HELD_BYTES_MAX = 64 * MIB

interface Waiting {
  readonly key: string
  readonly message: SharedMessage
}

export interface LaneCounters {
  /** Messages handed to the socket. */
  sent: number
  /** Messages given up: replaced by newer ones, pushed out, or shed by a stall. */
  dropped: number
}

export interface LaneOptions {
  readonly clock: Clock
  readonly socket: LaneSocket
  readonly counters: LaneCounters
  readonly onBuilt: () => void
  /** Called when the socket has taken something. */
  readonly onSent: () => void
  /** Called when there was no room for all that must keep its order: some of it was given up. */
  readonly onMissed: () => void
}

export class Lane {
  readonly #options: LaneOptions
  readonly #queue: Channel<SharedMessage>
  readonly #whole: Channel<SharedMessage>
  readonly #latest: Channel<Waiting>
  #held = true
  #closed = false
  /** The last state update of each open episode that was sent, by key. */
  readonly #lastStates = new Map<string, SharedMessage>()
  /** Messages in the socket that the kernel has not taken yet, and when it last took one. */
  #outstanding = 0
  #progressAt = 0

  constructor(options: LaneOptions) {
    this.#options = options
    const { clock } = options
    const sizeOf = (message: SharedMessage): number => message.accountedBytes
    const bound = { bytesMax: HELD_BYTES_MAX }
    this.#queue = new Channel(
      { name: 'lane.queue', policy: { kind: 'drop-oldest' }, countMax: QUEUE_COUNT_MAX, ...bound },
      { clock, sizeOf },
    )
    this.#whole = new Channel(
      {
        name: 'lane.whole',
        policy: { kind: 'drop-oldest' },
        countMax: limits.liveEpisodes,
        ...bound,
      },
      { clock, sizeOf },
    )
    this.#latest = new Channel(
      { name: 'lane.latest', policy: { kind: 'latest' }, countMax: LATEST_COUNT_MAX, ...bound },
      { clock, sizeOf: waiting => sizeOf(waiting.message), keyOf: waiting => waiting.key },
    )
  }

  /** Messages that keep their order; past the bound the oldest go, and the viewer has to start over. */
  queue(message: SharedMessage): void {
    const { dropped } = this.#queue.counters
    this.#offer(this.#queue, message)
    if (this.#queue.counters.dropped > dropped) this.#options.onMissed()
  }

  /** A whole episode. */
  whole(message: SharedMessage): void {
    this.#offer(this.#whole, message)
  }

  /** Replaces what waits under `key`; true when something was given up for it, or it was itself. */
  latest(key: string, message: SharedMessage): boolean {
    return this.#offer(this.#latest, { key, message }) > 0
  }

  /** The last state update of an episode: shown whatever was thinned out, but not twice. */
  finalState(key: string, message: SharedMessage): void {
    if (message !== this.#lastStates.get(key)) this.#offer(this.#queue, message)
    this.#lastStates.delete(key)
  }

  /** True when nothing waits and the socket is (nearly) empty. */
  get roomy(): boolean {
    return (
      !this.#held &&
      !this.#closed &&
      this.#queue.depth + this.#whole.depth + this.#latest.depth === 0 &&
      this.drained
    )
  }

  /** True when the socket holds so little that what is sent now is shown soon. */
  get drained(): boolean {
    return this.#options.socket.bufferedAmount < FRESH_BYTES
  }

  /** Milliseconds for which the socket has taken nothing of what waits in it; 0 when none does. */
  get stalledMillis(): number {
    return this.#outstanding === 0 ? 0 : this.#options.clock.monotonic() - this.#progressAt
  }

  /** Takes and sends nothing until `release`; what waits is given up. */
  hold(): void {
    this.#held = true
    this.clear()
  }

  release(): void {
    this.#held = false
    this.flush()
  }

  /** Gives up what waits, e.g. because it has become void. */
  clear(): void {
    for (const channel of [this.#queue, this.#whole, this.#latest]) {
      while (channel.take() !== undefined) this.#options.counters.dropped++
    }
    this.#lastStates.clear()
  }

  close(): void {
    this.#closed = true
    this.clear()
  }

  /** Sends what there is room for. */
  flush(): void {
    if (this.#held || this.#closed) return
    const { socket } = this.#options
    while (socket.bufferedAmount < limits.viewerBufferBytesMax) {
      const message = this.#queue.take()
      if (message === undefined) break
      this.#send(message)
    }
    while (this.drained) {
      const whole = this.#whole.take()
      if (whole !== undefined) this.#send(whole)
      else {
        const waiting = this.#latest.take()
        if (waiting === undefined) break
        if (waiting.message.life === undefined) this.#send(waiting.message)
        else if (!waiting.message.life.over) {
          this.#lastStates.set(waiting.key, waiting.message)
          this.#send(waiting.message)
        }
      }
    }
  }

  /** Returns how many messages were given up. */
  #offer<T>(channel: Channel<T>, item: T): number {
    if (this.#closed) return 0
    if (this.#held) {
      this.#options.counters.dropped++
      return 1
    }
    const before = channel.counters.dropped
    channel.offer(item)
    const dropped = channel.counters.dropped - before
    this.#options.counters.dropped += dropped
    this.flush()
    return dropped
  }

  #send(message: SharedMessage): void {
    const { socket, clock, counters, onBuilt } = this.#options
    if (this.#outstanding++ === 0) this.#progressAt = clock.monotonic()
    counters.sent++
    socket.send(message.bytes(onBuilt), { binary: message.binary }, () => this.#sent())
  }

  /** The kernel took a message, or the socket is closing; then its events tell. */
  #sent(): void {
    this.#outstanding--
    this.#progressAt = this.#options.clock.monotonic()
    this.flush()
    this.#options.onSent()
  }
}
