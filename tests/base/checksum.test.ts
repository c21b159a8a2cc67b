import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { crc32, crc32Behind } from '../../src/base/checksum.ts'

describe('crc32', () => {
  test('gives the check value of the standard, as 32 bits without a sign', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926)
    expect(crc32(new Uint8Array())).toBe(0)
  })

  test('of a whole is that of its parts, one continued by the other', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (head, tail) => {
        expect(crc32(tail, crc32(head))).toBe(crc32(Buffer.concat([head, tail])))
      }),
    )
  })

  test('of a whole is that of its parts, each summed up by itself', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array({ maxLength: 5000 }), (head, tail) => {
        const whole = crc32(Buffer.concat([head, tail]))
        expect(crc32Behind(crc32(head), crc32(tail), tail.length)).toBe(whole)
      }),
    )
    const zeros = new Uint8Array(3_000_001)
    const behind = crc32Behind(0xdeadbeef, crc32(zeros), zeros.length)
    expect(behind).toBe(crc32(zeros, 0xdeadbeef))
  })

  test('changes with every flipped bit', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), fc.nat(), (bytes, place) => {
        const before = crc32(bytes)
        const bit = place % (bytes.length * 8)
        bytes[bit >> 3] = bytes[bit >> 3]! ^ (1 << (bit & 7))
        expect(crc32(bytes)).not.toBe(before)
      }),
    )
  })
})
