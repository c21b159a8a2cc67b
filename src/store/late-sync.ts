// The flush that level `relaxed` puts off: for less than a second after a commit, or until somebody
// waits for it.
import type { Clock } from '../base/clock.ts'
import type { RollcastError } from '../base/errors.ts'
import type { LogStorage } from './storage.ts'

/**
 * A flush begins this long after the first commit that needs it. A power cut may take the last
 * second, so the other half is left for the flush.
 */
const SYNC_MILLIS = 500

export class LateSync {
  readonly #storage: LogStorage
  readonly #clock: Clock
  readonly #onDue: () => void
  #cancel: (() => void) | undefined
  readonly #waiters: PromiseWithResolvers<void>[] = []
  #unsynced = false
  #due = false

  constructor(storage: LogStorage, clock: Clock, onDue: () => void) {
    this.#storage = storage
    this.#clock = clock
    this.#onDue = onDue
  }

  get due(): boolean {
    return this.#due
  }

  /** Something was committed that a power cut could take back. */
  note(): void {
    this.#unsynced = true
    this.#cancel ??= this.#clock.schedule(SYNC_MILLIS, () => this.#demand())
  }

  /** Resolves when all that was committed survives a power cut. */
  wait(): Promise<void> {
    if (!this.#unsynced) return Promise.resolve()
    const waiter = Promise.withResolvers<void>()
    this.#waiters.push(waiter)
    this.#demand()
    return waiter.promise
  }

  #demand(): void {
    this.#due = true
    this.#onDue()
  }

  // Nothing is committed meanwhile (operations.ts), so who began to wait meanwhile is served too.
  async run(): Promise<undefined> {
    this.cancel()
    await this.#storage.sync()
    this.#due = false
    this.#unsynced = false
    for (const waiter of this.#waiters.splice(0)) waiter.resolve()
    return undefined
  }

  cancel(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  reject(error: RollcastError): void {
    this.cancel()
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error)
  }
}
