// What every policy must keep, whatever the order of offers and takes. Run on all of them.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SimulatedClock } from '../../src/base/clock.ts'
import type { ChannelSpec, Policy } from '../../src/protocol/policies.ts'
import { Channel } from '../../src/streams/channel.ts'

interface Item {
  readonly id: number
  readonly key: number
  readonly bytes: number
}

const policies: readonly Policy[] = [
  { kind: 'block' },
  { kind: 'drop-oldest' },
  { kind: 'drop-newest' },
  { kind: 'latest' },
  { kind: 'sample', everyMillis: 5 },
  { kind: 'spill', spillCountMax: 7, spillBytesMax: 60 },
  { kind: 'disconnect' },
]

const COUNT_MAX = 4
const BYTES_MAX = 20

function open(policy: Policy) {
  const clock = new SimulatedClock()
  const spec: ChannelSpec = { name: 'test', policy, countMax: COUNT_MAX, bytesMax: BYTES_MAX }
  const channel = new Channel<Item>(spec, {
    clock,
    sizeOf: item => item.bytes,
    keyOf: item => item.key,
  })
  return { clock, channel }
}

type Step =
  | { readonly do: 'offer'; readonly key: number; readonly bytes: number }
  | { readonly do: 'take' }
  | { readonly do: 'takeBatch'; readonly count: number; readonly bytes: number }
  | { readonly do: 'advance'; readonly millis: number }

const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('offer' as const),
      key: fc.integer({ min: 0, max: 5 }),
      bytes: fc.integer({ min: 0, max: BYTES_MAX + 2 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('take' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('takeBatch' as const),
      count: fc.integer({ min: 1, max: 4 }),
      bytes: fc.integer({ min: 0, max: 30 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('advance' as const),
      millis: fc.integer({ min: 0, max: 6 }),
    }),
  },
)

describe.each(policies)('a channel under $kind', policy => {
  const countBound = COUNT_MAX + (policy.kind === 'spill' ? policy.spillCountMax : 0)
  const bytesBound = BYTES_MAX + (policy.kind === 'spill' ? policy.spillBytesMax : 0)

  test('C1 keeps its books and its bounds under any order of offers and takes', () => {
    fc.assert(
      fc.property(fc.array(stepArbitrary, { maxLength: 120 }), steps => {
        const { clock, channel } = open(policy)
        let id = 0
        let answered = 0
        const taken: Item[] = []
        for (const step of steps) {
          if (step.do === 'offer') {
            const result = channel.offer({ id: id++, key: step.key, bytes: step.bytes })
            if (result !== 'full') answered++
          } else if (step.do === 'take') {
            const item = channel.take()
            if (item) taken.push(item)
          } else if (step.do === 'takeBatch') {
            const batch = channel.takeBatch(step.count, step.bytes)
            const bytes = batch.reduce((sum, item) => sum + item.bytes, 0)
            expect(batch.length).toBeLessThanOrEqual(step.count)
            if (batch.length > 1) expect(bytes).toBeLessThanOrEqual(step.bytes)
            taken.push(...batch)
          } else {
            clock.advance(step.millis)
          }
          const now = channel.counters
          expect(now.offered).toBe(answered)
          expect(now.offered).toBe(now.taken + now.dropped + now.depth)
          expect(now.taken).toBe(taken.length)
          expect(now.depth).toBeLessThanOrEqual(countBound)
          expect(now.depthBytes).toBeLessThanOrEqual(bytesBound)
          expect(now.highWater).toBeGreaterThanOrEqual(now.depth)
        }
        const rest = channel.takeBatch(1000, 1e9)
        taken.push(...rest)
        expect(channel.counters.depthBytes).toBe(0)
        expect(new Set(taken.map(item => item.id)).size).toBe(taken.length)
        // Under `latest` a newer item of a key takes the older one's turn; order is kept otherwise.
        if (policy.kind === 'latest') return
        expect(taken.map(item => item.id)).toEqual(taken.map(item => item.id).sort((a, b) => a - b))
      }),
      { numRuns: 150 },
    )
  })

  test('drops an item that is larger than its bound, and counts it', () => {
    const { channel } = open(policy)
    expect(channel.offer({ id: 0, key: 0, bytes: BYTES_MAX + 1 })).toBe('dropped')
    expect(channel.counters).toMatchObject({ offered: 1, dropped: 1, depth: 0 })
  })

  test('tells the reader once when it stops being empty', () => {
    const { clock, channel } = open(policy)
    let calls = 0
    channel.onReadable = () => calls++
    channel.offer({ id: 0, key: 0, bytes: 1 })
    clock.advance(10)
    channel.offer({ id: 1, key: 1, bytes: 1 })
    expect(calls).toBe(1)
    channel.takeBatch(10, 100)
    clock.advance(10)
    channel.offer({ id: 2, key: 2, bytes: 1 })
    expect(calls).toBe(2)
  })

  test('gives out what it held when it was closed, and nothing that was offered later', () => {
    const { channel } = open(policy)
    channel.offer({ id: 0, key: 0, bytes: 1 })
    channel.close()
    expect(channel.offer({ id: 1, key: 1, bytes: 1 })).toBe('closed')
    expect(channel.take()?.id).toBe(0)
    expect(channel.take()).toBeUndefined()
    expect(channel.counters).toMatchObject({ offered: 2, taken: 1, dropped: 1, depth: 0 })
  })

  test('counts what it held as dropped when it is closed with `discard`', () => {
    const { channel } = open(policy)
    for (let id = 0; id < 3; id++) channel.offer({ id, key: id, bytes: 10 })
    channel.close('discard')
    const { offered, dropped, depth, depthBytes, taken } = channel.counters
    expect({ depth, depthBytes, taken }).toEqual({ depth: 0, depthBytes: 0, taken: 0 })
    expect(offered).toBe(dropped)
  })
})

describe('the newest item (C2)', () => {
  test.each([{ kind: 'drop-oldest' } as const, { kind: 'latest' } as const])(
    'always gets in under $kind',
    policy => {
      const offers = fc.array(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ max: 20 })), {
        maxLength: 60,
      })
      fc.assert(
        fc.property(offers, pairs => {
          const { channel } = open(policy)
          pairs.forEach(([key, bytes], id) => {
            expect(channel.offer({ id, key, bytes: Math.abs(bytes) % 21 })).toBe('accepted')
          })
          const ids = channel.takeBatch(100, 1e9).map(item => item.id)
          if (pairs.length > 0) expect(ids).toContain(pairs.length - 1)
        }),
      )
    },
  )
})
