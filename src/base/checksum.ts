// CRC-32 (the polynomial of zlib, PNG and Ethernet), natively about 3 GB/s.
import { crc32 as zlibCrc32 } from 'node:zlib'

/** CRC-32 of `bytes`; pass an earlier result as `seed` to continue it. Unsigned 32 bits. */
export function crc32(bytes: Uint8Array, seed = 0): number {
  return zlibCrc32(bytes, seed)
}

/** zlib's polynomial, the lowest power in the highest bit. */
const POLYNOMIAL = 0xed_b8_83_20
const ONE = 0x80_00_00_00

/** The product of two polynomials modulo zlib's. */
function multiply(a: number, b: number): number {
  let product = 0
  for (let bit = ONE, shifted = b; bit !== 0; bit >>>= 1) {
    if (a & bit) product ^= shifted
    shifted = shifted & 1 ? (shifted >>> 1) ^ POLYNOMIAL : shifted >>> 1
  }
  return product >>> 0
}

/** x to the power of 8 * 2^n, for each bit n of a length in bytes. */
const byteShifts: number[] = []
for (let power = ONE >>> 8; byteShifts.length < 32; power = multiply(power, power)) {
  byteShifts.push(power)
}

/**
 * The CRC-32 of some bytes (with `crc`) that stand behind others (with `before`), `length` of them:
 * as zlib's `crc32_combine`, in a time that does not depend on their number. `length` below 2^32.
 */
export function crc32Behind(before: number, crc: number, length: number): number {
  let shifted = before
  for (let bit = 0, rest = length; rest > 0; bit++, rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) shifted = multiply(byteShifts[bit]!, shifted)
  }
  return (shifted ^ crc) >>> 0
}
