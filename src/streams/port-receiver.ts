// The receiving end of a port: an Observable of the items, and credits for those handled.
import type { Subscriber } from 'rxjs'
// Of RxJS what is used here: all of it takes every thread 50 ms to load.
import { Observable } from 'rxjs/internal/Observable'
import { assert } from '../base/assert.ts'
import { RollcastError } from '../base/errors.ts'
import type { MessagePortLike, ReceiverMessage, SenderMessage } from './port-messages.ts'

export interface PortReceiverOptions {
  /**
   * `auto` (default): an item counts as handled when the subscriber's `next` returns.
   * `manual`: when `acknowledge` says so, for handling that goes on after `next`; an operator that
   * buffers (concatMap) is then bounded by the sender's window.
   */
  readonly acknowledge?: 'auto' | 'manual'
}

export interface PortReceiverCounters {
  /** Items that arrived. */
  received: number
  /** Items that were handled and credited. */
  handled: number
  /** Messages that arrived with items. */
  batches: number
}

/** The receiving end of one port. An actor that restarts makes a new one, on a new port. */
export class PortReceiver<T> {
  /**
   * The items. May be subscribed once. Completes when the sender closes; fails with a temporary
   * CLOSED when the policy `disconnect` cut the stream. Unsubscribing closes the port.
   */
  readonly messages: Observable<T>
  readonly #port: MessagePortLike
  readonly #manual: boolean
  #epoch = 0
  /** Items of this epoch that arrived and are not handled yet. */
  #open = 0
  /** Items handled whose credit has not been posted yet. */
  #owed = 0
  #subscribed = false
  #ended = false
  #received = 0
  #handled = 0
  #batches = 0

  constructor(port: MessagePortLike, options: PortReceiverOptions = {}) {
    this.#port = port
    this.#manual = options.acknowledge === 'manual'
    this.messages = new Observable<T>(subscriber => {
      assert(!this.#subscribed, 'a PortReceiver can be subscribed once')
      this.#subscribed = true
      const listener = (message: unknown): void =>
        this.#receive(message as SenderMessage<T>, subscriber)
      port.on('message', listener)
      return () => {
        port.off?.('message', listener)
        if (!this.#ended) port.close()
      }
    })
  }

  /** With `acknowledge: 'manual'`: the `count` oldest items not yet handled are handled. */
  acknowledge(count = 1): void {
    assert(this.#manual, 'acknowledge() belongs to acknowledge: manual')
    assert(count <= this.#open, `acknowledge(${count}) with ${this.#open} items open`)
    this.#handle(count)
    if (this.#owed === count) queueMicrotask(() => this.#postCredit())
  }

  get counters(): PortReceiverCounters {
    return { received: this.#received, handled: this.#handled, batches: this.#batches }
  }

  #receive(message: SenderMessage<T>, subscriber: Subscriber<T>): void {
    if (message.epoch !== this.#epoch) {
      this.#epoch = message.epoch
      this.#open = 0
      this.#owed = 0
    }
    if (message.kind === 'end') this.#end(message.disconnected, subscriber)
    else this.#deliver(message.items, subscriber)
  }

  #deliver(items: readonly T[], subscriber: Subscriber<T>): void {
    this.#received += items.length
    this.#open += items.length
    this.#batches++
    for (const item of items) {
      if (subscriber.closed) return
      subscriber.next(item)
      if (!this.#manual) this.#handle(1)
    }
    if (!this.#manual) this.#postCredit()
  }

  #handle(count: number): void {
    this.#open -= count
    this.#owed += count
    this.#handled += count
  }

  #postCredit(): void {
    if (this.#owed === 0) return
    const message: ReceiverMessage = { kind: 'credit', epoch: this.#epoch, count: this.#owed }
    this.#owed = 0
    this.#port.postMessage(message)
    this.#closeWhenDone()
  }

  #end(disconnected: boolean, subscriber: Subscriber<T>): void {
    this.#ended = true
    this.#closeWhenDone()
    if (disconnected) {
      const message = 'the channel was full and disconnected; come back and resume'
      subscriber.error(new RollcastError('CLOSED', message, { temporary: true }))
    } else {
      subscriber.complete()
    }
  }

  /** After the end the port stays open for the credits that are still to come. */
  #closeWhenDone(): void {
    if (this.#ended && this.#open === 0 && this.#owed === 0) this.#port.close()
  }
}
