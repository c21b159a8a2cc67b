// What each policy does that the others do not.
import { describe, expect, test } from 'vitest'
import { SimulatedClock } from '../../src/base/clock.ts'
import type { Policy } from '../../src/protocol/policies.ts'
import { Channel } from '../../src/streams/channel.ts'

/** A channel of strings, each as many bytes as characters, keyed by the first character. */
function open(policy: Policy, countMax = 3, bytesMax = 100) {
  const clock = new SimulatedClock()
  const left: string[] = []
  const channel = new Channel<string>(
    { name: 'test', policy, countMax, bytesMax },
    {
      ...{ clock, sizeOf: item => item.length, keyOf: item => item[0] ?? '' },
      onLeft: item => left.push(item),
    },
  )
  const offer = (...items: string[]) => items.map(item => channel.offer(item))
  return { clock, channel, offer, left, drain: () => channel.takeBatch(1000, 1e9) }
}

describe('block', () => {
  test('refuses without losing or counting, and measures the wait until there is room', () => {
    const { clock, channel, offer } = open({ kind: 'block' })
    expect(offer('a', 'b', 'c', 'd')).toEqual(['accepted', 'accepted', 'accepted', 'full'])
    clock.advance(30)
    expect(offer('d')).toEqual(['full'])
    clock.advance(12)
    expect(channel.counters).toMatchObject({ offered: 3, dropped: 0, blockedMillis: 42 })
    channel.take()
    clock.advance(1000)
    expect(channel.counters.blockedMillis).toBe(42)
  })

  test('calls onWritable when the refused item would fit, not at just any take', () => {
    const { channel, offer } = open({ kind: 'block' }, 10, 10)
    let calls = 0
    channel.onWritable = () => calls++
    offer('aa', 'bb', 'cccccc')
    expect(offer('dddd')).toEqual(['full'])
    channel.take()
    expect(calls).toBe(0)
    channel.take()
    expect(calls).toBe(1)
    channel.take()
    expect(calls).toBe(1)
  })

  test('keeps the order when onWritable offers the waiting items from within take', () => {
    const { channel, offer } = open({ kind: 'block' }, 1)
    const waiting = ['b', 'c', 'd']
    const seen: string[] = []
    const drainAll = (): void => {
      for (let item = channel.take(); item !== undefined; item = channel.take()) seen.push(item)
    }
    offer('a', 'b')
    channel.onReadable = drainAll
    channel.onWritable = () => {
      while (waiting.length > 0 && channel.offer(waiting[0]!) === 'accepted') waiting.shift()
    }
    drainAll()
    expect(seen).toEqual(['a', 'b', 'c', 'd'])
  })
})

describe('drop-oldest', () => {
  test('drops as many of the oldest as the newest needs', () => {
    const { channel, offer, drain } = open({ kind: 'drop-oldest' }, 10, 10)
    offer('aaa', 'bbb', 'ccc', 'dddddd')
    expect(channel.counters).toMatchObject({ dropped: 2, depthBytes: 9 })
    expect(drain()).toEqual(['ccc', 'dddddd'])
  })
})

describe('drop-newest', () => {
  test('keeps what it has', () => {
    const { offer, drain } = open({ kind: 'drop-newest' })
    expect(offer('a', 'b', 'c', 'd').at(-1)).toBe('dropped')
    expect(drain()).toEqual(['a', 'b', 'c'])
  })
})

