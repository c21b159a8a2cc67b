// What is in a log: counts and sizes, from one walk over the headers of its records.
import { readRecord, typeOfKind } from '../protocol/codec.ts'
import { StorageReader } from './log-reader.ts'
import { readHead, readLayouts } from './log-state.ts'
import { type OpenReaderOptions, openForReading } from './open-log.ts'
import { Producers } from './producers.ts'
import type { LogStorage } from './storage.ts'

export interface LogStats {
  readonly epoch: number
  readonly events: number
  readonly batches: number
  /** Bytes of the events' records. */
  readonly eventBytes: number
  /** Events by type; kinds of the future count as `unknown`. */
  readonly eventsByType: Readonly<Record<string, number>>
  /** Frames whose pixels are still there. */
  readonly frames: number
  readonly episodeRows: number
  readonly snapshots: number
  readonly layouts: number
  /** Producers and their positions. */
  readonly producers: Readonly<Record<string, number>>
  /** Event time of the first and of the last event, Unix milliseconds; null when empty. */
  readonly firstTime: number | null
  readonly lastTime: number | null
  readonly cleanClose: boolean
  readonly fileBytes: number
}

/** Counts what is in the log of run directory `dir`. */
export async function logStats(dir: string, options: OpenReaderOptions = {}): Promise<LogStats> {
  const storage = openForReading(dir, options)
  try {
    return storageStats(storage)
  } finally {
    await storage.close()
  }
}

function storageStats(storage: LogStorage): LogStats {
  const byType: Record<string, number> = {}
  let batches = 0
  let events = 0
  let eventBytes = 0
  let firstTime: number | null = null
  let lastTime: number | null = null
  for (const batch of new StorageReader(storage).batches({ fromSeq: 1 })) {
    batches++
    events += batch.count
    eventBytes += batch.records.byteLength
    firstTime ??= batch.firstTime
    lastTime = batch.lastTime
    for (let at = 0; at < batch.records.byteLength; ) {
      const record = readRecord(batch.records, at)
      const type = typeOfKind(record.kind) ?? 'unknown'
      byType[type] = (byType[type] ?? 0) + 1
      at = record.end
    }
  }
  return {
    epoch: storage.epoch(),
    events,
    batches,
    eventBytes,
    eventsByType: byType,
    frames: storage.count('frames'),
    episodeRows: storage.count('episodes'),
    snapshots: storage.count('snapshots'),
    layouts: readLayouts(storage).length,
    producers: Producers.load(storage).positions,
    firstTime,
    lastTime,
    cleanClose: readHead(storage).clean,
    fileBytes: storage.space().fileBytes,
  }
}
