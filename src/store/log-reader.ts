// Reads a log from its storage: every batch is checked before anything in it is believed. Batches
// are found by their keys one after the other, so no read transaction outlives one step.
import { RollcastError } from '../base/errors.ts'
import { decodeRecord, Layouts, readRecord, typeOfKind } from '../protocol/codec.ts'
import type { Envelope, EventType } from '../protocol/events.ts'
import { limits } from '../protocol/limits.ts'
import type { Position } from '../protocol/position.ts'
import { checkLink, cutBatch, stale } from './batch-chain.ts'
import { BATCH_HEADER_BYTES, openBatch, previousCrcOf, type StoredBatch } from './batch-codec.ts'
import type { Batch, EpisodeRow, LogReader, SeqRange, Snapshot } from './event-log.ts'
import { episodeKey, nameKey, readEpisodeKey, readSeqKey, seqKey } from './keys.ts'
import { type Head, readHead, readLayouts } from './log-state.ts'
import { readPosition } from './producers.ts'
import { unseal, unsealSummed } from './sealed-value.ts'
import { decodeSnapshot } from './snapshots.ts'
import type { LogStorage } from './storage.ts'

/** The batch stored under `firstSeq`, checked; in `into`, where that has room. */
export function readBatch(
  storage: LogStorage,
  firstSeq: number,
  into?: Uint8Array,
): StoredBatch | undefined {
  const value = storage.get('events', seqKey(firstSeq), into)
  return value === undefined ? undefined : openBatch(firstSeq, value)
}

/** First number of the batch that holds `seq`, or of the last one before it. */
function batchStart(storage: LogStorage, seq: number): number | undefined {
  const [key] = storage.keys('events', { start: seqKey(seq), reverse: true, limit: 1 })
  return key === undefined ? undefined : readSeqKey(key)
}

/**
 * Decodes a batch's records; `layouts` grows by what they declare. With `types` the others are
 * passed over undecoded, but for declarations of layouts.
 */
export function* decodeBatch(
  batch: Batch,
  layouts: Layouts,
  types?: ReadonlySet<EventType>,
): Generator<Envelope> {
  let seq = batch.firstSeq
  for (let at = 0; at < batch.records.byteLength; seq++) {
    try {
      const record = readRecord(batch.records, at)
      const type = typeOfKind(record.kind) ?? 'unknown'
      if (types && !types.has(type) && type !== 'layout_declared') {
        at = record.end
        continue
      }
      const { time, event } = decodeRecord(batch.records, record, layouts)
      at = record.end
      yield { seq, epoch: batch.epoch, time, event }
    } catch (cause) {
      throw new RollcastError('LOG_CORRUPT', `event ${seq} cannot be decoded`, { cause })
    }
  }
}

export class StorageReader implements LogReader {
  readonly #storage: LogStorage
  /** Room for a batch that is looked at and not kept. Nothing in it outlives the call that read it. */
  readonly #scratch = new Uint8Array(BATCH_HEADER_BYTES + limits.batchBytesMax)

  /** Use `openLogReader` or a memory log's `reader`. */
  constructor(storage: LogStorage) {
    this.#storage = storage
  }

