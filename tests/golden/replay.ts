// Replays a log: folds its events into the state that the live run had. Bytes are in
// hexadecimal, so that they are equal or not to any test.
import { createHash } from 'node:crypto'
import { emptyState, evolve, noChanges } from '../../src/actors/aggregator/logic.ts'
import { packValue } from '../../src/protocol/codec.ts'
import type { LogReader } from '../../src/store/event-log.ts'
import { openLogReader } from '../../src/store/open-log.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

export interface Replayed {
  /** Of the state at the end of the log: SHA-256. */
  readonly hash: string
  /** The rows of the episode index. */
  readonly rows: ReadonlyMap<number, string>
  /** What the live run left behind: its state at some event, and its rows. */
  readonly live: { readonly position: number; readonly state: string } | undefined
  readonly liveRows: ReadonlyMap<number, string>
  /** The replay's state at that event. */
  readonly atLive: string | undefined
}

/** Replays the log of run directory `dir` from its first event on. */
export async function replayLog(dir: string): Promise<Replayed> {
  const reader = openLogReader(dir)
  try {
    return replay(reader)
  } finally {
    await reader.close()
  }
}

function replay(reader: LogReader): Replayed {
  const snapshot = reader.snapshot('aggregator')
  const state = emptyState()
  const changes = noChanges()
  let atLive: string | undefined
  for (const envelope of reader.events({ fromSeq: 1 })) {
    evolve(state, envelope, changes)
    if (envelope.seq === snapshot?.position) atLive = hex(packValue(state))
  }
  return {
    hash: createHash('sha256').update(packValue(state)).digest('hex'),
    rows: new Map(changes.rows.map(row => [row.episode, hex(packValue(row))])),
    live: snapshot && { position: snapshot.position, state: hex(snapshot.bytes) },
    liveRows: new Map(reader.episodeRows({ limit: 100 }).map(row => [row.episode, hex(row.bytes)])),
    atLive,
  }
}
