// The single writer: numbers records at once, commits them in groups. At most one operation of
// the storage is in flight; meanwhile contributions gather in drafts. The first error stops it for
// ever (promise P7): nothing that came after a failed flush may ever be called durable.
import { assert } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import { describeError, RollcastError } from '../base/errors.ts'
import { Histogram } from '../base/histogram.ts'
import { limits } from '../protocol/limits.ts'
import type { Position } from '../protocol/position.ts'
import { BatchBuffers, Draft } from './draft.ts'
import type { Appended, Contribution, Durability, LogWriter, WriterStats } from './event-log.ts'
import { readSeqKey } from './keys.ts'
import type { LogState } from './log-state.ts'
import { metaWrite } from './meta.ts'
import { SpaceGuard } from './space-guard.ts'
import type { LogStorage, StorageFaults, Write } from './storage.ts'
import { type Survey, surveyRecords } from './survey.ts'

/** An operation of the storage that takes longer than this is taken for dead. */
const OPERATION_MILLIS_MAX = 30_000
/** `close` waits this long for a storage that has failed. */
const FAILED_CLOSE_MILLIS_MAX = 1000
/** `relaxed` reaches the disk at least this often. */
const RELAXED_SYNC_MILLIS = 1000
/** Bytes that may wait for the disk; past it `append` refuses. Above what a ring holds. */
const PENDING_BYTES_MAX = 2 * limits.ringBytes
/** Frames deleted in one transaction. */
const PRUNE_COUNT = 64

assert(PENDING_BYTES_MAX > limits.undurableBytesMax, 'a producer is warned before it is refused')

export interface WriterOptions {
  readonly clock: Clock
  readonly durability: Durability
  readonly freeBytesMin: number
  readonly faults: StorageFaults
}

interface PruneJob {
  readonly beforeSeq: number
  readonly done: PromiseWithResolvers<number>
  count: number
}

/** May resolve to what is told when the next operation is on its way: the disk does not wait. */
type Operation = () => Promise<(() => void) | undefined>

