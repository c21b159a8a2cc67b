// Work on a dataset that nobody waits for: done once no episode has come for a while, never beside
// other work on it.
import type { Clock } from '../base/clock.ts'

/** Files that were left to be joined later are joined when so long nothing was saved. */
const QUIET_MILLIS = 1_000

export class Tidying {
  readonly #clock: Clock
  readonly #work: () => Promise<void>
  #cancel = (): void => {}
  #working: Promise<void> = Promise.resolve()

  /** `work` does not reject. */
  constructor(clock: Clock, work: () => Promise<void>) {
    this.#clock = clock
    this.#work = work
  }

  /** In a while, unless `pause` is called before. */
  soon(): void {
    this.#cancel()
    this.#cancel = this.#clock.schedule(QUIET_MILLIS, () => {
      this.#working = this.#work()
    })
  }

  /** Resolves when nothing is being done; nothing will be until `soon` is called. */
  pause(): Promise<void> {
    this.#cancel()
    return this.#working
  }
}
