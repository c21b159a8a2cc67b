import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { alignUp, formatBytes, GIB, isPowerOfTwo, KIB, MIB } from '../../src/base/bytes.ts'

describe('sizes', () => {
  test('are aligned up to the next multiple, also past 31 and 32 bits', () => {
    const alignments = fc.constantFrom(1, 2, 8, 4096)
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 40 }), alignments, (value, alignment) => {
        const aligned = alignUp(value, alignment)
        expect(aligned % alignment).toBe(0)
        expect(aligned).toBeGreaterThanOrEqual(value)
        expect(aligned - value).toBeLessThan(alignment)
      }),
    )
    expect(alignUp(0xffff_ffff, 8)).toBe(2 ** 32)
  })

  test('are powers of two only when they are whole and exact', () => {
    for (let exponent = 0; exponent <= 53; exponent++)
      expect(isPowerOfTwo(2 ** exponent)).toBe(true)
    const others = [0, -1, -8, 0.5, 1.5, 3, 1024.5, 2 ** 32 + 1, 3 * 2 ** 31, 2 ** 53 - 1]
    for (const value of [...others, Number.NaN, Infinity]) expect(isPowerOfTwo(value)).toBe(false)
  })

  test('are written for people with one decimal, and bytes without', () => {
    const written = [0, 1023, KIB, 1536, 3 * MIB, 2.5 * GIB, 5000 * 1024 * GIB, -2048].map(
      formatBytes,
    )
    const expected = ['0 B', '1023 B', '1.0 KiB', '1.5 KiB', '3.0 MiB', '2.5 GiB', '5000.0 TiB']
    expect(written).toEqual([...expected, '-2.0 KiB'])
  })
})
