// A part of a batch of the log: what is played in one go.
import { readRecord } from '../protocol/codec.ts'
import type { Batch } from '../store/event-log.ts'

/** `count` records, back to back, from event `firstSeq` on. */
export interface Part {
  readonly firstSeq: number
  readonly count: number
  readonly records: Uint8Array
}

/** Cuts a batch where the pace asks for it: parts whose records fall due within `spanMillis`. */
export function* splitByTime(
  batch: Batch,
  dueAt: (time: number) => number,
  spanMillis: number,
): Generator<Part & { readonly due: number }> {
  const { records } = batch
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength)
  let start = 0
  let firstSeq = batch.firstSeq
  let count = 0
  let due = 0
  for (let at = 0; at < records.byteLength; ) {
    const record = readRecord(records, at)
    const recordDue = dueAt(view.getFloat64(record.bodyOffset, true))
    if (count === 0) due = recordDue
    else if (recordDue - due > spanMillis) {
      yield { firstSeq, count, records: records.subarray(start, at), due }
      firstSeq += count
      start = at
      count = 0
      due = recordDue
    }
    count++
    at = record.end
  }
  if (count > 0) yield { firstSeq, count, records: records.subarray(start), due }
}
