// Who is connected with whom: fresh ports for every channel of an actor that starts, and the host's
// own ends. What the topology declares stays; ports come and go with the actors at their ends.
import { Channels } from '../actors/channels.ts'
import type { Clock } from '../base/clock.ts'
import { answerBytes } from '../protocol/answer-bytes.ts'
import type {
  ChannelStatus,
  FactBatch,
  HistoryAnswer,
  SystemNotice,
} from '../protocol/thread-messages.ts'
import type { MessagePortLike } from '../streams/port.ts'
import type { ActorHandle } from './spawn.ts'
import {
  type ActorName,
  type ChannelEnd,
  type ChannelRoute,
  endsOf,
  type Topology,
} from './topology.ts'

/** Whoever makes pictures for viewers. */
export interface Previews {
  /** Called when it is gone with its ends of the channels, and was not told to stop. */
  onLost: () => void
  /** Gives it its end of a channel, which is kept until it has been started. */
  connect(channel: string, port: MessagePortLike): void
  start(): void
  /** It is asked to end, and lets go of its ends. */
  stop(): void
  counters(): readonly ChannelStatus[]
}

/** The two ends of a new channel; a MessageChannel of worker_threads fits. */
export interface PortPair {
  readonly port1: MessagePortLike
  readonly port2: MessagePortLike
}

export interface LinksOptions {
  readonly topology: Topology
  readonly clock: Clock
  readonly openChannel: () => PortPair
  /** The living actor of that name, if it lives. */
  readonly handleOf: (name: ActorName) => ActorHandle | undefined
  /** Answers the broadcaster's queries of the log. */
  readonly answer: (query: unknown) => Promise<HistoryAnswer>
  readonly previews: Previews
  readonly onError: (error: unknown) => void
}

export class HostLinks {
  readonly #options: LinksOptions
  readonly #channels: Channels
  readonly #facts: ReturnType<Channels['sender']> | undefined
  readonly #system: ReturnType<Channels['sender']> | undefined

  constructor(options: LinksOptions) {
    this.#options = options
    const { topology, clock, onError } = options
    const { sends, receives } = endsOf(topology, 'host')
    this.#channels = new Channels(sends, receives, clock, onError)
    if (this.#has('host.facts')) {
      this.#facts = this.#channels.sender<FactBatch>('host.facts', {
        sizeOf: batch => 64 + batch.records.byteLength,
        // Facts about a recorder that died wait for the next one.
        redeliver: true,
      }) as ReturnType<Channels['sender']>
    }
    if (this.#has('host.system')) {
      this.#system = this.#channels.sender<SystemNotice>('host.system', {
        sizeOf: () => 16 * 1024,
        keyOf: () => 'system',
      }) as ReturnType<Channels['sender']>
    }
    this.#answerQueries()
    options.previews.onLost = () => this.#connectPreviews()
  }

  #has(channel: string): boolean {
    return this.#options.topology.channels.some(route => route.spec.name === channel)
  }

  #answerQueries(): void {
    if (!this.#has('broadcaster.queries')) return
    const answers = this.#channels.sender('host.answers', { sizeOf: answerBytes })
    this.#channels.receive('broadcaster.queries', async query =>
      answers.deliver(await this.#options.answer(query)),
    )
  }

  /** Gives the actor fresh ports for all its channels; the other ends attach to the new ones. */
  connect(name: ActorName, handle: ActorHandle): void {
    // Who makes pictures was asked to by another life of it.
    if (name === 'broadcaster') this.#options.previews.stop()
    for (const route of this.#options.topology.channels) {
      if (route.from === name || route.to === name) this.#join(route, name, handle)
    }
  }

  /** The broadcaster wants pictures; or none any more, and has let go of its ends. */
  wantPictures(wanted: boolean): void {
    const { previews } = this.#options
    if (wanted) previews.start()
    else {
      previews.stop()
      this.#connectPreviews()
    }
  }

  /** The broadcaster gets fresh ports to whoever will make the next picture. */
  #connectPreviews(): void {
    const { topology, handleOf } = this.#options
    const handle = handleOf('broadcaster')
    if (handle === undefined) return
    for (const route of topology.channels) {
      const isOfPreviews = route.from === 'previews' || route.to === 'previews'
      if (isOfPreviews) this.#join(route, 'broadcaster', handle)
    }
  }

  #join({ spec, from, to }: ChannelRoute, name: ActorName, handle: ActorHandle): void {
    const attach = this.#attachmentOf(from === name ? to : from)
    if (attach === undefined) return
    const { port1, port2 } = this.#options.openChannel()
    handle.command({ type: 'connect', channel: spec.name, port: port1 })
    attach(spec.name, port2)
  }

  /** How an end of a channel is given to whoever it is for; undefined when nobody is there. */
  #attachmentOf(end: ChannelEnd): ((channel: string, port: MessagePortLike) => void) | undefined {
    const { previews, handleOf } = this.#options
    if (end === 'host') return (channel, port) => this.#channels.connect(channel, port)
    if (end === 'previews') return (channel, port) => previews.connect(channel, port)
    const handle = handleOf(end)
    return handle && ((channel, port) => handle.command({ type: 'connect', channel, port }))
  }

  offerFacts(batch: FactBatch): void {
    this.#facts?.offer(batch)
  }

  offerStatus(status: SystemNotice): void {
    this.#system?.offer(status)
  }

  counters(): ChannelStatus[] {
    return [...this.#channels.counters(), ...this.#options.previews.counters()]
  }

  close(): void {
    this.#channels.close()
  }
}
