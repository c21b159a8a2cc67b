// The event log: the one seam between those who record facts and those who read them. One writer
// assigns gapless sequence numbers; what a reader sees is always a durable prefix. The LMDB log
// and the memory log are two storages below the same writer and reader.
import type { RollcastError } from '../base/errors.ts'
import type { Layouts } from '../protocol/codec.ts'
import type { Envelope, Layout } from '../protocol/events.ts'
import type { FrameDrop } from '../protocol/frame-drop.ts'
import type { Position } from '../protocol/position.ts'
import type { CommitFigures } from '../protocol/thread-messages.ts'

/**
 * What "durable" means to a writer (docs/durability.md):
 * - `sync`: committed as soon as the disk is free, nothing waits for company; survives power loss;
 * - `group` (default): waits up to `batchAgeMillisMax` for company; survives power loss;
 * - `relaxed`: survives the death of every process; power loss may take the last second.
 */
export type Durability = 'sync' | 'group' | 'relaxed'

/** Pixels of the `index`-th record of a contribution, which is a frame_captured. */
export interface FramePayload {
  readonly index: number
  /** Copied before `append` returns. */
  readonly bytes: Uint8Array
  /** Their CRC-32, by whoever has made it already. */
  readonly crc?: number
}

/** A row of the episode index; the log does not look inside. */
export interface EpisodeRow {
  readonly episode: number
  readonly bytes: Uint8Array
}

/** A fold of the log's events up to and including `position`, made by code of `version`. */
export interface Snapshot {
  readonly name: string
  readonly version: number
  readonly position: number
  readonly bytes: Uint8Array
}

/** What one producer hands in at once; it becomes durable as a whole or not at all. */
export interface Contribution {
  /**
   * Who hands it in, in which of its lives: a producer whose count begins anew is another producer
   * (`trainer:<ring>`, `host:<life>`); one whose position goes on, like a cursor on the log, keeps
   * its name (`aggregator`).
   */
  readonly producer: string
  /**
   * The producer's own position after these records, a non-negative integer below 2^53. It is
   * stored in the same transaction; a contribution at or below the stored one is a duplicate and
   * writes nothing (promise P4).
   */
  readonly position: number
  /**
   * The producer's position before these records, 0 at first. When the log has it elsewhere, the
   * contribution has overtaken another, or overlaps one, and is refused. Left out by producers
   * whose contributions may be given up on the way (drop-oldest) or replace each other.
   */
  readonly after?: number
  /** Whole records (codec.ts), back to back; copied before `append` returns. */
  readonly records: Uint8Array
  /** How many records. */
  readonly count: number
  readonly frames?: readonly FramePayload[]
  readonly rows?: readonly EpisodeRow[]
  readonly snapshot?: Snapshot
  /**
   * Frames whose pixels go once this is durable, in transactions of their own, whoever dies in
   * between. They are never deleted before it is durable.
   */
  readonly drops?: readonly FrameDrop[]
  /** Somebody waits for it: its transaction waits for no company. Default false. */
  readonly isAwaited?: boolean
}

/** The answer to `append`. */
export interface Appended {
  /**
   * Number of the first record; the next free number when there is none. Of a duplicate the number
   * that it got the first time, or 0 when its producer has handed in 16 others since.
   */
  readonly firstSeq: number
  /** Records that were added: the contribution's count, or 0 for a duplicate. */
  readonly count: number
  /** True when the producer's position had been reached before: nothing was added. */
  readonly duplicate: boolean
  /** Settles when the contribution is durable; rejects when the log fails first. */
  readonly durable: Promise<Position>
}

/** What a writer counts, since it was opened. */
export interface WriterStats {
  readonly events: number
  readonly batches: number
  readonly transactions: number
  readonly bytes: number
  readonly duplicates: number
  /** Appended and not yet durable. */
  readonly pendingEvents: number
  readonly pendingBytes: number
  readonly commitMillis: { readonly p50: number; readonly p99: number; readonly max: number }
  /** Transactions of the last minute, and how long they took to become durable. */
  readonly recentCommits: CommitFigures
}

