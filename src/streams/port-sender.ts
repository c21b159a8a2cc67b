// The sending end of a port: a channel under its policy, and the credits that let items leave it.
import type { Transferable } from 'node:worker_threads'
import { assert } from '../base/assert.ts'
import { MIB } from '../base/bytes.ts'
import type { ChannelCounters, ChannelSpec } from '../protocol/policies.ts'
import { Channel, type ChannelOptions } from './channel.ts'
import type { OfferResult } from './policies/admission.ts'
import type { MessagePortLike, ReceiverMessage, SenderMessage } from './port-messages.ts'

export interface PortSenderOptions<T> extends ChannelOptions<T> {
  /** Most items and bytes sent and not yet handled. Default: 256 items, 4 MiB. */
  readonly window?: { readonly countMax: number; readonly bytesMax: number }
  /** Most items in one message. Default 64. */
  readonly batchCountMax?: number
  /** How long an item may wait for company. Default 0: until the end of the current turn. */
  readonly lingerMillis?: number
  /** What of an item is moved instead of copied. */
  readonly transferOf?: (item: T) => readonly Transferable[]
  /**
   * What was in flight when the receiver went is sent again, first, to the next one: at least
   * once, so the receiver must know duplicates. Default false: at most once. Not with `transferOf`.
   */
  readonly redeliver?: boolean
}

export interface PortSenderCounters extends ChannelCounters {
  /** Items (of those taken out of the channel) that the receiver has handled. */
  acknowledged: number
  /** Items sent and not yet handled. */
  inFlight: number
  inFlightBytes: number
  /** Items that were in flight when a receiver went: perhaps handled, perhaps not. */
  lostInFlight: number
  /** Messages posted. */
  batches: number
}

/** The item itself is kept only where it may have to be sent again. */
interface Flying<T> {
  readonly bytes: number
  readonly item: T | undefined
}

/**
 * The sending end. Without a receiver it goes on under its policy: `drop-oldest` drops, `block`
 * fills. taken = acknowledged + inFlight + lostInFlight, and what waits to be sent again.
 */
export class PortSender<T> {
  readonly #channel: Channel<T>
  readonly #options: PortSenderOptions<T>
  readonly #window: { readonly countMax: number; readonly bytesMax: number }
  readonly #batchCountMax: number
  #port: MessagePortLike | undefined
  #listener: ((message: unknown) => void) | undefined
  #epoch = 0
  /** What is in flight, oldest first. At most the window's `countMax`. */
  #flight: Flying<T>[] = []
  /** What was in flight to a receiver that has gone, to be sent again before anything else. */
  #again: Flying<T>[] = []
  #flightBytes = 0
  #acknowledged = 0
  #lostInFlight = 0
  #batches = 0
  #pumpPending = false
  #pumping = false
  #endSent = false
  #closing = false
  #drained: (() => void)[] = []