describe('latest', () => {
  test('keeps one item a key, in the turn of the first of that key', () => {
    const { channel, offer, drain } = open({ kind: 'latest' })
    offer('a1', 'b1', 'a2', 'a3')
    expect(channel.counters).toMatchObject({ dropped: 2, depth: 2 })
    expect(drain()).toEqual(['a3', 'b1'])
    offer('a4')
    expect(drain()).toEqual(['a4'])
  })

  test('lets the oldest key go when there are more keys than room', () => {
    const { offer, drain } = open({ kind: 'latest' })
    offer('a1', 'b1', 'c1', 'd1', 'a2')
    expect(drain()).toEqual(['c1', 'd1', 'a2'])
  })

  test('makes room for a larger successor among the others, never of itself', () => {
    const { offer, drain } = open({ kind: 'latest' }, 10, 10)
    offer('aaa', 'bbb', 'ccc')
    offer('aaaaaaa')
    expect(drain()).toEqual(['ccc', 'aaaaaaa'])
  })
})

describe('sample', () => {
  test('lets one item in every interval and counts the others', () => {
    const { clock, channel, offer, drain } = open({ kind: 'sample', everyMillis: 100 })
    expect(offer('a', 'b')).toEqual(['accepted', 'dropped'])
    clock.advance(99)
    expect(offer('c')).toEqual(['dropped'])
    clock.advance(1)
    expect(offer('d')).toEqual(['accepted'])
    expect(channel.counters).toMatchObject({ offered: 4, dropped: 2 })
    expect(drain()).toEqual(['a', 'd'])
  })
})

describe('spill', () => {
  test('puts what does not fit on the heap, keeps the order, and drops past both bounds', () => {
    const { channel, offer, drain } = open({ kind: 'spill', spillCountMax: 2, spillBytesMax: 50 })
    expect(offer('a', 'b', 'c', 'd', 'e', 'f').at(-1)).toBe('dropped')
    expect(channel.counters).toMatchObject({ spilled: 2, dropped: 1, depth: 5 })
    expect(channel.take()).toBe('a')
    expect(offer('g')).toEqual(['accepted'])
    expect(drain()).toEqual(['b', 'c', 'd', 'e', 'g'])
  })
})

describe('disconnect', () => {
  test('closes when it is full and gives up what it held', () => {
    const { channel, offer, drain } = open({ kind: 'disconnect' })
    let told = 0
    offer('a', 'b', 'c')
    channel.onReadable = () => told++
    expect(offer('d')).toEqual(['closed'])
    expect(channel.closed).toBe(true)
    expect(told).toBe(1)
    expect(drain()).toEqual([])
    expect(channel.counters).toMatchObject({ offered: 4, dropped: 4 })
  })
})

test('a long queue grows and wraps without losing its order', () => {
  const { channel } = open({ kind: 'drop-oldest' }, 1000, 1e9)
  for (let i = 0; i < 3333; i++) channel.offer(String(i))
  const expected = Array.from({ length: 1000 }, (_, i) => String(2333 + i))
  expect(channel.takeBatch(1e6, 1e9)).toEqual(expected)
  expect(channel.counters).toMatchObject({ dropped: 2333, highWater: 1000 })
})

describe('C1 what has left a channel', () => {
  test('is told of once: taken, dropped for a newer one, replaced, refused or discarded', () => {
    const oldest = open({ kind: 'drop-oldest' }, 2, 10)
    oldest.offer('a', 'b', 'c', 'too large for it')
    expect(oldest.left).toEqual(['a', 'too large for it'])
    oldest.channel.take()
    oldest.channel.close('discard')
    oldest.offer('d')
    expect(oldest.left).toEqual(['a', 'too large for it', 'b', 'c', 'd'])
    const latest = open({ kind: 'latest' }, 2)
    latest.offer('a1', 'a2', 'b1', 'c1')
    expect(latest.left).toEqual(['a1', 'a2'])
    latest.drain()
    expect(latest.left).toEqual(['a1', 'a2', 'b1', 'c1'])
    const newest = open({ kind: 'drop-newest' }, 1)
    newest.offer('a', 'b')
    expect(newest.left).toEqual(['b'])
  })

  test('is not what the caller still has, because the channel was full', () => {
    const { offer, left } = open({ kind: 'block' }, 1)
    offer('a', 'b')
    expect(left).toEqual([])
  })
})
