import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { KIB } from '../../src/base/bytes.ts'
import { copyBytes } from '../../src/base/copy-bytes.ts'
import { seededRandom } from '../../src/base/random.ts'

const ROOM_BYTES = 64 * KIB
const memories = {
  own: () => new ArrayBuffer(ROOM_BYTES),
  shared: () => new SharedArrayBuffer(ROOM_BYTES),
  growable: () => {
    const memory = new SharedArrayBuffer(0, { maxByteLength: ROOM_BYTES })
    memory.grow(ROOM_BYTES)
    return memory
  },
}
const kinds = ['own', 'shared', 'growable'] as const

function noise(bytes: Uint8Array | Uint8ClampedArray, seed: number): void {
  const random = seededRandom(seed)
  for (let i = 0; i < bytes.length; i++) bytes[i] = random.below(256)
}

describe('bytes are copied', () => {
  test('as by set, from and to memory of every kind, at any place and length', () => {
    const length = fc.oneof(
      fc.integer({ min: 0, max: 64 }),
      fc.integer({ min: 8 * KIB - 2, max: 8 * KIB + 2 }),
      fc.integer({ min: 0, max: 32 * KIB }),
    )
    const place = fc.integer({ min: 0, max: 32 * KIB })
    const seed = fc.integer()
    const memory = fc.constantFrom(...kinds)
    fc.assert(
      fc.property(
        ...[memory, memory, place, place, length, seed, fc.boolean()],
        (from, to, start, offset, byteLength, noiseSeed, clamped) => {
          const View = clamped ? Uint8ClampedArray : Uint8Array
          const source = new View(memories[from]() as ArrayBuffer, start, byteLength)
          noise(source, noiseSeed)
          const target = new Uint8Array(memories[to]())
          noise(target, noiseSeed + 1)
          const expected = new Uint8Array(target)
          expected.set(source, offset)
          copyBytes(target, offset, source)
          expect(Buffer.compare(target, expected)).toBe(0)
        },
      ),
    )
  })

  test('and what does not fit is refused, nothing of it written', () => {
    for (const byteLength of [1, 20 * KIB]) {
      const target = new Uint8Array(memories.shared())
      const source = new Uint8Array(byteLength).fill(1)
      expect(() => copyBytes(target, ROOM_BYTES - byteLength + 1, source)).toThrow(RangeError)
      expect(() => copyBytes(target, -1, source)).toThrow(RangeError)
      expect(target.every(byte => byte === 0)).toBe(true)
    }
  })
})
