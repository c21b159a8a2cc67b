// The newest events of a run, as the live feed would have brought them: with them the stage is set for
// who was not there when they came, while a trainer that pauses brings nothing.
import { MIB } from '../base/bytes.ts'
import type { LiveBatch } from '../protocol/thread-messages.ts'
import type { LogReader } from '../store/event-log.ts'

const EVENTS_MAX = 1_000
const BYTES_MAX = 4 * MIB

/**
 * The last thousand events up to `toSeq`, in their batches, and fewer where they take more than 4 MiB;
 * the newest batch always. Frames are without their pixels.
 */
export function newestBatches(reader: LogReader, toSeq: number): LiveBatch[] {
  const batches: LiveBatch[] = []
  let bytes = 0
  const fromSeq = Math.max(1, toSeq - EVENTS_MAX + 1)
  for (const { epoch, firstSeq, count, records } of reader.batches({ fromSeq, toSeq })) {
    batches.push({ epoch, firstSeq, count, records: records.slice(), mode: 'live' })
    bytes += records.byteLength
    while (bytes > BYTES_MAX && batches.length > 1) bytes -= batches.shift()!.records.byteLength
  }
  const layouts = reader.layouts().all()
  // Whoever takes the first of an epoch forgets what was declared before.
  return batches.map((batch, at) =>
    batch.epoch === batches[at - 1]?.epoch ? batch : { ...batch, layouts },
  )
}
