// What a recorder could not record: how much in all, the gap that is told when the log can be written
// to again, and the numbers under which viewers see it meanwhile. Nothing of it is on record.
import type { Layouts } from '../../protocol/codec.ts'
import { Gap, type GapState, type Known } from './gap.ts'
import type { Intake } from './logic.ts'

export class Losses {
  readonly #layouts: Layouts
  #events = 0
  #gap: Gap
  #newestSeq = 0

  /**
   * `layouts` are those that the trainer has declared, also while the disk was full. `gap` is what an
   * earlier recorder had not told yet.
   */
  constructor(layouts: Layouts, gap?: GapState) {
    this.#layouts = layouts
    this.#gap = new Gap(gap)
    for (const layout of gap?.layouts ?? []) layouts.add(layout)
  }

  /** Events in all. */
  get events(): number {
    return this.#events
  }

  /** The number of the newest event that viewers were shown and that is on no record. */
  get newestSeq(): number {
    return this.#newestSeq
  }

  get isTold(): boolean {
    return this.#gap.isEmpty
  }

  /** Counts what was lost; returns the gap, for the host to keep. */
  add(intake: Intake): GapState {
    this.#events += intake.count
    this.#gap.add(intake, this.#layouts)
    return this.#gap.state(this.#layouts)
  }

  /** Numbers go on for viewers; returns the first of so many, `nextSeq` being the log's. */
  number(count: number, nextSeq: number): number {
    const firstSeq = Math.max(this.#newestSeq + 1, nextSeq)
    this.#newestSeq = firstSeq + count - 1
    return firstSeq
  }

  /** The log is written to again: its numbers are the ones that count. */
  end(): void {
    this.#newestSeq = 0
  }

  /** The records that take the place of what was lost; it is told with them. */
  takeRecords(known: Known, time: number): Uint8Array[] {
    const records = this.#gap.records(known, this.#layouts, time)
    this.#gap = new Gap()
    return records
  }
}
