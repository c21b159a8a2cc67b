// What lies between batches: each names the one before by its checksum, and a reader takes of the
// first and the last what it asked for.
import { RollcastError } from '../base/errors.ts'
import type { StoredBatch } from './batch-codec.ts'
import type { Batch } from './event-log.ts'
import type { Head } from './log-state.ts'
import { nextRun, recordTime } from './survey.ts'

/** The part of a batch from `fromSeq` to `toSeq`; the batch itself when it lies within. */
export function cutBatch(batch: Batch, fromSeq: number, toSeq: number): Batch {
  const skip = Math.max(0, fromSeq - batch.firstSeq)
  const count = Math.min(batch.count, toSeq - batch.firstSeq + 1) - skip
  if (skip === 0 && count === batch.count) return batch
  const start = skip === 0 ? 0 : nextRun(batch.records, 0, Number.POSITIVE_INFINITY, skip).end
  const run = nextRun(batch.records, start, Number.POSITIVE_INFINITY, count)
  return {
    firstSeq: batch.firstSeq + skip,
    count,
    epoch: batch.epoch,
    firstTime: recordTime(batch.records, start),
    lastTime: recordTime(batch.records, run.last),
    records: batch.records.subarray(start, run.end),
  }
}

/**
 * Both batches are whole, but the second does not follow the first: a page of an earlier life of
 * the log came back. The later life is the log's; within one life neither is believed.
 */
export const isStale = (batch: StoredBatch, next: StoredBatch): boolean =>
  next.previousCrc !== batch.crc && next.epoch >= batch.epoch

export const stale = ({ firstSeq }: StoredBatch): RollcastError =>
  new RollcastError('LOG_CORRUPT', `batch of event ${firstSeq}: the chain of checksums is broken`)

/** Throws when the batch that follows `batch`, or the log's end, says that it is another one. */
export function checkLink(batch: StoredBatch, next: StoredBatch | undefined, head: Head): void {
  if (next ? isStale(batch, next) : head.lastBatch === batch.firstSeq && head.crc !== batch.crc) {
    throw stale(batch)
  }
}
