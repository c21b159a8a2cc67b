// How a consumer of the log hands what it made of it back to the recorder: facts are collected
// while the cursor moves and go out together, with the cursor that they account for. The recorder
// commits both at once, so that after any crash each fact is there exactly once.
import { encodeEvent } from '../protocol/codec.ts'
import type { Envelope } from '../protocol/events.ts'
import type { Quarantined } from '../protocol/quarantine.ts'
import type { FactBatch } from '../protocol/thread-messages.ts'
import type { PortSender } from '../streams/port.ts'

type Place = Pick<Envelope, 'seq' | 'time'>

export class FactLine {
  readonly #sender: PortSender<FactBatch>
  readonly #producer: string
  /** The position that was handed in last: what comes next follows it. */
  #after = 0
  #records: Uint8Array[] = []

  constructor(sender: PortSender<FactBatch>, producer: string) {
    this.#sender = sender
    this.#producer = producer
  }

  /** What a batch is accounted at, bytes. */
  static sizeOf(batch: FactBatch): number {
    const rows = (batch.rows ?? []).reduce((sum, row) => sum + row.bytes.byteLength + 16, 0)
    const drops = 32 * (batch.drops?.length ?? 0)
    return 64 + batch.records.byteLength + rows + drops + (batch.snapshot?.bytes.byteLength ?? 0)
  }

  /**
   * Resolves to the producer's position once that is final. An earlier life may have handed in
   * facts that are not durable yet, so the log does not tell of them: a batch of nothing is durable
   * when they are, and only then is the log asked.
   */
  async open(position: () => number | undefined): Promise<number> {
    await this.#offer({
      producer: this.#producer,
      position: 0,
      records: new Uint8Array(),
      count: 0,
    })
    await this.#sender.drained()
    this.#after = position() ?? 0
    return this.#after
  }

  /** True when no record waits for the next `handIn`. */
  get empty(): boolean {
    return this.#records.length === 0
  }

  /** Keeps a record for the next `handIn`. */
  add(record: Uint8Array): void {
    this.#records.push(record)
  }

  /** Keeps the fact that the actor passes `envelope` over. */
  addQuarantined(actor: string, { seq, time }: Place, { error, deaths }: Quarantined): void {
    this.add(encodeEvent({ type: 'event_quarantined', actor, seq, error, deaths }, time))
  }

  /**
   * Hands in what was kept, and what goes with it. Resolves when it is in the channel, at once
   * unless that is full.
   */
  handIn(
    position: number,
    beside: Pick<FactBatch, 'rows' | 'snapshot' | 'drops' | 'isAwaited'> = {},
  ): Promise<void> {
    const records = Buffer.concat(this.#records)
    const batch: FactBatch = {
      producer: this.#producer,
      position,
      after: this.#after,
      records: new Uint8Array(records.buffer, records.byteOffset, records.byteLength).slice(),
      count: this.#records.length,
      ...beside,
    }
    this.#after = position
    this.#records = []
    return this.#offer(batch)
  }

  /** Apart from the facts: a snapshot may come where there is no new fact, and replaces others. */
  handInSnapshot(snapshot: FactBatch['snapshot'] & {}): Promise<void> {
    const { position } = snapshot
    const producer = `${this.#producer}.snapshot`
    return this.#offer({ producer, position, records: new Uint8Array(), count: 0, snapshot })
  }

  async #offer(batch: FactBatch): Promise<void> {
    while (this.#sender.offer(batch) === 'full') {
      await new Promise<void>(resolve => {
        this.#sender.onWritable = resolve
      })
    }
  }

  /** Resolves when everything that was handed in is durable. */
  close(): Promise<void> {
    return this.#sender.close()
  }
}
