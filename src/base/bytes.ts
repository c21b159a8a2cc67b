// Sizes and alignment.

export const KIB = 1024
export const MIB = 1024 * KIB
export const GIB = 1024 * MIB

/** Whether threads share the memory of `bytes`: a message then carries no copy of it. */
export const isShared = ({ buffer }: Uint8Array): boolean => buffer instanceof SharedArrayBuffer

/** What of `bytes` a message moves: its memory, unless threads share it. */
export const movableOf = ({ buffer }: Uint8Array): ArrayBuffer[] =>
  buffer instanceof ArrayBuffer ? [buffer] : []

/** The smallest multiple of `alignment` that is not below `value`; exact up to 2^53. */
export function alignUp(value: number, alignment: number): number {
  // Not by bit masks: a length of 32 bits that was read from garbage must not come out smaller.
  return Math.ceil(value / alignment) * alignment
}

/** True for 1, 2, 4, ... up to 2^53. */
export const isPowerOfTwo = (value: number): boolean =>
  value >= 1 && value <= 2 ** 53 && 2 ** Math.round(Math.log2(value)) === value

/** `1536` -> `1.5 KiB`; for people, never parsed. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes
  let unit = 0
  while (Math.abs(value) >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}
