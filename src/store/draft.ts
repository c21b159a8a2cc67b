// A transaction in the making: whole contributions, packed into batches, until it is committed.
// Batches close at their bounds; a contribution may span batches, never transactions.
import { BufferPool } from '../base/buffer-pool.ts'
import { crc32 } from '../base/checksum.ts'
import type { FrameDrop } from '../protocol/frame-drop.ts'
import { limits } from '../protocol/limits.ts'
import type { Position } from '../protocol/position.ts'
import { BATCH_HEADER_BYTES, sealBatch } from './batch-codec.ts'
import { dropNote } from './dropping.ts'
import type { Contribution, FramePayload } from './event-log.ts'
import { episodeKey, nameKey, seqKey } from './keys.ts'
import { type LogState, layoutWrite } from './log-state.ts'
import { SEAL_BYTES, seal, sealInto } from './sealed-value.ts'
import { encodeSnapshot } from './snapshots.ts'
import type { Write } from './storage.ts'
import { nextRun, recordTime, type Survey } from './survey.ts'

const BUFFER_BYTES = BATCH_HEADER_BYTES + limits.batchBytesMax
/** Memory of transactions that are committed, kept for those to come. */
const SPARE_BYTES_MAX = 64 * BUFFER_BYTES
/**
 * In front of a frame in its buffer: the seal ends where a word does, as pixels in a ring begin with
 * one. Memory that threads share is copied in words only so.
 */
const FRAME_MARGIN_BYTES = 8

/** For batches and frames, used again once their transaction is committed. */
export const newDraftPool = (): BufferPool => new BufferPool({ bytesMax: SPARE_BYTES_MAX })

interface OpenBatch {
  readonly buffer: Uint8Array
  readonly firstSeq: number
  readonly firstTime: number
  lastTime: number
  length: number
  count: number
}

export class Draft {
  readonly #state: LogState
  readonly #epoch: number
  readonly #pool: BufferPool
  readonly #buffers: Uint8Array[] = []
  readonly #writes: Write[] = []
  readonly #producers = new Set<string>()
  readonly #durable = Promise.withResolvers<Position>()
  #batch: OpenBatch | undefined
  #lastSeq: number
  #episodesChanged = false
  /** Frames that may go once this is durable. */
  readonly drops: FrameDrop[] = []
  bytes = 0
  events = 0
  batches = 0

  constructor(state: LogState, epoch: number, nextSeq: number, pool: BufferPool) {
    this.#state = state
    this.#epoch = epoch
    this.#pool = pool
    this.#lastSeq = nextSeq - 1
    // Whoever does not look at the promise learns of a failure from the writer.
    this.#durable.promise.catch(() => {})
  }

  get lastSeq(): number {
    return this.#lastSeq
  }

  get durable(): Promise<Position> {
    return this.#durable.promise
  }

  /** True when another batch's worth waits: no need to wait for its age. */
  get full(): boolean {
    return this.bytes >= limits.batchBytesMax || this.events >= limits.batchCountMax
  }

  /** Copies the contribution in; its first record gets the number after `lastSeq`. */
  add(contribution: Contribution, survey: Survey, bytes: number): void {
    const { records, frames, rows, snapshot, drops, producer } = contribution
    const firstSeq = this.#lastSeq + 1
    this.#addRecords(records)
    for (const frame of frames ?? []) this.#addFrame(seqKey(firstSeq + frame.index), frame)
    for (const row of rows ?? []) this.#seal('episodes', episodeKey(row.episode), row.bytes)
    if (snapshot) this.#seal('snapshots', nameKey(snapshot.name), encodeSnapshot(snapshot))
    for (const drop of drops ?? []) this.#writes.push(dropNote(drop))
    this.drops.push(...(drops ?? []))
    for (const layout of survey.layouts) this.#writes.push(layoutWrite(layout))
    if (survey.episodes.length > 0) this.#episodesChanged = true
    this.#producers.add(producer)
    this.bytes += bytes
    this.events += survey.count
  }

  #seal(table: 'episodes' | 'snapshots', key: Uint8Array, value: Uint8Array): void {
    this.#writes.push({ table, key, value: seal(key, value) })
  }

  #addFrame(key: Uint8Array, { bytes, crc = crc32(bytes) }: FramePayload): void {
    const buffer = this.#take(FRAME_MARGIN_BYTES + bytes.byteLength)
    const sealed = buffer.subarray(FRAME_MARGIN_BYTES - SEAL_BYTES)
    this.#writes.push({ table: 'frames', key, value: sealInto(sealed, key, bytes, crc) })
  }

  /** Memory until this is committed. */
  #take(bytes: number): Uint8Array {
    const buffer = this.#pool.take(bytes)
    this.#buffers.push(buffer)
    return buffer
  }

  #addRecords(records: Uint8Array): void {
    for (let start = 0; start < records.byteLength; ) {
      const batch = this.#batch
      const bytesLeft = batch ? batch.buffer.byteLength - batch.length : limits.batchBytesMax
      const countLeft = limits.batchCountMax - (batch?.count ?? 0)
      const run = nextRun(records, start, bytesLeft, countLeft)
      const length = run.end - start
      if (batch && (run.count === 0 || length > bytesLeft)) {
        this.#closeBatch()
        continue
      }
      const open = batch ?? this.#openBatch(length, recordTime(records, start))
      open.buffer.set(records.subarray(start, run.end), open.length)
      open.length += length
      open.count += run.count
      open.lastTime = recordTime(records, run.last)
      this.#lastSeq += run.count
      start = run.end
    }
  }

  #openBatch(bytes: number, firstTime: number): OpenBatch {
    const buffer = this.#take(Math.max(BUFFER_BYTES, BATCH_HEADER_BYTES + bytes))
    this.#batch = {
      buffer,
      firstSeq: this.#lastSeq + 1,
      firstTime,
      lastTime: firstTime,
      length: BATCH_HEADER_BYTES,
      count: 0,
    }
    return this.#batch
  }

  #closeBatch(): void {
    const batch = this.#batch
    if (batch === undefined) return
    const { firstSeq, count, firstTime, lastTime } = batch
    const value = batch.buffer.subarray(0, batch.length)
    const previousCrc = this.#state.head.crc
    const header = { firstSeq, count, epoch: this.#epoch, firstTime, lastTime, previousCrc }
    const crc = sealBatch(value, header)
    const lastSeq = firstSeq + count - 1
    this.#state.head = { lastSeq, lastBatch: firstSeq, crc, clean: false }
    this.#writes.push({ table: 'events', key: seqKey(firstSeq), value })
    this.#batch = undefined
    this.batches++
  }

  /**
   * Closes the last batch and returns all writes, with the state as it is now. Nothing may be
   * added afterwards, and the next draft may start only now: the chain goes through the state.
   */
  finish(): readonly Write[] {
    this.#closeBatch()
    this.#writes.push(this.#state.headWrite())
    if (this.#episodesChanged) this.#writes.push(this.#state.episodesWrite())
    for (const producer of this.#producers) {
      this.#writes.push(...this.#state.producers.writes(producer))
    }
    return this.#writes
  }

  resolve(position: Position): void {
    for (const buffer of this.#buffers) this.#pool.give(buffer)
    this.#durable.resolve(position)
  }

  reject(error: unknown): void {
    this.#durable.reject(error)
  }
}
