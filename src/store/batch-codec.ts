// A batch: consecutive records packed into one value behind a header. The checksum covers all of
// it, the chain ties it to its predecessor. docs/format.md gives the reasons.
//
//   0  u32 magic "RCB1"         4  u16 format version     6  u16 header bytes (56)
//   8  u64 number of the first record                    16  u32 records      20  u32 epoch
//  24  f64 time of the first record                      32  f64 time of the last record
//  40  u32 bytes of the records                          44  u32 checksum of the batch before
//  48  u32 CRC-32 of all other bytes of the value        52  u32 0
//  56  records (codec.ts), as they were handed in
import { crc32 } from '../base/checksum.ts'
import { RollcastError } from '../base/errors.ts'
import type { Batch } from './event-log.ts'

export const BATCH_HEADER_BYTES = 56
export const FORMAT_VERSION = 1
export const BATCH_MAGIC = 0x31424352
const CRC_AT = 48

/** What the header says beyond what a reader needs. */
export interface BatchLinks {
  /** Checksum of this batch and of the one before (0 before the first). */
  readonly crc: number
  readonly previousCrc: number
}

export type StoredBatch = Batch & BatchLinks

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const checksum = (value: Uint8Array): number =>
  crc32(value.subarray(CRC_AT + 4), crc32(value.subarray(0, CRC_AT)))

/**
 * Fills the header of `value`, whose records are in place behind it; returns the checksum.
 */
export function sealBatch(
  value: Uint8Array,
  batch: Omit<Batch, 'records'> & { readonly previousCrc: number },
): number {
  const view = viewOf(value)
  view.setUint32(0, BATCH_MAGIC, true)
  view.setUint16(4, FORMAT_VERSION, true)
  view.setUint16(6, BATCH_HEADER_BYTES, true)
  view.setBigUint64(8, BigInt(batch.firstSeq), true)
  view.setUint32(16, batch.count, true)
  view.setUint32(20, batch.epoch, true)
  view.setFloat64(24, batch.firstTime, true)
  view.setFloat64(32, batch.lastTime, true)
  view.setUint32(40, value.byteLength - BATCH_HEADER_BYTES, true)
  view.setUint32(44, batch.previousCrc, true)
  view.setUint32(52, 0, true)
  const crc = checksum(value)
  view.setUint32(CRC_AT, crc, true)
  return crc
}

/** The checksum of the batch before, as a value says that was not checked; undefined if it is short. */
export const previousCrcOf = (value: Uint8Array): number | undefined =>
  value.byteLength < BATCH_HEADER_BYTES ? undefined : viewOf(value).getUint32(44, true)

/** Checks and opens the batch stored under `firstSeq`; the records are a view of `value`. */
export function openBatch(firstSeq: number, value: Uint8Array): StoredBatch {
  const corrupt = (message: string): RollcastError =>
    new RollcastError('LOG_CORRUPT', `batch of event ${firstSeq}: ${message}`)
  if (value.byteLength < BATCH_HEADER_BYTES) throw corrupt(`${value.byteLength} B are too short`)
  const view = viewOf(value)
  const magic = view.getUint32(0, true)
  if (magic !== BATCH_MAGIC) throw corrupt(`expected magic ${BATCH_MAGIC}, found ${magic}`)
  const stored = view.getUint32(CRC_AT, true)
  const found = checksum(value)
  if (stored !== found) {
    throw corrupt(`expected checksum ${stored.toString(16)}, found ${found.toString(16)}`)
  }
  const version = view.getUint16(4, true)
  if (version > FORMAT_VERSION) {
    throw new RollcastError(
      'LOG_VERSION',
      `batch of event ${firstSeq} has format ${version}, this software reads up to ${FORMAT_VERSION}`,
    )
  }
  const headerBytes = view.getUint16(6, true)
  const seq = Number(view.getBigUint64(8, true))
  if (seq !== firstSeq) throw corrupt(`its header says ${seq}`)
  const length = view.getUint32(40, true)
  if (headerBytes + length !== value.byteLength) {
    throw corrupt(`expected ${headerBytes + length} B, found ${value.byteLength}`)
  }
  return {
    firstSeq,
    count: view.getUint32(16, true),
    epoch: view.getUint32(20, true),
    firstTime: view.getFloat64(24, true),
    lastTime: view.getFloat64(32, true),
    records: value.subarray(headerBytes),
    crc: stored,
    previousCrc: view.getUint32(44, true),
  }
}
