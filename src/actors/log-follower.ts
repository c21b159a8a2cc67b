// A lossless consumer is a cursor on the log: it reads what is durable, in order, in slices that
// leave its thread room to breathe, and can lag by hours without losing anything.
import { type Clock, pause } from '../base/clock.ts'
import type { Layouts } from '../protocol/codec.ts'
import type { Envelope, EventType } from '../protocol/events.ts'
import type { Quarantined } from '../protocol/quarantine.ts'
import type { LogReader } from '../store/event-log.ts'
import { decodeBatch } from '../store/log-reader.ts'
import type { ActorScope } from './run-actor.ts'

/** Events handled before the thread's other work gets its turn. */
const SLICE_EVENTS = 1000
/** The same, of time: who works long on each event still lets its host know that it lives. */
const SLICE_MILLIS = 100

export interface FollowerHandlers {
  /** The events wanted; all of them when left out. Others move the cursor undecoded. */
  readonly types?: ReadonlySet<EventType>
  /** Told of every event before it is handled, and why it is to be passed over, if it is. */
  readonly hand?: Pick<ActorScope<unknown>, 'handling' | 'handled'>
  /** One event; may wait (for room in a channel), which holds the cursor. */
  onEvent(envelope: Envelope): void | Promise<void>
  /** Instead of `onEvent`: the actor dies of that event each time. */
  onPoison?(envelope: Envelope, why: Quarantined): void | Promise<void>
  /** After each slice; the cursor stands behind its last event. */
  onSlice(cursor: number): void | Promise<void>
}

export class LogFollower {
  readonly #reader: LogReader
  readonly #clock: Clock
  readonly #handlers: FollowerHandlers
  #cursor: number
  #durable: number
  #running = false
  #wake = (): void => {}
  /** Read from the log once; what is declared later is learnt on the way. */
  #layouts: Layouts | undefined
  #arrived: { seq: number; resolve: () => void }[] = []

  /** Will hand on the events after `cursor`. */
  constructor(reader: LogReader, clock: Clock, cursor: number, handlers: FollowerHandlers) {
    this.#reader = reader
    this.#clock = clock
    this.#handlers = handlers
    this.#cursor = cursor
    this.#durable = cursor
  }

  get cursor(): number {
    return this.#cursor
  }

  get lag(): number {
    return Math.max(0, this.#durable - this.#cursor)
  }

  /** The log may be read up to `seq`. */
  advanceTo(seq: number): void {
    this.#durable = Math.max(this.#durable, seq)
    this.#wake()
  }

  /** Resolves once every event up to `seq` has been handled. */
  arriveAt(seq: number): Promise<void> {
    if (this.#cursor >= seq) return Promise.resolve()
    return new Promise(resolve => this.#arrived.push({ seq, resolve }))
  }

  /** Follows until `stop`; rejects with what a handler or the reader throws. */
  async run(): Promise<void> {
    this.#running = true
    while (this.#running) {
      if (this.#cursor < this.#durable) await this.#slice()
      else await this.#woken()
    }
  }

  stop(): void {
    this.#running = false
    this.#wake()
  }

  async #slice(): Promise<void> {
    const toSeq = Math.min(this.#durable, this.#cursor + SLICE_EVENTS)
    const isInTime = await this.#handle(toSeq)
    // What was announced is durable, so the reader has it; if not, look again in a moment.
    if (isInTime && this.#cursor < toSeq) await pause(this.#clock, 10)
    await this.#handlers.onSlice(this.#cursor)
    for (const waiter of this.#arrived) if (this.#cursor >= waiter.seq) waiter.resolve()
    this.#arrived = this.#arrived.filter(waiter => this.#cursor < waiter.seq)
    await this.#clock.turn()
  }

  /** Handles what there is up to `toSeq`; false when there is no time for the rest. */
  async #handle(toSeq: number): Promise<boolean> {
    const { hand } = this.#handlers
    const until = this.#clock.monotonic() + SLICE_MILLIS
    this.#layouts ??= this.#reader.layouts()
    for (const batch of this.#reader.batches({ fromSeq: this.#cursor + 1, toSeq })) {
      for (const envelope of decodeBatch(batch, this.#layouts, this.#handlers.types)) {
        const why = hand?.handling(envelope.seq)
        const handled = why
          ? this.#handlers.onPoison?.(envelope, why)
          : this.#handlers.onEvent(envelope)
        if (handled) await handled
        hand?.handled()
        this.#cursor = envelope.seq
        if (handled && this.#clock.monotonic() >= until) return false
      }
      this.#cursor = batch.firstSeq + batch.count - 1
    }
    return true
  }

  #woken(): Promise<void> {
    return new Promise(resolve => {
      this.#wake = resolve
    })
  }
}
