// Walks the whole log and believes nothing: keys, checksums, chain, every record, every frame, and
// that what stands beside the events is what they tell. Memory is bounded by a batch and a frame.
import { isDeepStrictEqual } from 'node:util'
import { describeError } from '../base/errors.ts'
import { Layouts } from '../protocol/codec.ts'
import type { Event, EventType, FrameCaptured } from '../protocol/events.ts'
import { isStale } from './batch-chain.ts'
import { openBatch, type StoredBatch } from './batch-codec.ts'
import { readEpisodeKey, readNameKey, readSeqKey, seqKey } from './keys.ts'
import { decodeBatch } from './log-reader.ts'
import { LogState, readHead, readPrunedBefore } from './log-state.ts'
import { MissingFrames } from './missing-frames.ts'
import { type OpenReaderOptions, openForReading } from './open-log.ts'
import { allKeys } from './recovery.ts'
import { unseal, unsealSummed } from './sealed-value.ts'
import { decodeSnapshot } from './snapshots.ts'
import type { LogStorage } from './storage.ts'
import { surveyRecords } from './survey.ts'

/** Problems that a report lists; further ones are only counted. */
const PROBLEMS_MAX = 100
/**
 * By so much the time of an event may lie before that of the one before it: threads stamp what they
 * tell before it is put in order.
 */
const TIME_BACK_MILLIS_MAX = 1_000

/**
 * What others than the trainer tell, which says nothing of the clock. Followers of the log conclude it
 * from an event, whose time it has, however late they are; and what the host tells overtakes what the
 * trainer told before it, while that waits in the ring for a slow disk.
 */
const untimely: ReadonlySet<Event['type']> = new Set<EventType>([
  'actor_changed',
  'trainer_cost_measured',
  'episode_released',
  'episode_refused',
  'episode_saved',
  'event_quarantined',
  'frames_counted',
  'milestone_reached',
  'video_committed',
  'video_failed',
])

/** Something wrong, and the event at which it shows; 0 for what stands beside the events. */
export interface Problem {
  readonly seq: number
  readonly message: string
}

/** Where the clock was set back while the log was written. Order is by number; this is no damage. */
export interface NonMonotonic {
  readonly times: number
  /** The first event that says an earlier time than the one before it. */
  readonly firstSeq: number
  /** The largest step back, milliseconds. */
  readonly millisMax: number
}

export interface VerifyReport {
  readonly ok: boolean
  /** The last event of the log. */
  readonly lastSeq: number
  /** Everything up to here is whole and in its place. */
  readonly lastGoodSeq: number
  readonly batches: number
  readonly events: number
  /** Frames whose pixels are there, and those whose pixels were dropped or could not be salvaged. */
  readonly frames: number
  readonly prunedFrames: number
  /** Null when no event's time lies more than a second before that of the event before it. */
  readonly nonMonotonic: NonMonotonic | null
  /** The first 100 of `problemCount`. */
  readonly problems: readonly Problem[]
  readonly problemCount: number
}

export interface VerifyOptions extends OpenReaderOptions {
  /** Told how much has been verified, from 0 to 1. */
  readonly onProgress?: (fraction: number) => void
}

/** Verifies the log of run directory `dir`; throws when it cannot be opened at all. */
export async function verifyLog(
  dir: string,
  { onProgress, ...options }: VerifyOptions = {},
): Promise<VerifyReport> {
  const storage = openForReading(dir, options)
  try {
    return verifyStorage(storage, onProgress)
  } finally {
    await storage.close()
  }
}

/** Verifies any storage of a log, also while it is written: what comes later is left out. */
export function verifyStorage(
  storage: LogStorage,
  onProgress: (fraction: number) => void = () => {},
): VerifyReport {
  storage.refresh()
  return new Verification(storage, onProgress).run()
}

class Verification {
  readonly #storage: LogStorage
  readonly #state = new LogState()
  readonly #problems: Problem[] = []
  #problemCount = 0
  #firstBadSeq = Number.POSITIVE_INFINITY
  #batches = 0
  #events = 0
  #frames = 0
  #pruned = 0
  #lastTime = Number.NEGATIVE_INFINITY
  #nonMonotonic: NonMonotonic | null = null
  #nextSeq = 1
  #previous: StoredBatch | undefined
  #linked = true
  readonly #missing: MissingFrames
  readonly #onProgress: (fraction: number) => void

  constructor(storage: LogStorage, onProgress: (fraction: number) => void) {
    this.#storage = storage
    this.#onProgress = onProgress
    this.#try(0, () => readPrunedBefore(storage))
    this.#missing = new MissingFrames(storage)
  }