  constructor(spec: ChannelSpec, options: PortSenderOptions<T>) {
    this.#channel = new Channel(spec, options)
    this.#options = options
    this.#window = options.window ?? { countMax: 256, bytesMax: 4 * MIB }
    this.#batchCountMax = options.batchCountMax ?? 64
    assert(!(options.redeliver && options.transferOf), `${spec.name}: what was moved is gone`)
    assert(this.#window.countMax >= 1 && this.#batchCountMax >= 1, `${spec.name}: window of 0`)
    this.#channel.onReadable = () => this.#schedulePump()
  }

  /** Called when an offer that was answered `full` would get another answer. */
  set onWritable(listener: () => void) {
    this.#channel.onWritable = listener
  }

  /** Offers one item; never waits. */
  offer(item: T): OfferResult {
    const result = this.#channel.offer(item)
    if (this.#channel.depth >= this.#batchCountMax) this.#pump()
    return result
  }

  /** Offers the item again and again, until there is room for it. */
  async deliver(item: T): Promise<void> {
    while (this.offer(item) === 'full') {
      await new Promise<void>(resolve => {
        this.onWritable = resolve
      })
    }
  }

  /** Sends to a new receiver from now on; an earlier one is detached. */
  attach(port: MessagePortLike): void {
    this.detach()
    const epoch = ++this.#epoch
    this.#port = port
    this.#endSent = false
    this.#listener = message => {
      const credit = message as ReceiverMessage
      if (credit.epoch === epoch && epoch === this.#epoch) this.#credit(credit.count)
    }
    port.on('message', this.#listener)
    this.#pump()
  }

  /** Lets go of the receiver and closes the port. What was in flight is lost, or `redeliver`ed. */
  detach(): void {
    const port = this.#port
    if (port === undefined) return
    this.#port = undefined
    if (this.#listener) port.off?.('message', this.#listener)
    port.close()
    this.#epoch++
    if (this.#options.redeliver) this.#again = [...this.#flight, ...this.#again]
    else this.#lostInFlight += this.#flight.length
    this.#flight = []
    this.#flightBytes = 0
    this.#settle()
  }

  /** Sends now what credits allow, without waiting for company. */
  flush(): void {
    this.#pump()
  }

  /** Resolves when nothing is held and nothing in flight: all that was offered was handled. */
  drained(): Promise<void> {
    return new Promise(resolve => {
      this.#drained.push(resolve)
      this.#settle()
    })
  }

  /**
   * Ends the offers, sends what is held, then the end. Resolves when nothing is held and nothing is
   * in flight, and then closes the port; the caller brings the deadline.
   */
  close(): Promise<void> {
    this.#closing = true
    this.#channel.close()
    this.#pump()
    return this.drained()
  }

  get counters(): PortSenderCounters {
    return {
      ...this.#channel.counters,
      acknowledged: this.#acknowledged,
      inFlight: this.#flight.length,
      inFlightBytes: this.#flightBytes,
      lostInFlight: this.#lostInFlight,
      batches: this.#batches,
    }
  }

  #schedulePump(): void {
    if (this.#pumpPending) return
    this.#pumpPending = true
    const pump = (): void => {
      this.#pumpPending = false
      this.#pump()
    }
    const lingerMillis = this.#options.lingerMillis ?? 0
    if (lingerMillis > 0) this.#options.clock.schedule(lingerMillis, pump)
    else queueMicrotask(pump)
  }

  #pump(): void {
    // Taking makes room, and room may bring an offer that asks for a pump: this one goes on anyway.
    if (this.#pumping) return
    this.#pumping = true
    try {
      while (this.#port !== undefined && this.#postBatch(this.#port)) {}
    } finally {
      this.#pumping = false
    }
    if (this.#port !== undefined && this.#channel.closed && !this.#hasNext) this.#end()
  }

  /** Posts one message with what credits allow; false when that is nothing. */
  #postBatch(port: MessagePortLike): boolean {
    const items: T[] = []
    const transfer: Transferable[] = []
    while (items.length < this.#batchCountMax && this.#hasNext && this.#hasCredit()) {
      const { bytes, item } = this.#next()
      items.push(item)
      this.#flight.push({ bytes, item: this.#options.redeliver ? item : undefined })
      this.#flightBytes += bytes
      if (this.#options.transferOf) transfer.push(...this.#options.transferOf(item))
    }
    if (items.length === 0) return false
    this.#batches++
    const message: SenderMessage<T> = { kind: 'items', epoch: this.#epoch, items }
    port.postMessage(message, transfer)
    return true
  }

  get #hasNext(): boolean {
    return this.#again.length > 0 || this.#channel.depth > 0
  }

  /** The next item to send: one that has to be sent again, else the channel's oldest. */
  #next(): { readonly bytes: number; readonly item: T } {
    const again = this.#again.shift()
    if (again) return again as { bytes: number; item: T }
    const bytes = this.#channel.nextBytes
    return { bytes, item: this.#channel.take() as T }
  }

  #hasCredit(): boolean {
    if (this.#flight.length === 0) return true
    const bytes = this.#flightBytes + (this.#again[0]?.bytes ?? this.#channel.nextBytes)
    return this.#flight.length < this.#window.countMax && bytes <= this.#window.bytesMax
  }

  #credit(count: number): void {
    assert(count <= this.#flight.length, `${this.#channel.spec.name}: ${count} credits too many`)
    for (const { bytes } of this.#flight.splice(0, count)) this.#flightBytes -= bytes
    this.#acknowledged += count
    this.#pump()
    this.#settle()
  }

  #end(): void {
    if (this.#endSent) return
    this.#endSent = true
    // Nobody asked for the close: the policy `disconnect` did it.
    const disconnected = !this.#closing
    const message: SenderMessage<T> = { kind: 'end', epoch: this.#epoch, disconnected }
    this.#port?.postMessage(message)
  }

  #settle(): void {
    if (this.#drained.length === 0) return
    if (this.#hasNext || this.#flight.length > 0) return
    const drained = this.#drained
    this.#drained = []
    if (this.#closing) this.detach()
    for (const resolve of drained) resolve()
  }
}