export class GroupCommitWriter implements LogWriter {
  readonly epoch: number
  readonly #storage: LogStorage
  readonly #state: LogState
  readonly #clock: Clock
  readonly #durability: Durability
  readonly #guard: SpaceGuard
  readonly #faults: StorageFaults
  readonly #release: () => Promise<void>
  readonly #pool = new BatchBuffers()
  /** Finished drafts that wait for the storage, oldest first; bounded by PENDING_BYTES_MAX. */
  readonly #waiting: Draft[] = []
  readonly #prunes: PruneJob[] = []
  readonly #durableCallbacks = new Set<(position: Position) => void>()
  readonly #failureCallbacks = new Set<(error: RollcastError) => void>()
  readonly #commitMillis = new Histogram()
  #draft: Draft | undefined
  #lastDraft: Draft | undefined
  #writes = new Map<Draft, readonly Write[]>()
  #lastSeq: number
  #durableSeq: number
  #cancelAge: (() => void) | undefined
  #cancelSync: (() => void) | undefined
  #due = false
  #syncDue = false
  #unsynced = false
  #busy = false
  #pruneNext = false
  #syncWaiter: PromiseWithResolvers<void> | undefined
  #inFlight: Draft | undefined
  #idle: PromiseWithResolvers<void> | undefined
  #failure: RollcastError | undefined
  #closing: Promise<void> | undefined
  #pendingBytes = 0
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
    this.epoch = epoch
    this.#storage = storage
    this.#state = state
    this.#clock = options.clock
    this.#durability = options.durability
    this.#guard = new SpaceGuard(storage, options.clock, options.freeBytesMin, options.faults)
    this.#faults = options.faults
    this.#release = release
    this.#lastSeq = state.head.lastSeq
    this.#durableSeq = state.head.lastSeq
  }

  get nextSeq(): number {
    return this.#lastSeq + 1
  }

  get durable(): Position {
    return { epoch: this.epoch, seq: this.#durableSeq }
  }

  get failure(): RollcastError | undefined {
    return this.#failure
  }

  position(producer: string): number | undefined {
    return this.#state.producers.position(producer)
  }

  append(contribution: Contribution): Appended {
    if (this.#failure) throw this.#failure
    if (this.#closing) throw new RollcastError('CLOSED', 'the log is closed')
    const { producer, position } = contribution
    assert(Number.isSafeInteger(position) && position >= 0, `${producer}: position ${position}`)
    const earlier = this.#state.producers.find(contribution)
    if (earlier !== undefined) return this.#duplicate(earlier)
    const survey = surveyRecords(contribution.records, this.#state.layouts)
    checkContribution(contribution, survey)
    const bytes = bytesOf(contribution)
    if (this.#pendingBytes > 0 && this.#pendingBytes + bytes > PENDING_BYTES_MAX) {
      throw new RollcastError(
        'UNAVAILABLE',
        `${this.#pendingBytes} B wait for the disk, ${bytes} more pass the limit of ` +
          `${PENDING_BYTES_MAX}`,
        { temporary: true },
      )
    }
    const draft = this.#draftFor(bytes)
    const firstSeq = this.nextSeq
    draft.add(contribution, survey, bytes)
    this.#lastSeq = draft.lastSeq
    this.#state.apply(survey)
    this.#state.producers.note(producer, position, firstSeq)
    this.#pendingBytes += bytes
    this.#schedule(draft)
    return { firstSeq, count: survey.count, duplicate: false, durable: draft.durable }
  }

  // What was sent before may still be on its way: a duplicate is durable when that is.
  #duplicate(firstSeq: number): Appended {
    this.#counts.duplicates++
    const durable = this.#lastDraft?.durable ?? Promise.resolve(this.durable)
    return { firstSeq, count: 0, duplicate: true, durable }
  }

  #draftFor(bytes: number): Draft {
    if (this.#draft && this.#draft.bytes + bytes > limits.transactionBytesMax) this.#finishDraft()
    if (this.#draft === undefined) {
      const now = this.#clock.monotonic()
      this.#draft = new Draft(this.#state, this.epoch, this.nextSeq, now, this.#pool)
      this.#lastDraft = this.#draft
    }
    return this.#draft
  }

  #finishDraft(): void {
    const draft = this.#draft
    if (draft === undefined) return
    this.#writes.set(draft, draft.finish())
    this.#waiting.push(draft)
    this.#draft = undefined
    this.#due = false
    this.#cancelAge?.()
    this.#cancelAge = undefined
  }

  #schedule(draft: Draft): void {
    if (this.#durability === 'sync' || draft.full) this.#due = true
    if (!this.#due && this.#cancelAge === undefined) {
      this.#cancelAge = this.#clock.schedule(limits.batchAgeMillisMax, () => {
        this.#cancelAge = undefined
        this.#due = true
        this.#drive()
      })
    }
    this.#drive()
  }

  /** Runs what is due, one operation after the other. */
  #drive(): void {
    if (this.#busy || this.#failure) return
    const operation = this.#nextOperation()
    if (operation === undefined) {
      this.#idle?.resolve()
      this.#idle = undefined
      return
    }
    this.#busy = true
    this.#inTime(operation)
      .then(tell => {
        this.#busy = false
        this.#drive()
        tell?.()
      })
      .catch(error => this.#fail(error))
  }

  /** An operation of the storage, or an error when it takes too long: some never settle. */
  async #inTime(operation: Operation): ReturnType<Operation> {
    const deadline = Promise.withResolvers<never>()
    const cancel = this.#clock.schedule(OPERATION_MILLIS_MAX, () => {
      deadline.reject(new Error(`the storage did not answer in ${OPERATION_MILLIS_MAX} ms`))
    })
    return await Promise.race([operation(), deadline.promise]).finally(cancel)
  }

  // Pruning takes turns with commits, so that neither starves the other.
  #nextOperation(): Operation | undefined {
    if (this.#syncDue) return () => this.#sync()
    const prune = this.#prunes[0]
    if (prune && this.#pruneNext) return () => this.#prune(prune)
    if (this.#waiting.length === 0 && this.#due) this.#finishDraft()
    const draft = this.#waiting.shift()
    if (draft) return () => this.#commitDraft(draft)
    if (prune) return () => this.#prune(prune)
    return undefined
  }

  async #commitDraft(draft: Draft): ReturnType<Operation> {
    const writes = this.#writes.get(draft) ?? []
    this.#writes.delete(draft)
    this.#inFlight = draft
    this.#guard.check(draft.bytes)
    const started = this.#clock.monotonic()
    await this.#commit(writes)
    if (this.#failure) return undefined
    this.#inFlight = undefined
    this.#commitMillis.record(this.#clock.monotonic() - started)
    this.#pendingBytes -= draft.bytes
    this.#durableSeq = draft.lastSeq
    this.#pruneNext = this.#prunes.length > 0
    this.#counts.transactions++
    this.#counts.batches += draft.batches
    this.#counts.events += draft.events
    this.#counts.bytes += draft.bytes
    if (this.#lastDraft === draft) this.#lastDraft = undefined
    if (this.#durability === 'relaxed') this.#scheduleSync()
    const position = this.durable
    return () => {
      draft.resolve(position)
      for (const callback of this.#durableCallbacks) callback(position)
    }
  }

  async #commit(writes: readonly Write[]): Promise<void> {
    await this.#faults.beforeCommit?.(++this.#commits)
    if (await this.#storage.commit(this.epoch, writes)) return
    throw new Error(`epoch ${this.epoch} was superseded by another writer`)
  }

  #scheduleSync(): void {
    this.#unsynced = true
    this.#cancelSync ??= this.#clock.schedule(RELAXED_SYNC_MILLIS, () => {
      this.#syncDue = true
      this.#drive()
    })
  }

  async #sync(): ReturnType<Operation> {
    this.#cancelSync?.()
    this.#cancelSync = undefined
    this.#syncDue = false
    this.#unsynced = false
    const waiter = this.#syncWaiter
    await this.#storage.sync()
    waiter?.resolve()
    if (this.#syncWaiter === waiter) this.#syncWaiter = undefined
    return undefined
  }

  async #prune(job: PruneJob): ReturnType<Operation> {
    this.#pruneNext = false
    this.#storage.refresh()
    const keys = this.#storage
      .keys('frames', { limit: PRUNE_COUNT })
      .filter(key => readSeqKey(key) < job.beforeSeq)
    if (keys.length > 0) {
      const deletes = keys.map((key): Write => ({ table: 'frames', key }))
      const pruned = readSeqKey(keys.at(-1)!) + 1
      await this.#commit([...deletes, metaWrite('prunedBefore', pruned)])
      job.count += keys.length
    }
    if (keys.length === PRUNE_COUNT) return undefined
    this.#prunes.shift()
    job.done.resolve(job.count)
    return undefined
  }

  pruneFrames(beforeSeq: number): Promise<number> {
    if (this.#failure) return Promise.reject(this.#failure)
    if (this.#closing) return Promise.reject(new RollcastError('CLOSED', 'the log is closed'))
    const done = Promise.withResolvers<number>()
    this.#prunes.push({ beforeSeq, done, count: 0 })
    this.#drive()
    return done.promise
  }

  async flush(): Promise<Position> {
    if (this.#failure) throw this.#failure
    const pending = this.#lastDraft?.durable
    this.#due = this.#draft !== undefined
    this.#drive()
    await pending
    if (this.#unsynced) {
      const waiter = Promise.withResolvers<void>()
      this.#syncWaiter?.promise.then(waiter.resolve, waiter.reject)
      this.#syncWaiter = waiter
      this.#syncDue = true
      this.#drive()
      await waiter.promise
    }
    return this.durable
  }

  #whenIdle(): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure)
    if (!this.#busy) return Promise.resolve()
    this.#idle ??= Promise.withResolvers<void>()
    return this.#idle.promise
  }

  onDurable(callback: (position: Position) => void): () => void {
    this.#durableCallbacks.add(callback)
    return () => this.#durableCallbacks.delete(callback)
  }

  onFailure(callback: (error: RollcastError) => void): () => void {
    this.#failureCallbacks.add(callback)
    return () => this.#failureCallbacks.delete(callback)
  }

  stats(): WriterStats {
    const millis = this.#commitMillis
    return {
      ...this.#counts,
      pendingEvents: this.#lastSeq - this.#durableSeq,
      pendingBytes: this.#pendingBytes,
      commitMillis: { p50: millis.quantile(0.5), p99: millis.quantile(0.99), max: millis.max },
    }
  }

  #fail(cause: unknown): RollcastError {
    if (this.#failure) return this.#failure
    const failure =
      cause instanceof RollcastError
        ? cause
        : new RollcastError(
            'LOG_FAILED',
            `the log stopped after event ${this.#durableSeq}: ${describeError(cause)}`,
            { cause },
          )
    this.#failure = failure
    this.#cancelAge?.()
    this.#cancelSync?.()
    for (const draft of [this.#inFlight, ...this.#waiting, this.#draft]) draft?.reject(failure)
    for (const job of this.#prunes) job.done.reject(failure)
    this.#idle?.reject(failure)
    this.#syncWaiter?.reject(failure)
    this.#waiting.length = 0
    this.#prunes.length = 0
    this.#draft = undefined
    for (const callback of this.#failureCallbacks) callback(failure)
    return failure
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    // A failure is reported by `failure` and `onFailure`; closing after it only has to let go.
    await this.#finish().catch(error => this.#fail(error))
    this.#cancelSync?.()
    // A storage that failed may never answer again: it is then left to the end of the process.
    const patience = this.#failure ? FAILED_CLOSE_MILLIS_MAX : OPERATION_MILLIS_MAX
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
    await this.flush()
    await this.#whenIdle()
    this.#state.head = { ...this.#state.head, clean: true }
    this.#busy = true
    await this.#inTime(async () => {
      await this.#commit([this.#state.headWrite()])
      if (this.#durability === 'relaxed') await this.#storage.sync()
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
