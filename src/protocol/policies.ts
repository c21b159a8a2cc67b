// What a channel does when it is full, as data. Every channel has a name, a bound in count and in
// bytes, one of these policies, and the same counters.

/**
 * - `block`: the offer is refused (`full`) and the caller decides; nothing is lost.
 * - `drop-oldest`: the oldest item makes room; the newest always gets in.
 * - `drop-newest`: the offered item is dropped.
 * - `latest`: one item a key, the newest; an older one of the same key is replaced and counted.
 * - `sample`: at most one item every `everyMillis`; others are dropped and counted.
 * - `spill`: past the bound, items go to a second, larger store on the heap, in order; past that
 *   store's bounds the offered item is dropped and counted.
 * - `disconnect`: a full channel closes; the other side is expected to come back and resume.
 */
export type Policy =
  | { readonly kind: 'block' }
  | { readonly kind: 'drop-oldest' }
  | { readonly kind: 'drop-newest' }
  | { readonly kind: 'latest' }
  | { readonly kind: 'sample'; readonly everyMillis: number }
  | { readonly kind: 'spill'; readonly spillCountMax: number; readonly spillBytesMax: number }
  | { readonly kind: 'disconnect' }

/** A channel's declaration; the topology is made of these. */
export interface ChannelSpec {
  /** `from.what`, e.g. `recorder.live`. */
  readonly name: string
  readonly policy: Policy
  /** Most items held; at least 1. */
  readonly countMax: number
  /** Most bytes held; an item larger than this is refused by every policy. */
  readonly bytesMax: number
}

/** What every channel counts, since it was made. */
export interface ChannelCounters {
  /** Items that somebody tried to put in. */
  offered: number
  /** Items that came out at the other end. */
  taken: number
  /** Items given up, by the policy or because the channel closed. */
  dropped: number
  /** Items that went through the spill store. */
  spilled: number
  /** Milliseconds that a producer waited for room. */
  blockedMillis: number
  /** Items held now. */
  depth: number
  /** Bytes held now. */
  depthBytes: number
  /** The largest depth ever. */
  highWater: number
}

/** Counters of a channel that nothing has used yet. */
export const emptyCounters = (): ChannelCounters => ({
  offered: 0,
  taken: 0,
  dropped: 0,
  spilled: 0,
  blockedMillis: 0,
  depth: 0,
  depthBytes: 0,
  highWater: 0,
})
