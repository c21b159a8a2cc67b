// The heap behind a ring by itself: what its records cost, and which memory is used again.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MIB } from '../../../src/base/bytes.ts'
import { SpillHeap } from '../../../src/streams/ring/spill-heap.ts'

/** A record whose bytes all are its tag. */
function put(heap: SpillHeap, tag: number, lengthBytes: number): void {
  const offset = heap.claim(lengthBytes)
  heap.newest.bytes.fill(tag, offset, offset + lengthBytes)
  heap.commit(tag)
}

test('C7 records come out in order and unchanged, and cost what was said', () => {
  const lengthBytes = fc.oneof(
    fc.integer({ min: 1, max: 100 }),
    fc.integer({ min: MIB - 40, max: MIB + 8 }),
    fc.integer({ min: 1, max: 3 * MIB }),
  )
  const script = fc.array(fc.oneof({ weight: 3, arbitrary: lengthBytes }, fc.constant(0)), {
    maxLength: 25,
  })
  fc.assert(
    fc.property(script, lengths => {
      const heap = new SpillHeap()
      const held: { tag: number; lengthBytes: number }[] = []
      const take = (): void => {
        const next = held.shift()
        const { words, bytes, start } = heap.oldest
        const [length, tag] = words.subarray(start >> 2)
        expect({ tag, lengthBytes: length }).toEqual(next)
        const payload = bytes.subarray(start + 8, start + 8 + next!.lengthBytes)
        expect([payload[0], payload.at(-1)]).toEqual([next!.tag, next!.tag])
        heap.shift()
      }
      for (const [tag, length] of lengths.entries()) {
        if (length > 0) {
          const expected = heap.bytes + heap.costOf(length)
          put(heap, tag, length)
          held.push({ tag, lengthBytes: length })
          expect(heap.bytes).toBe(expected)
        } else if (held.length > 0) take()
        expect(heap.count).toBe(held.length)
      }
      while (held.length > 0) take()
      expect([heap.count, heap.bytes]).toEqual([0, 0])
    }),
    { numRuns: 30 },
  )
})

test('what a record leaves unused at the end of a block is counted with it', () => {
  const heap = new SpillHeap()
  put(heap, 1, MIB - 64 - 8)
  expect(heap.bytes).toBe(MIB - 64)
  // 64 bytes are left: that is room for 56.
  expect(heap.costOf(56)).toBe(64)
  expect(heap.costOf(57)).toBe(64 + 72)
  put(heap, 2, 57)
  expect(heap.bytes).toBe(MIB + 72)
  heap.shift()
  expect(heap.bytes).toBe(72)
})

test('two blocks that have emptied are kept for the next time, and none larger than a block', () => {
  const heap = new SpillHeap()
  const blocks: ArrayBufferLike[] = []
  const fill = (lengthBytes: number): void => {
    put(heap, 1, lengthBytes)
    blocks.push(heap.newest.bytes.buffer)
  }
  fill(2 * MIB)
  for (let count = 0; count < 4; count++) fill(MIB - 8)
  while (heap.count > 0) heap.shift()
  const [large, first, second, third, last] = blocks.splice(0)
  for (let count = 0; count < 4; count++) fill(MIB - 8)
  // The newest goes on being used, then those that were kept.
  expect(blocks[0]).toBe(last)
  expect(new Set(blocks.slice(1, 3))).toEqual(new Set([first, second]))
  for (const gone of [large, third]) expect(blocks).not.toContain(gone)
})

test('a record that is larger than a block has one of its own, also on an empty heap', () => {
  const heap = new SpillHeap()
  put(heap, 1, 8)
  heap.shift()
  put(heap, 2, 2 * MIB)
  expect(heap.newest.bytes.byteLength).toBe(2 * MIB + 8)
  expect(heap.bytes).toBe(2 * MIB + 8)
  heap.shift()
  expect([heap.count, heap.bytes]).toEqual([0, 0])
})

test('an empty heap has no oldest record', () => {
  const heap = new SpillHeap()
  expect(() => heap.oldest).toThrow(/no record/)
  expect(() => heap.newest).toThrow(/no block/)
  put(heap, 1, 8)
  heap.shift()
  expect(() => heap.shift()).toThrow(/no record/)
})
