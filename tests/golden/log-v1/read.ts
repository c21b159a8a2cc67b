// Everything that a reader gives out of a log, as plain data.
import { openLogReader } from '../../../src/store/open-log.ts'

const hex = (bytes: Uint8Array | undefined): string | null =>
  bytes === undefined ? null : Buffer.from(bytes).toString('hex')

/** Reads the log of run directory `dir` whole. */
export async function readEverything(dir: string): Promise<unknown> {
  const reader = openLogReader(dir)
  try {
    const events = [...reader.events({ fromSeq: 1 })]
    const snapshot = reader.snapshot('projection')
    const plain = {
      durable: reader.durable(),
      events: events.map(e =>
        e.event.type === 'unknown' ? { ...e, event: { ...e.event, body: hex(e.event.body) } } : e,
      ),
      frames: events
        .filter(e => e.event.type === 'frame_captured')
        .map(e => ({ seq: e.seq, pixels: hex(reader.frame(e.seq)) })),
      layouts: reader.layouts().all(),
      rows: reader.episodeRows({ limit: 10 }).map(r => ({ ...r, bytes: hex(r.bytes) })),
      snapshot: snapshot && { ...snapshot, bytes: hex(snapshot.bytes) },
      positions: ['trainer:golden', 'aggregator'].map(p => reader.position(p)),
    }
    return JSON.parse(JSON.stringify(plain))
  } finally {
    await reader.close()
  }
}