/** The single writer of a log. Fails stop: after the first error of the storage, all is refused. */
export interface LogWriter {
  readonly epoch: number
  /** Number that the next appended record will get. */
  readonly nextSeq: number
  /** The last durable event. */
  readonly durable: Position
  /** Why the writer stopped for ever, if it did. When that is temporary, another may go on. */
  readonly failure: RollcastError | undefined
  /**
   * Numbers the records and queues them for the next transaction. Throws `failure` after a
   * failure, CLOSED after close, BAD_INPUT for records that no reader could decode, OUT_OF_ORDER
   * (temporary) for what does not follow, and UNAVAILABLE (temporary) when `pendingBytesMax` is
   * not yet durable. Nothing is added then.
   */
  append(contribution: Contribution): Appended
  /** The last position appended by `producer`, in this life of the log or an earlier one. */
  position(producer: string): number | undefined
  /** Commits what is pending now, without waiting for company. */
  flush(): Promise<Position>
  /** Called after every commit that made events durable. Returns a function that unsubscribes. */
  onDurable(callback: (position: Position) => void): () => void
  /** Called once, when the writer fails. */
  onFailure(callback: (error: RollcastError) => void): () => void
  /**
   * Deletes the pixels of `drop`, at most 64 frames in a transaction; resolves to how many there
   * were. Of an episode the log must say that it was released: `verify` asks for the reason.
   */
  dropFrames(drop: FrameDrop): Promise<number>
  stats(): WriterStats
  /** Flushes, marks the end as clean and closes. Does not hang, even after a failure. */
  close(): Promise<void>
}

/** What opening a log for writing found and did. */
export interface OpenReport {
  /** True when there was no log. */
  readonly created: boolean
  readonly previousEpoch: number
  readonly epoch: number
  readonly lastSeq: number
  /** Event time of the last event; undefined in an empty log. */
  readonly lastTime: number | undefined
  /** What the writer before had said of its producer (`OpenOptions.inFlightBytesMax`). */
  readonly inFlightBytesMax: number | undefined
  /** False when the writer before did not close: the process died, or the log failed. */
  readonly cleanClose: boolean
  /** The torn tail that was cut, zero nearly always. */
  readonly cutBytes: number
  readonly cutEvents: number
  /** Episodes that began and did not end, in order of their numbers. */
  readonly openEpisodes: readonly { readonly episode: number; readonly agent: string }[]
  /** The largest episode number so far, if any. */
  readonly lastEpisode: number | undefined
  readonly layouts: readonly Layout[]
  /** Positions of all producers. */
  readonly positions: Readonly<Record<string, number>>
}

/** Consecutive records of one epoch, checked; `records` is the reader's own copy. */
export interface Batch {
  readonly firstSeq: number
  readonly count: number
  readonly epoch: number
  /** Event times of the first and of the last record. */
  readonly firstTime: number
  readonly lastTime: number
  readonly records: Uint8Array
}

/** A closed range of sequence numbers; an open end means the last durable event. */
export interface SeqRange {
  readonly fromSeq: number
  readonly toSeq?: number
}

/** Reads a log while it is written. Damage is LOG_CORRUPT naming the place, never a wrong value. */
export interface LogReader {
  /** The last durable event, as of now. */
  durable(): Position
  /** True when the last writer closed the log; false while one has it open, and after a crash. */
  isClosed(): boolean
  /**
   * Batches in order, cut to the range, ending at what is durable when they are asked for. Memory
   * is bounded by two batches, and no transaction stays open between two of them.
   */
  batches(range: SeqRange): Iterable<Batch>
  /** Decoded events of the range, in order or in reverse. */
  events(range: SeqRange & { readonly reverse?: boolean }): Iterable<Envelope>
  /** Pixels of the frame `seq`; undefined when it was dropped or is no frame. */
  frame(seq: number): Uint8Array | undefined
  /**
   * The same, with the CRC-32 of the pixels, as reading them has computed it. Where `into` has room
   * for the pixels and `SEAL_BYTES` more, they may be a view of it.
   */
  frameSummed(
    seq: number,
    into?: Uint8Array,
  ): { readonly pixels: Uint8Array; readonly crc: number } | undefined
  /** True when the pixels of the frame `seq` are there. Reads none of them. */
  hasFrame(seq: number): boolean
  /** All layouts declared so far. */
  layouts(): Layouts
  /** Rows of the episode index, newest first, of episodes numbered below `before`. */
  episodeRows(page: { readonly before?: number; readonly limit: number }): EpisodeRow[]
  episodeRow(episode: number): Uint8Array | undefined
  snapshot(name: string): Snapshot | undefined
  position(producer: string): number | undefined
  close(): Promise<void>
}
