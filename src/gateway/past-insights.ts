// The newest insights that were shown, for viewers that come back: unlike rows and milestones nothing
// else holds them. Bounded in count and in bytes; who was away for longer than that is told to start
// over.
//
// Invariant: everything shown at `floor` or before may have been forgotten.
import { MIB } from '../base/bytes.ts'
import type { Level } from '../protocol/levels.ts'
import type { SharedMessage } from './shared-message.ts'

/** With the rows and milestones of a greeting, less than a lane's queue holds. */
const COUNT_MAX = 256
const BYTES_MAX = 4 * MIB

export interface ShownInsight {
  /** Null when it is about all of them. */
  readonly agent: string | null
  /** What a viewer of that level is told. */
  readonly messageFor: (level: Level) => SharedMessage
}

interface PastInsight extends ShownInsight {
  /** The newest place that was shown when it was. */
  readonly at: number
  readonly bytes: number
}

export class PastInsights {
  #floor = 0
  #bytes = 0
  readonly #past: PastInsight[] = []

  /** Nothing that was shown at `seq` or before can be told again. */
  restart(seq: number): void {
    this.#floor = seq
    this.#bytes = 0
    this.#past.length = 0
  }

  /** It is shown, where the newest place is `at`; `bytes` is about what it takes. */
  remember(at: number, bytes: number, { agent, messageFor }: ShownInsight): void {
    this.#past.push({ at, bytes, agent, messageFor })
    this.#bytes += bytes
    while (this.#past.length > COUNT_MAX || this.#bytes > BYTES_MAX) {
      const forgotten = this.#past.shift()!
      this.#bytes -= forgotten.bytes
      this.#floor = forgotten.at
    }
  }

  /**
   * What a viewer last at `seq` may have missed, in order, and perhaps some that it had already; null
   * when some of that may have been forgotten.
   */
  missedSince(seq: number): readonly ShownInsight[] | null {
    if (seq <= this.#floor) return null
    return this.#past.filter(({ at }) => at >= seq)
  }
}
