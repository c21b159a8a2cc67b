// Events of some kinds out of batches: records of other kinds are passed over undecoded, so that
// the few rare ones of a long log are found quickly.
import { RollcastError } from '../base/errors.ts'
import { decodeRecord, type Layouts, readRecord, typeOfKind } from '../protocol/codec.ts'
import type { Envelope, EventType } from '../protocol/events.ts'
import type { Batch } from '../store/event-log.ts'

/** The events of `batch` whose type is among `types`; undefined takes all. Throws LOG_CORRUPT. */
export function* selectEvents(
  batch: Batch,
  layouts: Layouts,
  types: ReadonlySet<EventType> | undefined,
): Generator<Envelope> {
  let seq = batch.firstSeq
  for (let at = 0; at < batch.records.byteLength; seq++) {
    const record = readRecord(batch.records, at)
    at = record.end
    const type = typeOfKind(record.kind) ?? 'unknown'
    // What is declared is needed for what follows, wanted or not.
    if (types && !types.has(type) && type !== 'layout_declared') continue
    const envelope = decode(batch, record, layouts, seq)
    if (types === undefined || types.has(type)) yield envelope
  }
}

function decode(
  { epoch, records }: Batch,
  record: ReturnType<typeof readRecord>,
  layouts: Layouts,
  seq: number,
): Envelope {
  try {
    return { seq, epoch, ...decodeRecord(records, record, layouts) }
  } catch (cause) {
    throw new RollcastError('LOG_CORRUPT', `event ${seq} cannot be decoded`, { cause })
  }
}
