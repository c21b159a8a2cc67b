// The single writer: numbers records at once (pending.ts), commits them in groups, one operation of
// the storage at a time (operations.ts). The first error stops it for ever (promise P7): nothing
// that came after a failed flush may ever be called durable.
import { assert } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import { describeError, RollcastError } from '../base/errors.ts'
import { Histogram } from '../base/histogram.ts'
import { RecentHistogram } from '../base/recent-histogram.ts'
import type { FrameDrop } from '../protocol/frame-drop.ts'
import type { Position } from '../protocol/position.ts'
import { Dropping } from './dropping.ts'
import type { Appended, Contribution, Durability, LogWriter, WriterStats } from './event-log.ts'
import { LateSync } from './late-sync.ts'
import type { LogState } from './log-state.ts'
import { type Operation, Operations } from './operations.ts'
import { Pending, type Transaction } from './pending.ts'
import { SpaceGuard } from './space-guard.ts'
import type { LogStorage, StorageFaults, Write } from './storage.ts'
import { type Survey, surveyRecords } from './survey.ts'

/** `close` waits this long for a storage that has failed. */
const FAILED_CLOSE_MILLIS_MAX = 1000
/** `close` goes on dropping frames for so long. */
const DROPPING_CLOSE_MILLIS_MAX = 1000
/** Transactions after which readers are looked at. */
const LOOK_AT_READERS = 16
const RECENT_MILLIS = 60_000

export interface WriterOptions {
  readonly clock: Clock
  readonly durability: Durability
  readonly freeBytesMin: number
  readonly pendingBytesMax: number
  readonly operationMillisMax: number
  readonly faults: StorageFaults
}

export class GroupCommitWriter implements LogWriter {
  readonly epoch: number
  readonly #storage: LogStorage
  readonly #state: LogState
  readonly #clock: Clock
  readonly #faults: StorageFaults
  readonly #operationMillisMax: number
  readonly #release: () => Promise<void>
  readonly #guard: SpaceGuard
  readonly #operations: Operations
  readonly #pending: Pending
  readonly #dropping: Dropping
  /** At level `relaxed` only. */
  readonly #lateSync: LateSync | undefined
  readonly #durableCallbacks = new Set<(position: Position) => void>()
  readonly #commitMillis = new Histogram()
  readonly #recentCommits: RecentHistogram
  #durableSeq: number
  #dropNext = false
  /** Closing does not wait for ever: what is noted can be dropped another time. */
  #dropUntil = Number.POSITIVE_INFINITY
  #closing: Promise<void> | undefined
  #commits = 0
  #counts = { events: 0, batches: 0, transactions: 0, bytes: 0, duplicates: 0 }