  run(): VerifyReport {
    const lastSeq = this.#try(0, () => readHead(this.#storage).lastSeq) ?? 0
    for (const key of allKeys(this.#storage, 'events')) {
      const seq = readSeqKey(key)
      if (seq > lastSeq) break
      this.#batch(seq, this.#storage.get('events', key) ?? new Uint8Array())
      this.#onProgress(Math.min(1, (this.#nextSeq - 1) / lastSeq))
    }
    const layouts = new Layouts(this.#state.layouts.all())
    for (const seq of this.#missing.unexplained(lastSeq, layouts)) {
      this.#problem(seq, 'its pixels are missing')
    }
    if (this.#nextSeq !== lastSeq + 1) {
      this.#problem(this.#nextSeq, `the log ends at ${this.#nextSeq - 1}, its head says ${lastSeq}`)
    }
    this.#rest(lastSeq)
    return {
      ok: this.#problemCount === 0,
      lastSeq,
      lastGoodSeq: Math.min(lastSeq, this.#nextSeq - 1, this.#firstBadSeq - 1),
      batches: this.#batches,
      events: this.#events,
      frames: this.#frames,
      prunedFrames: this.#pruned,
      nonMonotonic: this.#nonMonotonic,
      problems: this.#problems,
      problemCount: this.#problemCount,
    }
  }

  #problem(seq: number, message: string): void {
    this.#problemCount++
    if (this.#problems.length < PROBLEMS_MAX) this.#problems.push({ seq, message })
    if (seq > 0) this.#firstBadSeq = Math.min(this.#firstBadSeq, seq)
  }

  #try<T>(seq: number, body: () => T): T | undefined {
    try {
      return body()
    } catch (error) {
      this.#problem(seq, describeError(error))
      return undefined
    }
  }

  #batch(seq: number, value: Uint8Array): void {
    this.#batches++
    if (this.#linked && seq !== this.#nextSeq) {
      this.#problem(this.#nextSeq, `expected a batch at ${this.#nextSeq}, found one at ${seq}`)
    }
    const batch = this.#try(seq, () => openBatch(seq, value))
    if (batch === undefined) {
      this.#linked = false
      return
    }
    const before = this.#previous
    if (this.#linked && batch.previousCrc !== (before?.crc ?? 0)) {
      const wrong = before && isStale(before, batch) ? before.firstSeq : seq
      this.#problem(wrong, `the chain of checksums is broken before event ${seq}`)
    }
    if (before && batch.epoch < before.epoch) {
      this.#problem(seq, `epoch ${batch.epoch} comes after epoch ${before.epoch}`)
    }
    this.#linked = true
    this.#previous = batch
    this.#nextSeq = seq + batch.count
    this.#records(batch)
  }

  #records(batch: StoredBatch): void {
    const { firstSeq, count, records } = batch
    this.#try(firstSeq, () => {
      const survey = surveyRecords(records, this.#state.layouts)
      if (survey.count !== count) {
        this.#problem(firstSeq, `the batch says ${count} records, found ${survey.count}`)
      }
      this.#state.apply(survey)
      const layouts = new Layouts(this.#state.layouts.all())
      for (const { seq, time, event } of decodeBatch(batch, layouts)) {
        this.#events++
        if (!untimely.has(event.type)) this.#time(seq, time)
        if (event.type === 'frame_captured') this.#try(seq, () => this.#frame(seq, event))
        else if (event.type === 'salvaged') this.#missing.salvaged(event)
        else this.#missing.explain(event)
      }
    })
  }

  #time(seq: number, time: number): void {
    const back = this.#lastTime - time
    this.#lastTime = time
    if (!(back > TIME_BACK_MILLIS_MAX)) return
    const { times, firstSeq, millisMax } = this.#nonMonotonic ?? {
      times: 0,
      firstSeq: seq,
      millisMax: 0,
    }
    this.#nonMonotonic = { times: times + 1, firstSeq, millisMax: Math.max(millisMax, back) }
  }

  #frame(seq: number, event: FrameCaptured): void {
    const key = seqKey(seq)
    const value = this.#storage.get('frames', key)
    if (value === undefined) {
      this.#pruned++
      this.#missing.add(seq, event)
      return
    }
    this.#frames++
    const { value: pixels, crc } = unsealSummed(key, value, `frame ${seq}`)
    if (pixels.byteLength !== event.byteLength || crc !== event.crc) {
      this.#problem(seq, 'its pixels are not those that the event describes')
    }
  }

  #rest(lastSeq: number): void {
    for (const key of allKeys(this.#storage, 'episodes')) {
      this.#value('episodes', key, `row of episode ${readEpisodeKey(key)}`)
    }
    for (const key of allKeys(this.#storage, 'snapshots')) {
      const name = readNameKey(key)
      const value = this.#value('snapshots', key, `snapshot ${name}`)
      this.#try(0, () => value && decodeSnapshot(name, value))
    }
    const state = this.#try(0, () => LogState.load(this.#storage))
    // A log that grew meanwhile has a newer state than the events that were walked.
    if (state === undefined || state.head.lastSeq !== lastSeq) return
    const found = this.#state
    this.#same('end of the chain', state.head.crc, this.#previous?.crc ?? 0)
    this.#same('layouts', sorted(state.layouts), sorted(found.layouts))
    this.#same('open episodes', [...state.openEpisodes].sort(), [...found.openEpisodes].sort())
    this.#same('last episode', state.lastEpisode, found.lastEpisode)
  }

  #value(table: 'episodes' | 'snapshots', key: Uint8Array, what: string): Uint8Array | undefined {
    const value = this.#storage.get(table, key)
    return value && this.#try(0, () => unseal(key, value, what))
  }

  #same(what: string, stored: unknown, found: unknown): void {
    if (isDeepStrictEqual(stored, found)) return
    this.#problem(
      0,
      `${what}: stored ${JSON.stringify(stored)}, the events say ${JSON.stringify(found)}`,
    )
  }
}

const sorted = (layouts: Layouts): unknown => layouts.all().sort((a, b) => a.layout - b.layout)
