// Waits for episodes of a run that goes on in this process to be in its dataset: the log says so.
import { setTimeout as delay } from 'node:timers/promises'
import { RollcastError } from '../src/base/errors.ts'
import { openLogReader } from '../src/store/open-log.ts'

/** How often the log is looked at. */
const LOOK_MILLIS = 2

export class SavedEpisodes {
  // The recorder of this process has the file open.
  readonly #reader
  #seq = 0
  #last = 0

  constructor(dir: string) {
    this.#reader = openLogReader(dir, { check: false, readOnly: false })
  }

  /** Passes over what the log says by now; every episode that is waited for has to end after it. */
  passOver(): void {
    this.#seq = this.#reader.durable().seq
  }

  /** Resolves when `episode` and all before it are; TIMEOUT, BAD_INPUT for one that was refused. */
  async wait(episode: number, patienceMillis: number): Promise<void> {
    const until = performance.now() + patienceMillis
    while (this.#last < episode) {
      for (const { seq, event } of this.#reader.events({ fromSeq: this.#seq + 1 })) {
        this.#seq = seq
        if (event.type === 'episode_saved') this.#last = event.episode
        if (event.type === 'episode_refused') throw new RollcastError('BAD_INPUT', event.reason)
      }
      if (performance.now() > until) {
        const found = `the last one that is saved is ${this.#last}`
        throw new RollcastError('TIMEOUT', `expected episode ${episode} to be saved, ${found}`)
      }
      await delay(LOOK_MILLIS)
    }
  }

  close(): Promise<void> {
    return this.#reader.close()
  }
}
