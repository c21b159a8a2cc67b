// Every promise that a writer gave: each settles in time (invariant 9), and what is wrong about an
// answer comes to light in the test and not in a callback that nobody awaits.
import type { SimulatedClock } from '../../../src/base/clock.ts'
import type { Invariants } from '../campaign.ts'
import type { FaultyStorage } from './faulty-storage.ts'

/** The longest that one operation of the storage may take, and a batch may wait for company. */
const OPERATION_MILLIS = 30_000
const PATIENCE_MILLIS = OPERATION_MILLIS + 1_000

interface Watched {
  readonly what: string
  readonly since: number
  settled: boolean
}

export class PromiseWatch {
  readonly #clock: SimulatedClock
  readonly #storage: FaultyStorage
  readonly #invariants: Invariants
  #watched: Watched[] = []
  #committed = 0
  #progressAt = 0

  constructor(clock: SimulatedClock, storage: FaultyStorage, invariants: Invariants) {
    this.#clock = clock
    this.#storage = storage
    this.#invariants = invariants
    this.#progressAt = clock.monotonic()
  }

  add<T>(what: string, promise: Promise<T>, onValue: (value: T) => void): void {
    const watched = { what, since: this.#clock.monotonic(), settled: false }
    this.#watched.push(watched)
    const settle = (): void => {
      watched.settled = true
    }
    promise.then(value => {
      settle()
      onValue(value)
    }, settle)
  }

  /** Lets everything happen that can without time passing, and looks at what is left. */
  async settle(): Promise<void> {
    do await new Promise(resolve => setImmediate(resolve))
    while (this.#storage.busy)
    await new Promise(resolve => setImmediate(resolve))
    this.#invariants.rethrow()
    const now = this.#clock.monotonic()
    if (this.#storage.committed !== this.#committed) this.#progressAt = now
    this.#committed = this.#storage.committed
    this.#watched = this.#watched.filter(one => !one.settled)
    const late = this.#watched.find(
      one => now - Math.max(one.since, this.#progressAt) > PATIENCE_MILLIS,
    )
    this.#invariants.holds(9, late === undefined, () => `${late?.what} is pending for ever`)
  }

  /** Lets time pass until everything has settled. */
  async settleAll(): Promise<void> {
    for (await this.settle(); this.#watched.length > 0; await this.settle()) {
      this.#clock.advance(1_000)
    }
  }
}
