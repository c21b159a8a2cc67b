import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SimulatedClock } from '../../src/base/clock.ts'
import { Batcher, type BatchLimits } from '../../src/streams/batch.ts'

function open(limits: BatchLimits) {
  const clock = new SimulatedClock()
  const batches: (readonly number[])[] = []
  const batcher = new Batcher<number>(limits, {
    clock,
    sizeOf: item => item,
    onBatch: (items, bytes) => {
      expect(bytes).toBe(items.reduce((sum, item) => sum + item, 0))
      batches.push(items)
    },
  })
  return { clock, batches, batcher }
}

const limits = { countMax: 3, bytesMax: 10, delayMillisMax: 50 }

test('a batch closes at its count', () => {
  const { batches, batcher } = open(limits)
  for (const size of [1, 1, 1, 1]) batcher.add(size)
  expect(batches).toEqual([[1, 1, 1]])
  expect(batcher.count).toBe(1)
})

test('a batch closes before an item that has no room, and at an exact fit', () => {
  const { batches, batcher } = open(limits)
  for (const size of [4, 4, 4, 6]) batcher.add(size)
  expect(batches).toEqual([
    [4, 4],
    [4, 6],
  ])
})

test('an item larger than the limit makes a batch of its own', () => {
  const { batches, batcher } = open(limits)
  for (const size of [1, 99, 1]) batcher.add(size)
  expect(batches).toEqual([[1], [99]])
})

test('a lone item leaves after the delay without another one coming', () => {
  const { clock, batches, batcher } = open(limits)
  batcher.add(1)
  clock.advance(30)
  batcher.add(2)
  clock.advance(19)
  expect(batches).toEqual([])
  clock.advance(1)
  expect(batches).toEqual([[1, 2]])
})

test('the delay counts from the first item of a batch, not from an earlier batch', () => {
  const { clock, batches, batcher } = open(limits)
  batcher.add(1)
  clock.advance(40)
  batcher.add(9)
  batcher.add(1)
  expect(batches).toEqual([[1, 9]])
  clock.advance(49)
  expect(batches).toHaveLength(1)
  clock.advance(1)
  expect(batches).toHaveLength(2)
  expect(clock.pending).toBe(0)
})

test('flush hands over what is there and leaves no timer', () => {
  const { clock, batches, batcher } = open(limits)
  batcher.add(1)
  batcher.flush()
  batcher.flush()
  expect(batches).toEqual([[1]])
  expect(clock.pending).toBe(0)
})

test('nothing is lost, doubled or reordered, and no batch passes a limit', () => {
  const steps = fc.array(fc.oneof(fc.integer({ min: 0, max: 12 }), fc.constant('wait' as const)))
  fc.assert(
    fc.property(steps, script => {
      const { clock, batches, batcher } = open(limits)
      for (const step of script) {
        if (step === 'wait') clock.advance(20)
        else batcher.add(step)
      }
      batcher.flush()
      expect(batches.flat()).toEqual(script.filter(step => step !== 'wait'))
      for (const batch of batches) {
        expect(batch.length).toBeLessThanOrEqual(limits.countMax)
        const bytes = batch.reduce((sum, item) => sum + item, 0)
        if (batch.length > 1) expect(bytes).toBeLessThanOrEqual(limits.bytesMax)
      }
    }),
  )
})
