// Memory that is used again: never by two at once, and no more of it than was agreed on.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BufferPool } from '../../src/base/buffer-pool.ts'

describe('a pool of buffers', () => {
  test('gives nobody what another has, whatever is taken and given back in whatever order', () => {
    const act = fc.oneof(
      fc.record({ do: fc.constant('take' as const), byteLength: fc.constantFrom(1, 8, 64, 100) }),
      fc.record({ do: fc.constant('give' as const), which: fc.nat() }),
    )
    fc.assert(
      fc.property(fc.array(act, { maxLength: 200 }), fc.nat(300), (acts, bytesMax) => {
        const pool = new BufferPool({ bytesMax })
        const held: { buffer: Uint8Array; mark: number }[] = []
        for (const [mark, one] of acts.entries()) {
          if (one.do === 'take') {
            const buffer = pool.take(one.byteLength)
            expect(buffer.byteLength).toBe(one.byteLength)
            held.push({ buffer: buffer.fill(mark), mark })
          } else if (held.length > 0) {
            const [{ buffer }] = held.splice(one.which % held.length, 1) as [(typeof held)[0]]
            pool.give(buffer)
          }
          expect(pool.readyBytes).toBeLessThanOrEqual(bytesMax)
          for (const { buffer, mark } of held) {
            expect(buffer.every(byte => byte === (mark & 255))).toBe(true)
          }
        }
      }),
    )
  })

  test('gives out again what came back, and the right length', () => {
    const pool = new BufferPool({ bytesMax: 1000 })
    const [small, large] = [pool.take(10), pool.take(500)]
    pool.give(small)
    pool.give(large)
    expect(pool.readyBytes).toBe(510)
    expect(pool.take(500)).toBe(large)
    expect(pool.take(10)).toBe(small)
    expect(pool.take(10)).not.toBe(small)
    expect(pool.readyBytes).toBe(0)
  })

  test('lets those go first whose length nobody has used for longest', () => {
    const pool = new BufferPool({ bytesMax: 100 })
    const buffers = [40, 30, 40].map(byteLength => pool.take(byteLength))
    for (const buffer of buffers) pool.give(buffer)
    // All three are 110 bytes; the length of the first is that of the last as well.
    expect(pool.readyBytes).toBe(80)
    expect(pool.take(30)).not.toBe(buffers[1])
    pool.give(new Uint8Array(101))
    expect(pool.readyBytes).toBe(80)
  })

  test('has memory that threads share, where that is asked for', () => {
    const of = (shared: boolean) => new BufferPool({ bytesMax: 0, shared }).take(8).buffer
    expect(of(true)).toBeInstanceOf(SharedArrayBuffer)
    expect(of(false)).toBeInstanceOf(ArrayBuffer)
  })

  test('refuses what was given back already', () => {
    const pool = new BufferPool({ bytesMax: 100 })
    const buffer = pool.take(10)
    pool.give(buffer)
    expect(() => pool.give(buffer)).toThrow(/given back once/)
  })
})
