// The model of a log: what was handed in, in order. Everything that the log shows has to be a prefix
// of it, and everything that was acknowledged has to be in that prefix.
import type { Event } from '../../../src/protocol/events.ts'
import type { Contribution, Snapshot } from '../../../src/store/event-log.ts'

/** A contribution that was handed in, with the numbers that it was given. */
export interface Sent {
  readonly contribution: Contribution
  readonly firstSeq: number
  readonly lastSeq: number
  /** What its events are, in short. */
  readonly names: readonly string[]
  acked: boolean
}

export const nameOf = (event: Event): string => {
  if (event.type === 'metrics_sampled') return `m${event.globalStep}`
  if (event.type === 'frame_captured') return `f${event.index}`
  return event.type
}

export class History {
  #sent: readonly Sent[] = []

  /** The last number that was given. */
  get lastSeq(): number {
    return this.#sent.at(-1)?.lastSeq ?? 0
  }

  get snapshot(): Snapshot | undefined {
    return this.#sent.findLast(one => one.contribution.snapshot)?.contribution.snapshot
  }

  /** The names of all events up to `seq`. */
  names(seq: number): string[] {
    return this.#sent.flatMap(one => one.names).slice(0, seq)
  }

  /** Whether a contribution ends with this event, so that nothing of it is missing. */
  endsAt(seq: number): boolean {
    return seq === 0 || this.#sent.some(({ lastSeq }) => lastSeq === seq)
  }

  of(producer: string): readonly Sent[] {
    return this.#sent.filter(one => one.contribution.producer === producer)
  }

  /** Where the producer stands. */
  position(producer: string): number {
    return this.of(producer).at(-1)?.contribution.position ?? 0
  }

  add(sent: Sent): void {
    this.#sent = [...this.#sent, sent]
  }

  /** Whether all that was handed in before it has been acknowledged. */
  isNext(sent: Sent): boolean {
    return this.#sent.slice(0, this.#sent.indexOf(sent)).every(one => one.acked)
  }

  /** Whether nothing beyond `seq` has been acknowledged. */
  acknowledgedWithin(seq: number): boolean {
    return this.#sent.every(one => !one.acked || one.lastSeq <= seq)
  }

  /**
   * The log was opened again and tells these positions of its producers. What they do not cover is
   * gone; the rest has to stay from now on, whether or not anybody was told of it.
   */
  survive(positions: Readonly<Record<string, number>>): { lost: Sent[]; isPrefix: boolean } {
    const before = this.#sent
    this.#sent = before.filter(
      ({ contribution: { producer, position } }) => position <= (positions[producer] ?? -1),
    )
    const isPrefix = this.#sent.every((one, i) => one === before[i])
    const lost = before.slice(this.#sent.length).filter(one => one.acked)
    for (const one of this.#sent) one.acked = true
    return { lost, isPrefix }
  }
}
