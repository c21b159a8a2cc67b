// Chosen episodes of a log: where their events are, and how the events of others are left out of
// what is shown. Events of no episode (metrics, insights, facts) stay.
import { decodeRecord, type Layouts, readRecord } from '../protocol/codec.ts'
import type { LogReader } from '../store/event-log.ts'
import { findEpisode } from './history.ts'
import type { Part } from './part.ts'

/** Which run it is stands within the first few events. */
const HEAD_EVENTS = 8

export interface Range {
  readonly fromSeq: number
  readonly toSeq: number
}

export class Selection {
  readonly #reader: LogReader
  readonly #episodes: ReadonlySet<number>

  /** Of finished episodes; NOT_FOUND when one is not. */
  constructor(reader: LogReader, episodes: readonly number[]) {
    this.#reader = reader
    this.#episodes = new Set(episodes)
  }

  /**
   * The head of the log, then where they are, in order; episodes that were played side by side are
   * one range.
   */
  ranges(): Range[] {
    const rows = [...this.#episodes].map(episode => findEpisode(this.#reader, episode))
    const ranges: Range[] = [{ fromSeq: 1, toSeq: HEAD_EVENTS }]
    for (const { firstSeq, lastSeq } of rows.sort((a, b) => a.firstSeq - b.firstSeq)) {
      const last = ranges.at(-1)
      if (last === undefined || firstSeq > last.toSeq) {
        ranges.push({ fromSeq: firstSeq, toSeq: lastSeq })
      } else if (lastSeq > last.toSeq) ranges[ranges.length - 1] = { ...last, toSeq: lastSeq }
    }
    return ranges
  }

  /** What is left of the part without other episodes; `layouts` grows by what is declared. */
  *cut({ firstSeq, records }: Part, layouts: Layouts): Generator<Part> {
    let seq = firstSeq
    let start = 0
    let count = 0
    for (let at = 0; at < records.byteLength; seq++) {
      const record = readRecord(records, at)
      const { event } = decodeRecord(records, record, layouts)
      const isOther = 'episode' in event && !this.#episodes.has(Number(event.episode))
      if (!isOther) count++
      else {
        if (count > 0) yield { firstSeq: seq - count, count, records: records.subarray(start, at) }
        start = record.end
        count = 0
      }
      at = record.end
    }
    if (count > 0) yield { firstSeq: seq - count, count, records: records.subarray(start) }
  }
}
