// What a reader of the log shows, compared with its history.
import type { Envelope } from '../../../src/protocol/events.ts'
import type { LogReader } from '../../../src/store/event-log.ts'
import { pixelsOf } from '../../store/records.ts'
import type { Invariants } from '../campaign.ts'
import { type History, nameOf } from './history.ts'

/** Frames whose pixels are gone, and those that were asked to go: whether they have is not known. */
export interface Pruned {
  readonly before: number
  readonly asked: number
}

export interface Range {
  /** Where it begins, as a part of what is durable, and how many events further it ends. */
  readonly from: number
  readonly length: number
  readonly reverse: boolean
}

export class Reading {
  readonly #reader: LogReader
  readonly #history: History
  readonly #invariants: Invariants

  constructor(reader: LogReader, history: History, invariants: Invariants) {
    this.#reader = reader
    this.#history = history
    this.#invariants = invariants
  }

  /** Reads a range and checks it; nothing before `seenSeq` may have vanished. Returns the end. */
  check({ from, length, reverse }: Range, seenSeq: number, pruned: Pruned): number {
    const durable = this.#reader.durable().seq
    this.#invariants.holds(7, durable >= seenSeq, () => `durable ${durable} after ${seenSeq}`)
    const whole = this.#history.endsAt(durable)
    this.#invariants.holds(3, whole, () => `${durable} is in the middle of a contribution`)
    const fromSeq = 1 + Math.floor(from * durable)
    const toSeq = Math.min(durable, fromSeq + length)
    const expected = this.#history.names(toSeq).slice(fromSeq - 1)
    const read = this.#undamaged(() => [...this.#reader.events({ fromSeq, toSeq, reverse })])
    if (reverse) read.reverse()
    const seqs = read.every(({ seq }, i) => seq === fromSeq + i)
    this.#invariants.holds(1, seqs, () => `read ${read.map(({ seq }) => seq)} from ${fromSeq} on`)
    const found = read.map(({ event }) => nameOf(event))
    const same = found.join() === expected.join()
    this.#invariants.holds(3, same, () => `read ${found}, expected ${expected}`)
    for (const envelope of read) this.#checkFrame(envelope, pruned)
    return durable
  }

  #checkFrame({ seq, event }: Envelope, pruned: Pruned): void {
    if (event.type !== 'frame_captured') return
    const pixels = this.#undamaged(() => this.#reader.frame(seq))
    const gone = pixels === undefined
    const intact = !gone && Buffer.compare(pixels, pixelsOf(event.index)) === 0
    const right = seq < pruned.before ? gone : intact || (gone && seq < pruned.asked)
    this.#invariants.holds(4, right, () => `frame ${seq}: ${gone ? 'no' : 'other'} pixels`)
  }

  /** What `read` gives; damage is a broken invariant here, because nobody damaged anything. */
  #undamaged<T>(read: () => T): T {
    let problem = ''
    try {
      return read()
    } catch (error) {
      problem = String(error)
      throw error
    } finally {
      this.#invariants.holds(4, problem === '', () => problem)
    }
  }
}
