// An actor's ends of its channels. Ports come and go as the actors at the other ends do; what is
// declared in the topology stays, and goes on under its policy while nobody is there.
import type { Subscription } from 'rxjs'
// Of RxJS what is used here: all of it takes every thread 50 ms to load.
import { concatMap } from 'rxjs/internal/operators/concatMap'
import { map } from 'rxjs/internal/operators/map'
import { assert } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import type { ChannelSpec } from '../protocol/policies.ts'
import type { ChannelStatus } from '../protocol/thread-messages.ts'
import {
  type MessagePortLike,
  PortReceiver,
  PortSender,
  type PortSenderOptions,
} from '../streams/port.ts'

type Handler = (item: unknown) => void | Promise<void>

/**
 * Who has worked so long on an item gives way before the next one. What has come meanwhile would go
 * on without the thread's timers, the sign of life among them: ten such items look like a hang.
 */
const GIVES_WAY_MILLIS = 10

export interface ReceiveOptions {
  /** Begins with the next item while the last one is not handled yet; still credited in order. */
  readonly overlapping?: boolean
}

interface Receiving extends ReceiveOptions {
  readonly handler: Handler
}

export class Channels {
  readonly #sends: readonly ChannelSpec[]
  readonly #receives: readonly ChannelSpec[]
  readonly #clock: Clock
  readonly #fail: (error: unknown) => void
  readonly #senders = new Map<string, PortSender<unknown>>()
  readonly #handlers = new Map<string, Receiving>()
  readonly #subscriptions = new Map<string, Subscription>()
  /** Ports that were connected before the actor had made its end. */
  readonly #early = new Map<string, MessagePortLike>()

  constructor(
    sends: readonly ChannelSpec[],
    receives: readonly ChannelSpec[],
    clock: Clock,
    fail: (error: unknown) => void,
  ) {
    this.#sends = sends
    this.#receives = receives
    this.#clock = clock
    this.#fail = fail
  }

  sender<T>(channel: string, options: Omit<PortSenderOptions<T>, 'clock'>): PortSender<T> {
    const spec = this.#sends.find(spec => spec.name === channel)
    assert(spec, `the topology gives this actor no channel ${channel} to send on`)
    const sender = new PortSender<T>(spec, { ...options, clock: this.#clock })
    this.#senders.set(channel, sender as unknown as PortSender<unknown>)
    this.#connectEarly(channel)
    return sender
  }

  receive<T>(
    channel: string,
    handler: (item: T) => void | Promise<void>,
    options: ReceiveOptions = {},
  ): void {
    this.#handlers.set(channel, { handler: handler as Handler, ...options })
    this.#connectEarly(channel)
  }

  connect(channel: string, port: MessagePortLike): void {
    const sender = this.#senders.get(channel)
    const receiving = this.#handlers.get(channel)
    if (sender) sender.attach(port)
    else if (receiving) this.#listen(channel, port, receiving)
    else this.#early.set(channel, port)
  }

  counters(): ChannelStatus[] {
    return this.#sends.flatMap(({ name, policy, countMax, bytesMax }) => {
      const sender = this.#senders.get(name)
      if (sender === undefined) return []
      return [{ name, policy: policy.kind, countMax, bytesMax, ...sender.counters }]
    })
  }

  close(): void {
    for (const sender of this.#senders.values()) sender.detach()
    for (const subscription of this.#subscriptions.values()) subscription.unsubscribe()
    for (const port of this.#early.values()) port.close()
  }

  #connectEarly(channel: string): void {
    const port = this.#early.get(channel)
    if (port === undefined) return
    this.#early.delete(channel)
    this.connect(channel, port)
  }

  #listen(channel: string, port: MessagePortLike, { handler, overlapping }: Receiving): void {
    assert(
      this.#receives.some(spec => spec.name === channel),
      `the topology gives this actor no channel ${channel} to receive from`,
    )
    this.#subscriptions.get(channel)?.unsubscribe()
    const receiver = new PortReceiver<unknown>(port, { acknowledge: 'manual' })
    // What waits here is bounded by the sender's credits: an item is credited when handled.
    const handled = receiver.messages.pipe(
      map(item => handling(() => this.#handle(item, handler), overlapping)),
      concatMap(handle => handle()),
    )
    const subscription = handled.subscribe({
      next: () => receiver.acknowledge(),
      error: this.#fail,
    })
    this.#subscriptions.set(channel, subscription)
  }

  async #handle(item: unknown, handler: Handler): Promise<void> {
    const begunAt = this.#clock.monotonic()
    await handler(item)
    if (this.#clock.monotonic() - begunAt >= GIVES_WAY_MILLIS) await this.#clock.turn()
  }
}

/** The handling of one item, to be awaited when its turn to be credited has come. */
function handling(begin: () => Promise<void>, overlapping = false): () => Promise<void> {
  if (!overlapping) return begin
  const begun = begin()
  // Whoever awaits it hears of a failure; until then it is nobody's to report.
  begun.catch(() => {})
  return () => begun
}
