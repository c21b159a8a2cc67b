// What a recorder could not record: how much in all, the gap that is told when the log can be written
// to again, and the numbers under which viewers see it meanwhile. Nothing of it is on record.
import type { Layouts } from '../../protocol/codec.ts'
import { Gap, type GapState } from './gap.ts'
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

  /** The gap, to be told; what is lost from here on is another one. */
  takeGap(): Gap {
    const gap = this.#gap
    this.#gap = new Gap()
    return gap
  }

  /** What was taken could not be told; returns the gap, for the host to keep. */
  giveBack(gap: Gap): GapState {
    this.#gap.addEarlier(gap)
    return this.#gap.state(this.#layouts)
  }
}
