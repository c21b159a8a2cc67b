// The log as it landed on the disk, record by record, read once: what all invariants compare with.
// It believes nothing that the writer says, only the bytes of the commits.
import { Layouts, RECORD_HEADER_BYTES, readRecord } from '../../src/protocol/codec.ts'
import type { Envelope } from '../../src/protocol/events.ts'
import { openBatch } from '../../src/store/batch-codec.ts'
import type { Snapshot } from '../../src/store/event-log.ts'
import { readNameKey, readSeqKey } from '../../src/store/keys.ts'
import { decodeBatch } from '../../src/store/log-reader.ts'
import { unseal } from '../../src/store/sealed-value.ts'
import { decodeSnapshot } from '../../src/store/snapshots.ts'
import type { Write } from '../../src/store/storage.ts'

export interface LandedBatch {
  readonly key: number
  readonly epoch: number
  readonly count: number
  readonly crc: number
  readonly previousCrc: number
}

export interface Commit {
  /** The writer's epoch, and the newest one on the disk as it landed. */
  readonly epoch: number
  readonly newest: number
  readonly deletes: number
}

export class Ledger {
  readonly commits: Commit[] = []
  readonly batches: LandedBatch[] = []
  /** Event `seq` is at index `seq - 1`, as long as numbers have no gap. */
  readonly events: Envelope[] = []
  readonly records: Uint8Array[] = []
  readonly snapshots: Snapshot[] = []
  /** Events whose pixels are there. */
  readonly frames = new Set<number>()
  /** Pixels that went, and whether an earlier commit said that they may. */
  readonly drops: { readonly seq: number; readonly mayGo: boolean }[] = []
  /** Episodes that were given up. */
  readonly released = new Set<number>()
  /** What could not be read back, if anything. */
  damage: string | undefined
  readonly #layouts = new Layouts()

  get lastSeq(): number {
    return this.events.length
  }

  land(epoch: number, newest: number, writes: readonly Write[]): void {
    let deletes = 0
    // What is in the same commit is not durable yet.
    for (const { table, key, value } of writes) {
      if (table === 'frames' && value === undefined) this.#drop(readSeqKey(key))
    }
    for (const { table, key, value } of writes) {
      if (value === undefined) deletes += table === 'events' ? 1 : 0
      else if (table === 'events') this.#landBatch(readSeqKey(key), value.slice())
      else if (table === 'frames') this.frames.add(readSeqKey(key))
      else if (table === 'snapshots') this.#landSnapshot(readNameKey(key), key, value)
    }
    this.commits.push({ epoch, newest, deletes })
  }

  #landBatch(key: number, value: Uint8Array): void {
    try {
      const batch = openBatch(key, value)
      const { epoch, count, crc, previousCrc, records } = batch
      this.batches.push({ key, epoch, count, crc, previousCrc })
      for (const envelope of decodeBatch(batch, this.#layouts)) {
        this.events.push(envelope)
        const { event } = envelope
        if (event.type === 'episode_released') this.released.add(event.episode)
      }
      this.records.push(...recordsOf(records))
    } catch (error) {
      this.damage ??= String(error)
    }
  }

  #drop(seq: number): void {
    const event = this.events[seq - 1]?.event
    const mayGo = event?.type === 'frame_captured' && this.released.has(event.episode)
    this.drops.push({ seq, mayGo })
    this.frames.delete(seq)
  }

  #landSnapshot(name: string, key: Uint8Array, value: Uint8Array): void {
    this.snapshots.push(decodeSnapshot(name, unseal(key, value.slice(), name)))
  }
}

/** Records that lie back to back, one by one. */
export function recordsOf(bytes: Uint8Array): Uint8Array[] {
  const records: Uint8Array[] = []
  for (let at = 0; at + RECORD_HEADER_BYTES <= bytes.byteLength; ) {
    const { end } = readRecord(bytes, at)
    records.push(bytes.subarray(at, end))
    at = end
  }
  return records
}
