// Who is connected with whom: fresh ports for every channel of an actor that starts, and the host's
// own ends. What the topology declares stays; ports come and go with the actors at their ends.
import { Channels } from '../actors/channels.ts'
import type { Clock } from '../base/clock.ts'
import { answerBytes } from '../protocol/answer-bytes.ts'
import type {
  ChannelStatus,
  FactBatch,
  PoolAnswer,
  SystemNotice,
} from '../protocol/thread-messages.ts'
import type { MessagePortLike } from '../streams/port.ts'
import type { ActorHandle } from './spawn.ts'
import type { ActorName, Topology } from './topology.ts'

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
  /** Answers the broadcaster's queries of the log, and its orders of pictures. */
  readonly answer: (query: unknown) => Promise<PoolAnswer>
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
    const specs = (end: 'from' | 'to') =>
      topology.channels.filter(route => route[end] === 'host').map(route => route.spec)
    this.#channels = new Channels(specs('from'), specs('to'), clock, onError)
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
    this.#answer('broadcaster.queries', 'host.answers')
    this.#answer('broadcaster.stills', 'host.stills', true)
  }

  #has(channel: string): boolean {
    return this.#options.topology.channels.some(route => route.spec.name === channel)
  }

  /** `overlapping`: the next one is begun while one is not answered yet. */
  #answer(queries: string, answersTo: string, overlapping = false): void {
    if (!this.#has(queries)) return
    const answers = this.#channels.sender(answersTo, { sizeOf: answerBytes })
    const handle = async (query: unknown): Promise<void> => {
      const answer = await this.#options.answer(query)
      while (answers.offer(answer) === 'full') {
        await new Promise<void>(resolve => {
          answers.onWritable = resolve
        })
      }
    }
    this.#channels.receive(queries, handle, { overlapping })
  }

  /** Gives the actor fresh ports for all its channels; the other ends attach to the new ones. */
  connect(name: ActorName, handle: ActorHandle): void {
    for (const { spec, from, to } of this.#options.topology.channels) {
      if (from !== name && to !== name) continue
      const otherName = from === name ? to : from
      const other = otherName === 'host' ? undefined : this.#options.handleOf(otherName)
      if (otherName !== 'host' && other === undefined) continue
      const { port1, port2 } = this.#options.openChannel()
      handle.command({ type: 'connect', channel: spec.name, port: port1 })
      if (other) other.command({ type: 'connect', channel: spec.name, port: port2 })
      else this.#channels.connect(spec.name, port2)
    }
  }

  offerFacts(batch: FactBatch): void {
    this.#facts?.offer(batch)
  }

  offerStatus(status: SystemNotice): void {
    this.#system?.offer(status)
  }

  counters(): ChannelStatus[] {
    return this.#channels.counters()
  }

  close(): void {
    this.#channels.close()
  }
}
