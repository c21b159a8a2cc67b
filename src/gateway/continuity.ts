// Whether a viewer that comes back can go on where it was. What it must not miss (rows of the
// index, milestones) is remembered as pairs: published when the newest place shown was `at`, and
// reaching back to event `from`. A viewer that saw a place later than `at` was sent it before.
//
// Invariant: everything published at `floor` or before may have been forgotten.
import type { Position } from '../protocol/position.ts'

const ENTRIES_MAX = 256

export class Continuity {
  #epoch = -1
  #newest = 0
  #floor = 0
  readonly #entries: { readonly at: number; readonly from: number }[] = []

  get position(): Position {
    return { epoch: Math.max(0, this.#epoch), seq: this.#newest }
  }

  /** Something at `position` is about to be shown. A later epoch starts over. */
  note({ epoch, seq }: Position): void {
    if (epoch < this.#epoch) return
    if (epoch > this.#epoch) this.restart({ epoch, seq })
    else if (seq > this.#newest) this.#newest = seq
  }

  /** Nothing before `position` can be continued. */
  restart({ epoch, seq }: Position): void {
    this.#epoch = epoch
    this.#newest = seq
    this.#floor = seq
    this.#entries.length = 0
  }

  /** Something that must not be missed, made of events from `from` on, is about to be shown. */
  record(from: number): void {
    this.#entries.push({ at: this.#newest, from })
    if (this.#entries.length > ENTRIES_MAX) this.#floor = this.#entries.shift()!.at
  }

  /**
   * The first event that a viewer last at `position` may have missed something of; Infinity when
   * it missed nothing; null when it has to start over.
   */
  missedSince({ epoch, seq }: Position): number | null {
    if (epoch !== this.#epoch || seq <= this.#floor || seq > this.#newest) return null
    let from = Number.POSITIVE_INFINITY
    for (const entry of this.#entries) {
      if (entry.at >= seq) from = Math.min(from, entry.from)
    }
    return from
  }
}
