// Values with a checksum in front, for every table but the events (batches carry their own). The
// checksum covers the key too: a value that turns up under another key is damage.
//
//   0  u32 CRC-32 of key and value      4  value
import { assert } from '../base/assert.ts'
import { crc32, crc32Behind } from '../base/checksum.ts'
import { RollcastError } from '../base/errors.ts'

export const SEAL_BYTES = 4

/** A copy of `value` with its checksum. */
export const seal = (key: Uint8Array, value: Uint8Array): Uint8Array =>
  sealInto(new Uint8Array(SEAL_BYTES + value.byteLength), key, value, crc32(value))

/**
 * The same in memory that is there: `sealed`, of `SEAL_BYTES` more than the value. `crc`: the CRC-32
 * of the value alone, so that large ones are read once for both.
 */
export function sealInto(
  sealed: Uint8Array,
  key: Uint8Array,
  value: Uint8Array,
  crc: number,
): Uint8Array {
  assert(sealed.byteLength === SEAL_BYTES + value.byteLength, 'a seal, and the value')
  sealed.set(value, SEAL_BYTES)
  const sum = crc32Behind(crc32(key), crc, value.byteLength)
  new DataView(sealed.buffer, sealed.byteOffset).setUint32(0, sum, true)
  return sealed
}

/** The value without its checksum, a view; `what` names it when it is damaged. */
export const unseal = (key: Uint8Array, sealed: Uint8Array, what: string): Uint8Array =>
  unsealSummed(key, sealed, what).value

/** The same, with the CRC-32 of the value alone: large values are read once for both. */
export function unsealSummed(
  key: Uint8Array,
  sealed: Uint8Array,
  what: string,
): { readonly value: Uint8Array; readonly crc: number } {
  if (sealed.byteLength < SEAL_BYTES) {
    throw new RollcastError('LOG_CORRUPT', `${what}: ${sealed.byteLength} B are too short`)
  }
  const value = sealed.subarray(SEAL_BYTES)
  const stored = new DataView(sealed.buffer, sealed.byteOffset, 4).getUint32(0, true)
  const crc = crc32(value)
  const found = crc32Behind(crc32(key), crc, value.byteLength)
  if (stored !== found) {
    throw new RollcastError(
      'LOG_CORRUPT',
      `${what}: expected checksum ${stored.toString(16)}, found ${found.toString(16)}`,
    )
  }
  return { value, crc }
}
