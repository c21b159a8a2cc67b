// A channel between threads (or processes). The sender holds the queue and its policy; the receiver
// grants credits for what was handled, so that a slow receiver is felt at the offer and never as a
// queue inside a message port. RxJS describes what comes out; it never holds anything.
//
//   offer -> Channel (policy) -> items, batched -> port -> Observable -> handled
//                   ^------------------- credits <-------------------------'
//
// Invariant: items and bytes that were sent and not yet credited stay within the window (a single
// item larger than the window's bytes travels alone).
import type { Transferable } from 'node:worker_threads'

/** What a port must do; a MessagePort of worker_threads fits. Messages keep their order. */
export interface MessagePortLike {
  /** Posting to another side that has gone does nothing. */
  postMessage(message: unknown, transfer?: readonly Transferable[]): void
  on(event: 'message', listener: (message: unknown) => void): unknown
  off?(event: 'message', listener: (message: unknown) => void): unknown
  close(): void
}

/** `epoch` counts the attachments of the sender: a credit of an earlier one is not counted. */
export type SenderMessage<T> =
  | { readonly kind: 'items'; readonly epoch: number; readonly items: readonly T[] }
  | { readonly kind: 'end'; readonly epoch: number; readonly disconnected: boolean }
export type ReceiverMessage = {
  readonly kind: 'credit'
  readonly epoch: number
  readonly count: number
}
