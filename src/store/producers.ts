// What the log knows of those who append to it, so that a contribution is there once, however often
// and in whatever order it is handed in (promise P4): one that was added before is told by its
// producer's position and answered with the number that it got then; one that does not follow the
// producer's last one is refused, because it would turn those in between into duplicates.
import { RollcastError } from '../base/errors.ts'
import type { Contribution } from './event-log.ts'
import { metaWrite, namesUnder, readMeta } from './meta.ts'
import type { LogStorage, Write } from './storage.ts'

const POSITION = 'producer/'
const RECENT = 'recent/'
/** Contributions of each producer whose first number is known again. */
const RECENT_MAX = 16

/** A contribution that is in the log: the producer's position before it, and its first number. */
type Recent = readonly [after: number, firstSeq: number]

export class Producers {
  readonly #positions = new Map<string, number>()
  /** The last contributions of each, oldest first. */
  readonly #recent = new Map<string, Recent[]>()

  /** Those of the storage's last commit. */
  static load(storage: LogStorage): Producers {
    const producers = new Producers()
    for (const name of namesUnder(storage, POSITION)) {
      const producer = name.slice(POSITION.length)
      producers.#positions.set(producer, readMeta(storage, name) as number)
      // A log of before there were such rows has none.
      const recent = readMeta(storage, RECENT + producer) as Recent[] | undefined
      producers.#recent.set(producer, recent ?? [])
    }
    return producers
  }

  /** Name to position. */
  get positions(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#positions)
  }

  position(producer: string): number | undefined {
    return this.#positions.get(producer)
  }

  /**
   * Undefined when the contribution is the producer's next; when it is in the log already, its
   * first number, or 0 when that is forgotten. Throws OUT_OF_ORDER when it does not follow.
   */
  find({ producer, position, after }: Contribution): number | undefined {
    const known = this.#positions.get(producer)
    if (known !== undefined && position <= known) {
      const recent = this.#recent.get(producer) ?? []
      // Without a word about where it begins, it is the one that ended there too.
      const begins = after ?? recent.findLast(([before]) => before < position)?.[0]
      return recent.find(([before]) => before === begins)?.[1] ?? 0
    }
    const expected = known ?? 0
    if (after === undefined || after === expected) return undefined
    throw new RollcastError(
      'OUT_OF_ORDER',
      `${producer}: expected what follows position ${expected}, found ${position} after ${after}; ` +
        `nothing was added, send again from ${expected} on`,
      { temporary: true },
    )
  }

  /** The contribution that reaches `position` is in the log, from `firstSeq` on. */
  note(producer: string, position: number, firstSeq: number): void {
    const recent = this.#recent.get(producer) ?? []
    if (recent.length === RECENT_MAX) recent.shift()
    recent.push([this.#positions.get(producer) ?? 0, firstSeq])
    this.#recent.set(producer, recent)
    this.#positions.set(producer, position)
  }

  /**
   * Forgets what lay behind event `lastSeq`, which was cut. Who follows the log must see again what
   * comes in its place, so no position stays ahead of it; a ring, which counts far ahead of the
   * log, sends nothing again and is not touched by this.
   */
  cutAt(lastSeq: number): void {
    for (const [producer, position] of this.#positions) {
      const kept = Math.min(position, lastSeq)
      this.#positions.set(producer, kept)
      const recent = this.#recent.get(producer) ?? []
      this.#recent.set(
        producer,
        recent.filter(([after, firstSeq]) => after < kept && firstSeq <= lastSeq),
      )
    }
  }

  /** What a transaction with contributions of `producer` has to write. */
  writes(producer: string): Write[] {
    return [
      metaWrite(POSITION + producer, this.#positions.get(producer)),
      metaWrite(RECENT + producer, this.#recent.get(producer)),
    ]
  }

  allWrites(): Write[] {
    return [...this.#positions.keys()].flatMap(producer => this.writes(producer))
  }
}

/** The position of `producer` as of the storage's last commit. */
export const readPosition = (storage: LogStorage, producer: string): number | undefined =>
  readMeta(storage, POSITION + producer) as number | undefined