  durable(): Position {
    this.#storage.refresh()
    return { epoch: this.#storage.epoch(), seq: readHead(this.#storage).lastSeq }
  }

  isClosed(): boolean {
    this.#storage.refresh()
    return readHead(this.#storage).clean
  }

  *batches({ fromSeq, toSeq }: SeqRange): Generator<Batch> {
    const from = Math.max(1, fromSeq)
    const head = this.#head()
    const to = Math.min(toSeq ?? Number.POSITIVE_INFINITY, head.lastSeq)
    if (from > to) return
    let { batch, cut } = this.#firstOf(from, to)
    for (;;) {
      const after = batch.firstSeq + batch.count
      if (after > to) {
        this.#checkLast(batch, head)
        yield cut
        return
      }
      const next = this.#next(batch, head)
      checkLink(batch, next, head)
      yield cut
      if (next && next.previousCrc !== batch.crc) throw stale(next)
      batch = next ?? this.#batchOf(after)
      cut = cutBatch(batch, from, to)
    }
  }

  /**
   * The batch that holds `from`, and what is wanted of it. When that is a part, the whole is looked
   * at in memory that is used again: to throw such amounts away costs whoever seeks often pauses of
   * milliseconds. Of `batch` only what its header says can be used then.
   */
  #firstOf(from: number, to: number): { batch: StoredBatch; cut: Batch } {
    const start = batchStart(this.#storage, from)
    const batch = this.#batchOf(from, start === from ? undefined : this.#scratch)
    const cut = cutBatch(batch, from, to)
    return { batch, cut: start === from ? cut : { ...cut, records: cut.records.slice() } }
  }

  /** `checkLink` for a batch whose successor nobody is going to read. */
  #checkLast(batch: StoredBatch, head: Head): void {
    const after = batch.firstSeq + batch.count
    if (after <= head.lastSeq) {
      const value = this.#storage.get('events', seqKey(after), this.#scratch)
      // What names this batch follows it, whether or not it is whole.
      if (value && previousCrcOf(value) === batch.crc) return
    }
    checkLink(batch, this.#next(batch, head), head)
  }

  #head(): Head {
    this.#storage.refresh()
    return readHead(this.#storage)
  }

  /** The batch behind `batch`; undefined at the end and when that batch is damaged. */
  #next(batch: StoredBatch, head: Head): StoredBatch | undefined {
    const after = batch.firstSeq + batch.count
    if (after > head.lastSeq) return undefined
    try {
      return readBatch(this.#storage, after)
    } catch {
      // Whoever comes to it is told.
      return undefined
    }
  }

  /** The batch that holds `seq`. */
  #batchOf(seq: number, into?: Uint8Array): StoredBatch {
    const start = batchStart(this.#storage, seq)
    const batch = start === undefined ? undefined : readBatch(this.#storage, start, into)
    if (batch && seq < batch.firstSeq + batch.count) return batch
    throw new RollcastError('LOG_CORRUPT', `no batch holds event ${seq}`)
  }

  *events(range: SeqRange & { readonly reverse?: boolean }): Generator<Envelope> {
    if (range.reverse) {
      yield* this.#eventsReversed(range)
      return
    }
    const layouts = this.layouts()
    for (const batch of this.batches(range)) yield* decodeBatch(batch, layouts)
  }

  *#eventsReversed({ fromSeq, toSeq }: SeqRange): Generator<Envelope> {
    const from = Math.max(1, fromSeq)
    const head = this.#head()
    let to = Math.min(toSeq ?? Number.POSITIVE_INFINITY, head.lastSeq)
    const layouts = this.layouts()
    let next: StoredBatch | undefined
    while (to >= from) {
      const batch = this.#batchOf(to)
      checkLink(batch, next ?? this.#next(batch, head), head)
      const events = [...decodeBatch(cutBatch(batch, from, to), layouts)]
      yield* events.reverse()
      to = batch.firstSeq - 1
      next = batch
    }
  }

  frame(seq: number): Uint8Array | undefined {
    return this.frameSummed(seq)?.pixels
  }

  frameSummed(seq: number, into?: Uint8Array): ReturnType<LogReader['frameSummed']> {
    this.#storage.refresh()
    const key = seqKey(seq)
    const stored = this.#storage.get('frames', key, into)
    if (stored === undefined) return undefined
    const { value: pixels, crc } = unsealSummed(key, stored, `frame ${seq}`)
    return { pixels, crc }
  }

  hasFrame(seq: number): boolean {
    this.#storage.refresh()
    const key = seqKey(seq)
    const found = this.#storage.keys('frames', { start: key, limit: 1 })[0]
    return found !== undefined && readSeqKey(found) === seq
  }

  layouts(): Layouts {
    this.#storage.refresh()
    return new Layouts(readLayouts(this.#storage))
  }

  episodeRows({ before, limit }: { before?: number; limit: number }): EpisodeRow[] {
    this.#storage.refresh()
    if (before !== undefined && before <= 0) return []
    const start = episodeKey(before === undefined ? 0xffff_ffff : before - 1)
    const count = Math.min(limit, limits.episodePage)
    return this.#storage
      .keys('episodes', { start, reverse: true, limit: count })
      .map(key => readEpisodeKey(key))
      .map(episode => ({ episode, bytes: this.#row(episode) }))
      .filter((row): row is EpisodeRow => row.bytes !== undefined)
  }

  episodeRow(episode: number): Uint8Array | undefined {
    this.#storage.refresh()
    return this.#row(episode)
  }

  #row(episode: number): Uint8Array | undefined {
    const key = episodeKey(episode)
    const value = this.#storage.get('episodes', key)
    return value && unseal(key, value, `row of episode ${episode}`)
  }

  snapshot(name: string): Snapshot | undefined {
    this.#storage.refresh()
    const key = nameKey(name)
    const value = this.#storage.get('snapshots', key)
    return value && decodeSnapshot(name, unseal(key, value, `snapshot ${name}`))
  }

  position(producer: string): number | undefined {
    this.#storage.refresh()
    return readPosition(this.#storage, producer)
  }

  close(): Promise<void> {
    return this.#storage.close()
  }
}
