// Snapshots as bytes: where the fold stood and which code made it, so that a reader can tell
// whether it still fits.
import { RollcastError } from '../base/errors.ts'
import type { Snapshot } from './event-log.ts'

const HEADER_BYTES = 16

/** 0 u32 version, 4 u32 0, 8 f64 position, 16 the fold's bytes. */
export function encodeSnapshot(snapshot: Omit<Snapshot, 'name'>): Uint8Array {
  const value = new Uint8Array(HEADER_BYTES + snapshot.bytes.byteLength)
  const view = new DataView(value.buffer)
  view.setUint32(0, snapshot.version, true)
  view.setFloat64(8, snapshot.position, true)
  value.set(snapshot.bytes, HEADER_BYTES)
  return value
}

export function decodeSnapshot(name: string, value: Uint8Array): Snapshot {
  if (value.byteLength < HEADER_BYTES) {
    throw new RollcastError('LOG_CORRUPT', `snapshot ${name}: ${value.byteLength} B are too short`)
  }
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength)
  return {
    name,
    version: view.getUint32(0, true),
    position: view.getFloat64(8, true),
    bytes: value.subarray(HEADER_BYTES),
  }
}
