// What is appended and not yet durable: numbered at once, gathered in drafts, one for each
// transaction. A draft is due when it is full, when it is old, or at once (`sync`, and where somebody
// waits for what is in it). Bounded in bytes; past that nothing is taken in, and the caller is told.
import type { Clock } from '../base/clock.ts'
import { RollcastError } from '../base/errors.ts'
import { limits } from '../protocol/limits.ts'
import { Draft, newDraftPool } from './draft.ts'
import type { Contribution, Durability } from './event-log.ts'
import type { LogState } from './log-state.ts'
import type { Write } from './storage.ts'
import type { Survey } from './survey.ts'

export interface PendingOptions {
  readonly clock: Clock
  readonly durability: Durability
  readonly bytesMax: number
  /** Called when a draft becomes due by its age. */
  onDue(): void
}

/** A finished draft: nothing is added to it any more. */
export interface Transaction {
  readonly draft: Draft
  readonly writes: readonly Write[]
}

export class Pending {
  readonly #state: LogState
  readonly #epoch: number
  readonly #options: PendingOptions
  readonly #pool = newDraftPool()
  /** Transactions that wait for the storage, oldest first. */
  readonly #waiting: Transaction[] = []
  #inFlight: Draft | undefined
  #draft: Draft | undefined
  #newest: Draft | undefined
  /** Transactions are to be few: drafts wait longer for company, and so does who is awaited. */
  isSlowed = false
  #due = false
  #cancelAge: (() => void) | undefined
  #lastSeq: number
  #bytes = 0

  constructor(state: LogState, epoch: number, options: PendingOptions) {
    this.#state = state
    this.#epoch = epoch
    this.#options = options
    this.#lastSeq = state.head.lastSeq
  }

  /** The last number that was given. */
  get lastSeq(): number {
    return this.#lastSeq
  }

  get bytes(): number {
    return this.#bytes
  }

  /** The draft of the newest contribution; undefined when that is durable. */
  get newest(): Draft | undefined {
    return this.#newest
  }

  /** Throws UNAVAILABLE when there is no room for `bytes` more. */
  checkRoom(bytes: number): void {
    const { bytesMax } = this.#options
    if (this.#bytes === 0 || this.#bytes + bytes <= bytesMax) return
    throw new RollcastError(
      'UNAVAILABLE',
      `${this.#bytes} B wait for the disk, ${bytes} more pass the limit of ${bytesMax}`,
      { temporary: true },
    )
  }

  /** Numbers the contribution's records and copies them; returns the draft that they are in. */
  add(contribution: Contribution, survey: Survey, bytes: number): Draft {
    const draft = this.#draftFor(bytes)
    draft.add(contribution, survey, bytes)
    this.#lastSeq = draft.lastSeq
    this.#bytes += bytes
    const isAwaited = contribution.isAwaited === true && !this.isSlowed
    if (this.#options.durability === 'sync' || draft.full || isAwaited) this.#due = true
    if (!this.#due && this.#cancelAge === undefined) {
      const { pinnedAgeMillisMax, batchAgeMillisMax } = limits
      const ageMillisMax = this.isSlowed ? pinnedAgeMillisMax : batchAgeMillisMax
      this.#cancelAge = this.#options.clock.schedule(ageMillisMax, () => {
        this.#cancelAge = undefined
        this.#due = true
        this.#options.onDue()
      })
    }
    return draft
  }

  /** What is there is due now. */
  expedite(): void {
    this.#due = this.#draft !== undefined
  }

  /** The next transaction, if one is due. It must be settled before another is taken. */
  take(): Transaction | undefined {
    if (this.#waiting.length === 0 && this.#due) this.#finishDraft()
    const transaction = this.#waiting.shift()
    this.#inFlight = transaction?.draft
    return transaction
  }

  /** The transaction that was taken is durable. */
  settle(draft: Draft): void {
    this.#inFlight = undefined
    this.#bytes -= draft.bytes
    if (this.#newest === draft) this.#newest = undefined
  }

  /** Nothing of what is here will become durable. */
  reject(error: RollcastError): void {
    this.#cancelAge?.()
    const waiting = this.#waiting.splice(0).map(({ draft }) => draft)
    for (const draft of [this.#inFlight, ...waiting, this.#draft]) draft?.reject(error)
    this.#draft = undefined
  }

  #draftFor(bytes: number): Draft {
    if (this.#draft && this.#draft.bytes + bytes > limits.transactionBytesMax) this.#finishDraft()
    if (this.#draft === undefined) {
      this.#draft = new Draft(this.#state, this.#epoch, this.#lastSeq + 1, this.#pool)
      this.#newest = this.#draft
    }
    return this.#draft
  }

  #finishDraft(): void {
    const draft = this.#draft
    if (draft === undefined) return
    this.#waiting.push({ draft, writes: draft.finish() })
    this.#draft = undefined
    this.#due = false
    this.#cancelAge?.()
    this.#cancelAge = undefined
  }
}
