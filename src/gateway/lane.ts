// One viewer's way out: the only writer to its socket. What must keep its order waits in `queue`,
// whole episodes in `whole`, and of what only matters now (frames, state updates, system) the
// newest one a key in `latest`. Nothing is handed to the socket while too much waits inside it, so
// a viewer that stops reading costs its bounds and nobody else anything (P10, P13). While nothing
// waits and there is room, which is nearly always, a message passes the three by.
import { KIB, MIB } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import { type ViewerChannel, viewerChannels } from '../protocol/client-messages.ts'
import { limits } from '../protocol/limits.ts'
import { Channel } from '../streams/channel.ts'
import { type Backlog, Holding } from './backlog.ts'
import { type LaneSocket, Outflow } from './outflow.ts'
import type { MessageForm, SharedMessage } from './shared-message.ts'

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
  readonly backlog: Backlog
  /** Until the viewer has agreed on another. */
  readonly form: MessageForm
  readonly counters: LaneCounters
  readonly onBuilt: () => void
  /** Called when the kernel has taken what it had no room for before. */
  readonly onRoom: () => void
  /** Called when there was no room for all that must keep its order: some of it was given up. */
  readonly onMissed: () => void
}

export class Lane {
  /** What waits for the viewer, in the lane and in the socket; answers too that wait for room. */
  readonly holding: Holding
  readonly #options: LaneOptions
  readonly #outflow: Outflow
  readonly #queue: Channel<SharedMessage>
  readonly #whole: Channel<SharedMessage>
  readonly #latest: Channel<Waiting>
  #channels: ReadonlySet<ViewerChannel> = new Set(viewerChannels)
  #form: MessageForm
  #held = true
  #closed = false
  /** The last state update of each open episode that was sent, by key. */
  readonly #lastStates = new Map<string, SharedMessage>()

  constructor(options: LaneOptions) {
    this.#options = options
    this.#form = options.form
    const { clock, socket, backlog } = options
    const holding = new Holding(backlog)
    this.holding = holding
    this.#outflow = new Outflow(clock, socket, holding, () => this.#taken())
    const onLeft = (message: SharedMessage) => holding.release(message, message.accountedBytes)
    const sizeOf = (message: SharedMessage): number => message.accountedBytes
    const bound = { bytesMax: HELD_BYTES_MAX }
    this.#queue = new Channel(
      { name: 'lane.queue', policy: { kind: 'drop-oldest' }, countMax: QUEUE_COUNT_MAX, ...bound },
      { clock, sizeOf, onLeft },
    )
    this.#whole = new Channel(
      {
        name: 'lane.whole',
        policy: { kind: 'drop-oldest' },
        countMax: limits.liveEpisodes,
        ...bound,
      },
      { clock, sizeOf, onLeft },
    )
    this.#latest = new Channel(
      { name: 'lane.latest', policy: { kind: 'latest' }, countMax: LATEST_COUNT_MAX, ...bound },
      {
        clock,
        sizeOf: ({ message }) => sizeOf(message),
        keyOf: ({ key }) => key,
        onLeft: ({ message }) => onLeft(message),
      },
    )
  }

  /** What the viewer is sent from here on, and how; left out: as before. */
  agree(channels: ReadonlySet<ViewerChannel>, form: MessageForm = this.#form): void {
    this.#channels = channels
    this.#form = form
  }

  wants(channel: ViewerChannel | null): boolean {
    return channel === null || this.#channels.has(channel)
  }

  /** Messages that keep their order; past the bound the oldest go, and the viewer has to start over. */
  queue(message: SharedMessage): void {
    if (!this.wants(message.channel)) return
    const held = this.#held
    if (this.#goesAtOnce(limits.viewerBufferBytesMax)) this.#send(message)
    else if (this.#offer(this.#queue, message, message) > 0 && !held) this.#options.onMissed()
  }

  /** A whole episode. */
  whole(message: SharedMessage): void {
    if (!this.wants(message.channel)) return
    if (this.#goesAtOnce(FRESH_BYTES)) this.#send(message)
    else this.#offer(this.#whole, message, message)
  }

  /** Replaces what waits under `key`; true when something was given up for it, or it was itself. */
  latest(key: string, message: SharedMessage): boolean {
    if (!this.wants(message.channel)) return false
    if (!this.#goesAtOnce(FRESH_BYTES)) {
      return this.#offer(this.#latest, { key, message }, message) > 0
    }
    this.#sendLatest({ key, message })
    return false
  }

  /** The last state update of an episode: shown whatever was thinned out, but not twice. */
  finalState(key: string, message: SharedMessage): void {
    if (message !== this.#lastStates.get(key)) this.queue(message)
    this.#lastStates.delete(key)
  }

  /** True when nothing waits and the socket is (nearly) empty. */
  get roomy(): boolean {
    return this.#goesAtOnce(FRESH_BYTES)
  }

  /** True when the socket holds so little that what is sent now is shown soon. */
  get drained(): boolean {
    return this.#outflow.bytes < FRESH_BYTES
  }

  /** To be called about once a second: whether the kernel takes, bit by bit, what waits for it. */
  review(): boolean {
    return this.#outflow.review()
  }

  /** Milliseconds for which the socket has taken nothing of what waits in it; 0 when none does. */
  get stalledMillis(): number {
    return this.#outflow.stalledMillis
  }

  /** Whether the viewer takes what it is sent. */
  get reads(): boolean {
    return this.#outflow.reads
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

  /** The socket is gone. */
  end(): void {
    this.close()
    this.#outflow.end()
  }

  /** Sends what there is room for. */
  flush(): void {
    if (this.#held || this.#closed) return
    while (this.#outflow.bytes < limits.viewerBufferBytesMax) {
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
        this.#sendLatest(waiting)
      }
    }
  }

  /** True when nothing waits and the socket holds less than `bytesMax`: the channels are passed by. */
  #goesAtOnce(bytesMax: number): boolean {
    return (
      !this.#held &&
      !this.#closed &&
      this.#queue.depth === 0 &&
      this.#whole.depth === 0 &&
      this.#latest.depth === 0 &&
      this.#outflow.bytes < bytesMax
    )
  }

  /** Returns how many messages were given up. */
  #offer<T>(channel: Channel<T>, item: T, message: SharedMessage): number {
    if (this.#closed) return 0
    if (this.#held) {
      this.#options.counters.dropped++
      return 1
    }
    const before = channel.counters.dropped
    this.holding.hold(message, message.accountedBytes)
    channel.offer(item)
    const dropped = channel.counters.dropped - before
    this.#options.counters.dropped += dropped
    this.flush()
    return dropped
  }

  /** A state update of an episode that is over has become void. */
  #sendLatest({ key, message }: Waiting): void {
    if (message.life?.over) return
    if (message.life !== undefined) this.#lastStates.set(key, message)
    this.#send(message)
  }

  #send(message: SharedMessage): void {
    const { counters, onBuilt } = this.#options
    counters.sent++
    this.#outflow.send(message.prepared(this.#form, onBuilt))
  }

  #taken(): void {
    this.flush()
    this.#options.onRoom()
  }
}
