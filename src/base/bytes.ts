// Sizes and alignment.

export const KIB = 1024
export const MIB = 1024 * KIB
export const GIB = 1024 * MIB

/** The smallest multiple of `alignment` (a power of two) that is not below `value`. */
export function alignUp(value: number, alignment: number): number {
  return (value + alignment - 1) & -alignment
}

export const isPowerOfTwo = (value: number): boolean => value > 0 && (value & (value - 1)) === 0

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
