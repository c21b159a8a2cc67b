// CRC-32 (the polynomial of zlib, PNG and Ethernet), natively about 3 GB/s.
import { crc32 as zlibCrc32 } from 'node:zlib'

/** CRC-32 of `bytes`; pass an earlier result as `seed` to continue it. Unsigned 32 bits. */
export function crc32(bytes: Uint8Array, seed = 0): number {
  return zlibCrc32(bytes, seed)
}