  /** Use `openLog` or `createMemoryLog`; `release` runs when the storage is closed. */
  constructor(
    storage: LogStorage,
    state: LogState,
    epoch: number,
    options: WriterOptions,
    release: () => Promise<void>,
  ) {
    const { clock, durability, faults } = options
    const drive = (): void => this.#operations.drive()
    this.epoch = epoch
    this.#storage = storage
    this.#state = state
    this.#clock = clock
    this.#recentCommits = new RecentHistogram(clock, RECENT_MILLIS)
    this.#faults = faults
    this.#operationMillisMax = options.operationMillisMax
    this.#release = release
    this.#durableSeq = state.head.lastSeq
    this.#guard = new SpaceGuard(storage, options.freeBytesMin, faults)
    this.#pending = new Pending(state, epoch, {
      clock,
      durability,
      bytesMax: options.pendingBytesMax,
      onDue: drive,
    })
    this.#dropping = new Dropping(storage, state.layouts, writes => this.#commit(writes))
    this.#lateSync = durability === 'relaxed' ? new LateSync(storage, clock, drive) : undefined
    this.#operations = new Operations({
      clock,
      millisMax: options.operationMillisMax,
      next: () => this.#nextOperation(),
      failureOf: cause => this.#failureOf(cause),
    })
    this.#operations.onFailure(failure => {
      this.#pending.reject(failure)
      this.#dropping.reject(failure)
      this.#lateSync?.reject(failure)
    })
    storage.onLost?.(error => this.#operations.fail(error))
  }

  get nextSeq(): number {
    return this.#pending.lastSeq + 1
  }

  get durable(): Position {
    return { epoch: this.epoch, seq: this.#durableSeq }
  }

  get failure(): RollcastError | undefined {
    return this.#operations.failure
  }

  position(producer: string): number | undefined {
    return this.#state.producers.position(producer)
  }

  append(contribution: Contribution): Appended {
    this.#checkOpen()
    const { producer, position } = contribution
    assert(Number.isSafeInteger(position) && position >= 0, `${producer}: position ${position}`)
    const earlier = this.#state.producers.find(contribution)
    if (earlier !== undefined) return this.#duplicate(earlier)
    const survey = surveyRecords(contribution.records, this.#state.layouts)
    checkContribution(contribution, survey)
    const bytes = bytesOf(contribution)
    this.#pending.checkRoom(bytes)
    const firstSeq = this.nextSeq
    const draft = this.#pending.add(contribution, survey, bytes)
    this.#state.apply(survey)
    this.#state.producers.note(producer, position, firstSeq)
    this.#operations.drive()
    return { firstSeq, count: survey.count, duplicate: false, durable: draft.durable }
  }

  // What was sent before may still be on its way: a duplicate is durable when that is.
  #duplicate(firstSeq: number): Appended {
    this.#counts.duplicates++
    const durable = this.#pending.newest?.durable ?? Promise.resolve(this.durable)
    return { firstSeq, count: 0, duplicate: true, durable }
  }

  // Dropping frames takes turns with commits, so that neither starves the other.
  #nextOperation(): Operation | undefined {
    const lateSync = this.#lateSync
    if (lateSync?.due) return () => lateSync.run()
    if (this.#dropNext) return () => this.#drop()
    const transaction = this.#pending.take()
    if (transaction) return () => this.#commitTransaction(transaction)
    if (this.#dropping.waits) return () => this.#drop()
    return undefined
  }

  async #commitTransaction({ draft, writes }: Transaction): ReturnType<Operation> {
    this.#guard.check(draft.bytes)
    const started = this.#clock.monotonic()
    await this.#commit(writes)
    // What answers after its deadline is not believed.
    if (this.failure) return undefined
    const millis = this.#clock.monotonic() - started
    this.#commitMillis.record(millis)
    this.#recentCommits.record(millis)
    this.#pending.settle(draft)
    this.#durableSeq = draft.lastSeq
    for (const drop of draft.drops) this.#dropping.add(drop)
    this.#dropNext = this.#dropping.waits
    if (++this.#counts.transactions % LOOK_AT_READERS === 0) this.#setPace()
    this.#counts.batches += draft.batches
    this.#counts.events += draft.events
    this.#counts.bytes += draft.bytes
    this.#lateSync?.note()
    const position = this.durable
    return () => {
      draft.resolve(position)
      for (const callback of this.#durableCallbacks) callback(position)
    }
  }

  /** A transaction copies some pages of the trees; while none can be used again, fewer are better. */
  #setPace(): void {
    this.#pending.isSlowed = this.#storage.pinned?.() ?? false
  }

  async #drop(): ReturnType<Operation> {
    this.#dropNext = false
    if (this.#clock.monotonic() > this.#dropUntil) this.#dropping.leave()
    await this.#dropping.step()
    return undefined
  }

  async #commit(writes: readonly Write[]): Promise<void> {
    await this.#faults.beforeCommit?.(++this.#commits)
    if (await this.#storage.commit(this.epoch, writes)) return
    throw new Error(`epoch ${this.epoch} was superseded by another writer`)
  }

  async dropFrames(drop: FrameDrop): Promise<number> {
    this.#checkOpen()
    const dropped = this.#dropping.request(drop)
    this.#operations.drive()
    return dropped
  }

  async flush(): Promise<Position> {
    if (this.failure) throw this.failure
    const newest = this.#pending.newest
    this.#pending.expedite()
    this.#operations.drive()
    await newest?.durable
    await this.#lateSync?.wait()
    return this.durable
  }

  #checkOpen(): void {
    if (this.failure) throw this.failure
    if (this.#closing) throw new RollcastError('CLOSED', 'the log is closed')
  }

  onDurable(callback: (position: Position) => void): () => void {
    this.#durableCallbacks.add(callback)
    return () => this.#durableCallbacks.delete(callback)
  }

  onFailure(callback: (error: RollcastError) => void): () => void {
    return this.#operations.onFailure(callback)
  }

  stats(): WriterStats {
    const millis = this.#commitMillis
    const recent = this.#recentCommits.summed()
    return {
      ...this.#counts,
      pendingEvents: this.#pending.lastSeq - this.#durableSeq,
      pendingBytes: this.#pending.bytes,
      commitMillis: { p50: millis.quantile(0.5), p99: millis.quantile(0.99), max: millis.max },
      recentCommits: {
        count: recent.count,
        p50Millis: recent.quantile(0.5),
        p99Millis: recent.quantile(0.99),
        maxMillis: recent.max,
      },
    }
  }

  #failureOf(cause: unknown): RollcastError {
    if (cause instanceof RollcastError) return cause
    const message = `the log stopped after event ${this.#durableSeq}: ${describeError(cause)}`
    return new RollcastError('LOG_FAILED', message, { cause })
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    // A failure is reported by `failure` and `onFailure`; closing after it only has to let go.
    await this.#finish().catch(error => this.#operations.fail(error))
    this.#lateSync?.cancel()
    // A storage that failed may never answer again: it is then left to the end of the process.
    const patience = this.failure ? FAILED_CLOSE_MILLIS_MAX : this.#operationMillisMax
    const { promise: late, resolve } = Promise.withResolvers<void>()
    const cancel = this.#clock.schedule(patience, resolve)
    try {
      await Promise.race([this.#storage.close(), late])
    } finally {
      cancel()
      await this.#release()
    }
  }

  async #finish(): Promise<void> {
    this.#dropUntil = this.#clock.monotonic() + DROPPING_CLOSE_MILLIS_MAX
    await this.flush()
    await this.#operations.last(async () => {
      this.#state.head = { ...this.#state.head, clean: true }
      await this.#commit([this.#state.headWrite()])
      await this.#lateSync?.run()
      return undefined
    })
  }
}

const bytesOf = ({ records, frames, rows, snapshot }: Contribution): number =>
  records.byteLength +
  (frames ?? []).reduce((sum, frame) => sum + frame.bytes.byteLength, 0) +
  (rows ?? []).reduce((sum, row) => sum + row.bytes.byteLength, 0) +
  (snapshot?.bytes.byteLength ?? 0)

function checkContribution({ producer, count, frames }: Contribution, survey: Survey): void {
  assert(survey.count === count, `${producer} says ${count} records, found ${survey.count}`)
  for (const { index, bytes } of frames ?? []) {
    const record = survey.frames.find(frame => frame.index === index)
    assert(record, `${producer}: record ${index} has pixels and is no frame`)
    assert(
      record.byteLength === bytes.byteLength,
      `${producer}: frame ${index} says ${record.byteLength} B, has ${bytes.byteLength}`,
    )
  }
}
