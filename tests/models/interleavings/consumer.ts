// A consumer of the log as the aggregator and the encoder are one: it follows what is durable, makes
// one fact of each event of the trainer, and hands facts in together with its cursor. It dies at any
// point; the next life asks the log where to go on.
import { FactLine } from '../../../src/actors/fact-line.ts'
import { LogFollower } from '../../../src/actors/log-follower.ts'
import type { Clock } from '../../../src/base/clock.ts'
import type { Envelope } from '../../../src/protocol/events.ts'
import type { DurableNotice, FactBatch } from '../../../src/protocol/thread-messages.ts'
import type { LogReader } from '../../../src/store/event-log.ts'
import { type MessagePortLike, PortReceiver, PortSender } from '../../../src/streams/port.ts'
import { metric, recordsOf } from '../../store/records.ts'

export const CONSUMER = 'aggregator'
/** A fact of event `value` is the metric with this much more. */
export const FACT = 1_000_000

export const metricOf = ({ event }: Envelope): number | undefined =>
  event.type === 'metrics_sampled' ? event.globalStep : undefined

export interface ConsumerOptions {
  readonly reader: LogReader
  readonly clock: Clock
  /** Called with every event that it handles. */
  readonly onEvent: (seq: number) => void
  readonly onFailure: (error: unknown) => void
  /** For the negative control: believes the log at once, and does not say what its facts follow. */
  readonly credulous?: boolean
}

export class Consumer {
  readonly facts: PortSender<FactBatch>
  readonly #options: ConsumerOptions
  readonly #line: FactLine
  #follower: LogFollower | undefined
  #durable = 0

  constructor(options: ConsumerOptions) {
    this.#options = options
    this.facts = new PortSender<FactBatch>(
      { name: 'aggregator.facts', policy: { kind: 'block' }, countMax: 4, bytesMax: 1e6 },
      { clock: options.clock, sizeOf: FactLine.sizeOf, redeliver: true },
    )
    if (options.credulous) {
      const offer = this.facts.offer.bind(this.facts)
      this.facts.offer = ({ after: _, ...batch }) => offer(batch)
    }
    this.#line = new FactLine(this.facts, CONSUMER)
    void this.#run().catch(options.onFailure)
  }

  connect(facts: MessagePortLike, durable: MessagePortLike): void {
    this.facts.attach(facts)
    new PortReceiver<DurableNotice>(durable).messages.subscribe(({ seq }) => {
      this.#durable = Math.max(this.#durable, seq)
      this.#follower?.advanceTo(this.#durable)
    })
  }

  async #run(): Promise<void> {
    const { reader, clock, onEvent, credulous } = this.#options
    const position = (): number | undefined => reader.position(CONSUMER)
    const opened = this.#line.open(position)
    const cursor = credulous ? (position() ?? 0) : await opened
    this.#follower = new LogFollower(reader, clock, cursor, {
      onEvent: envelope => {
        onEvent(envelope.seq)
        const value = metricOf(envelope)
        if (value !== undefined && value < FACT) this.#line.add(recordsOf([metric(FACT + value)]))
      },
      onSlice: seq => (this.#line.empty ? undefined : this.#line.handIn(seq)),
    })
    this.#follower.advanceTo(Math.max(this.#durable, reader.durable().seq))
    await this.#follower.run()
  }
}
