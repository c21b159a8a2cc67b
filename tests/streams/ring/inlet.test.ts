import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { KIB, MIB } from '../../../src/base/bytes.ts'
import { type Clock, SimulatedClock, systemClock } from '../../../src/base/clock.ts'
import { type InletOptions, RingInlet } from '../../../src/streams/ring/inlet.ts'
import { createRing, declareConsumerGone } from '../../../src/streams/ring/layout.ts'
import { RingReader } from '../../../src/streams/ring/reader.ts'

function open(options: Partial<InletOptions> = {}, capacityBytes = 1024) {
  const buffer = createRing({ capacityBytes, ringId: 1 })
  const inlet = new RingInlet(buffer, { clock: systemClock, ...options })
  const reader = new RingReader(buffer)
  /** Writes a record whose words all are its tag. */
  const write = (tag: number, lengthBytes = 24, critical = false): boolean => {
    const offset = inlet.claim(lengthBytes, critical)
    if (offset < 0) return false
    inlet.bytes.fill(tag, offset, offset + lengthBytes)
    inlet.commit(tag)
    return true
  }
  /** Reads and releases what is there; every record is checked against its tag. */
  const drain = (): number[] => {
    const tags: number[] = []
    while (reader.read()) {
      const { tag, byteOffset, lengthBytes } = reader
      const payload = reader.bytes.subarray(byteOffset, byteOffset + lengthBytes)
      expect(payload.every(byte => byte === (tag & 255))).toBe(true)
      tags.push(tag)
    }
    reader.release(reader.position)
    return tags
  }
  return { buffer, inlet, reader, write, drain }
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

/** 24 bytes of payload and 8 of header: so many fill the ring of the tests. */
const RING_RECORDS = 1024 / 32

describe('an inlet that spills', () => {
  test('uses the ring alone while there is room', () => {
    const { inlet, write, drain } = open()
    for (let tag = 0; tag < RING_RECORDS; tag++) write(tag)
    expect(inlet.words).toBe(inlet.writer.words)
    expect(inlet.counters).toMatchObject({ offered: 32, taken: 32, spilled: 0, depth: 0 })
    expect(drain()).toEqual(upTo(RING_RECORDS))
  })

  test('C7 goes on on the heap when the ring is full, and keeps the order', () => {
    const { inlet, write, drain } = open()
    for (let tag = 0; tag < 100; tag++) expect(write(tag)).toBe(true)
    expect(inlet.words).not.toBe(inlet.writer.words)
    const depth = 100 - RING_RECORDS
    expect(inlet.counters).toMatchObject({ spilled: depth, depth, depthBytes: depth * 32 })
    const seen = drain()
    // The ring has room again, but older records wait: the new one goes behind them.
    write(100)
    while (!inlet.flushSpill()) seen.push(...drain())
    seen.push(...drain())
    expect(seen).toEqual(upTo(101))
    write(101)
    expect(inlet.words).toBe(inlet.writer.words)
    expect(inlet.counters).toMatchObject({ offered: 102, taken: 102, dropped: 0, depth: 0 })
  })

  test('C7 refuses past its bytes, counts, and tells what was lost once', () => {
    const { inlet, write, drain } = open({
      policy: { kind: 'spill', spillCountMax: 1000, spillBytesMax: 320 },
    })
    const accepted = upTo(60).filter(tag => write(tag))
    expect(accepted).toEqual(upTo(RING_RECORDS + 10))
    expect(inlet.takeLost()).toEqual({ count: 18, bytes: 18 * 24 })
    expect(inlet.takeLost()).toBeUndefined()
    expect(inlet.counters).toMatchObject({ offered: 60, dropped: 18, highWater: 10 })
    drain()
    expect(write(99)).toBe(true)
    expect(inlet.takeLost()).toBeUndefined()
    // A later height that is lower changes nothing.
    while (inlet.counters.depth === 0) write(1)
    expect(inlet.counters.highWater).toBe(10)
  })

  test('a claim moves 256 KiB from the heap to the ring at most, so that it stays short', () => {
    const { inlet, write, drain } = open({}, MIB)
    for (let tag = 0; tag < 30; tag++) write(tag, 64 * KIB)
    expect(inlet.counters.depth).toBe(15)
    const seen = drain()
    write(30, 64 * KIB)
    expect(inlet.counters.depth).toBe(15 - 4 + 1)
    while (!inlet.flushSpill()) seen.push(...drain())
    expect(seen.concat(drain())).toEqual(upTo(31))
  })

  test('refuses past its count', () => {
    const { write } = open({ policy: { kind: 'spill', spillCountMax: 3, spillBytesMax: MIB } })
    expect(upTo(60).filter(tag => write(tag))).toHaveLength(RING_RECORDS + 3)
  })

  test('L2 keeps a reserve for critical records beyond its bound', () => {
    const { inlet, write, drain } = open({
      policy: { kind: 'spill', spillCountMax: 10, spillBytesMax: 320 },
      criticalBytesMax: 64,
    })
    for (let tag = 0; tag < RING_RECORDS + 10; tag++) write(tag)
    expect(inlet.claim(24)).toBe(-1)
    expect(write(51, 24, true)).toBe(true)
    expect(write(52)).toBe(false)
    expect(write(53, 24, true)).toBe(true)
    expect(write(54, 24, true)).toBe(false)
    expect(inlet.takeLost()?.count).toBe(3)
    const seen = drain()
    inlet.flushSpill()
    expect(seen.concat(drain())).toEqual([...upTo(RING_RECORDS + 10), 51, 53])
  })

  test('forgets an aborted claim and one that was never committed, in the ring and on the heap', () => {
    const { inlet, write, drain } = open()
    const seen: number[] = []
    for (let tag = 0; tag < 50; tag++) {
      inlet.claim(16)
      inlet.abort()
      inlet.claim(16)
      write(tag)
    }
    while (!inlet.flushSpill()) seen.push(...drain())
    seen.push(...drain())
    expect(seen).toEqual(upTo(50))
    expect(inlet.counters.offered).toBe(50)
  })

  test('never throws: wrong lengths are lost, stray commits do nothing', () => {
    const { inlet } = open()
    for (const wrong of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 257]) {
      expect(inlet.claim(wrong)).toBe(-1)
    }
    inlet.commit(1)
    inlet.abort()
    expect(inlet.takeLost()).toEqual({ count: 6, bytes: 1.5 + 257 })
    expect(inlet.counters).toMatchObject({ offered: 6, dropped: 6, taken: 0 })
    for (const right of [1, 256]) expect(inlet.claim(right)).toBeGreaterThan(0)
  })

  test('takes no consumer for hung before it could have come', () => {
    expect(() => open({ stallMillisMax: 0 })).toThrow(/stallMillisMax 0/)
  })

  test('keeps nothing on the heap that nobody will ever fetch', () => {
    const { buffer, inlet, write } = open()
    for (let tag = 0; tag < RING_RECORDS; tag++) write(tag)
    declareConsumerGone(buffer)
    expect(write(90)).toBe(false)
    expect(inlet.takeLost()).toEqual({ count: 1, bytes: 24 })
    expect(inlet.spilledBytes).toBe(0)
    // One that comes after all finds the next one.
    new RingReader(buffer)
    expect(write(91)).toBe(true)
    expect(inlet.spilledBytes).toBe(32)
    expect(inlet.committed).toBe(RING_RECORDS + 1)
  })

  test('an open claim holds flushSpill back', () => {
    const { inlet, write, drain } = open()
    for (let tag = 0; tag < 40; tag++) write(tag)
    const offset = inlet.claim(24)
    inlet.bytes.fill(40, offset, offset + 24)
    const seen = drain()
    expect(inlet.flushSpill()).toBe(false)
    expect(inlet.counters.depth).toBe(40 - RING_RECORDS)
    inlet.commit(40)
    expect(inlet.flushSpill()).toBe(true)
    expect(seen.concat(drain())).toEqual(upTo(41))
  })

  test('spills records of every size across its blocks, and keeps to the bound', () => {
    // Mostly nobody reads, so that the ring fills and the heap with it.
    const sizes = fc.array(fc.tuple(fc.integer({ min: 1, max: 2 * MIB }), fc.nat(15)), {
      maxLength: 30,
    })
    const spillBytesMax = 6 * MIB
    fc.assert(
      fc.property(sizes, script => {
        const { inlet, write, drain } = open(
          { policy: { kind: 'spill', spillCountMax: 20, spillBytesMax } },
          8 * MIB,
        )
        const accepted: number[] = []
        const seen: number[] = []
        script.forEach(([lengthBytes, reads], tag) => {
          if (write(tag, lengthBytes)) accepted.push(tag)
          const now = inlet.counters
          expect(now.depthBytes).toBeLessThanOrEqual(spillBytesMax)
          expect(now.offered).toBe(now.taken + now.dropped + now.depth)
          if (reads === 0) seen.push(...drain())
        })
        while (!inlet.flushSpill()) seen.push(...drain())
        seen.push(...drain())
        expect(seen).toEqual(accepted)
        expect(inlet.counters).toMatchObject({ depth: 0, depthBytes: 0 })
      }),
      { numRuns: 15 },
    )
  })

  test('keeps order and books under any mix of claims, aborts, flushes and reads', () => {
    const step = fc.tuple(
      fc.constantFrom('write', 'write', 'write', 'critical', 'abort', 'flush', 'drain'),
      fc.integer({ min: 1, max: 256 }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), script => {
        const policy = { kind: 'spill', spillCountMax: 12, spillBytesMax: 2048 } as const
        const { inlet, write, drain } = open({ policy, criticalBytesMax: 512 })
        const accepted: number[] = []
        const seen: number[] = []
        let lost = 0
        script.forEach(([what, lengthBytes], tag) => {
          if (what === 'drain') seen.push(...drain())
          else if (what === 'flush') inlet.flushSpill()
          else if (what === 'abort') {
            if (inlet.claim(lengthBytes) >= 0) inlet.abort()
            else lost++
          } else if (write(tag, lengthBytes, what === 'critical')) accepted.push(tag)
          else lost++
          const now = inlet.counters
          expect(now.offered).toBe(now.taken + now.dropped + now.depth)
          expect(now.dropped).toBe(lost)
          expect(now.depthBytes).toBeLessThanOrEqual(2048 + 512)
        })
        while (!inlet.flushSpill()) seen.push(...drain())
        seen.push(...drain())
        expect(seen).toEqual(accepted)
        expect(inlet.takeLost()?.count ?? 0).toBe(lost)
      }),
      { numRuns: 100 },
    )
  })
})

describe('an inlet that drops the newest', () => {
  test('uses no heap but the reserve, and lets nothing overtake it', () => {
    const { inlet, write, drain } = open({ policy: { kind: 'drop-newest' } })
    for (let tag = 0; tag < RING_RECORDS; tag++) write(tag)
    expect(write(90)).toBe(false)
    expect(write(91, 24, true)).toBe(true)
    expect(inlet.counters).toMatchObject({ dropped: 1, depth: 1 })
    const seen = drain()
    expect(write(92)).toBe(true)
    expect(seen.concat(drain())).toEqual([...upTo(RING_RECORDS), 91, 92])
  })
})

/** A clock that advances by `millis` at every look, at which the consumer may do something. */
function clockBeside(millis: number, consume: () => void = () => {}): Clock {
  const clock = new SimulatedClock()
  return {
    now: () => clock.now(),
    schedule: (delayMillis, callback) => clock.schedule(delayMillis, callback),
    turn: () => clock.turn(),
    monotonic() {
      clock.advance(millis)
      consume()
      return clock.monotonic()
    },
  }
}

describe('an inlet that blocks', () => {
  const policy = { kind: 'block' } as const

  test('waits no longer than one claim may, and counts the time', () => {
    const { inlet, write } = open({ policy, blockMillisMax: 10 })
    for (let tag = 0; tag < RING_RECORDS; tag++) write(tag)
    expect(write(99)).toBe(false)
    const { blockedMillis, dropped } = inlet.counters
    expect(dropped).toBe(1)
    expect(blockedMillis).toBeGreaterThanOrEqual(9)
    // Each of them waits: the consumer is not taken for hung by that.
    expect(write(99)).toBe(false)
    expect(inlet.counters.blockedMillis).toBeGreaterThanOrEqual(blockedMillis + 9)
  })

  test('does not wait for a consumer that was declared gone', () => {
    const { buffer, inlet, write } = open({ policy })
    for (let tag = 0; tag < RING_RECORDS; tag++) write(tag)
    declareConsumerGone(buffer)
    expect(write(99)).toBe(false)
    expect(inlet.takeLost()?.count).toBe(1)
  })

  test('C7 waits for a consumer that is slow, however long, and loses nothing', () => {
    let consume = (): void => {}
    const clock = clockBeside(20, () => consume())
    const { inlet, reader, write } = open({ policy, clock, stallMillisMax: 30 })
    for (let tag = 0; tag < RING_RECORDS; tag++) write(tag)
    // Room for the next one takes eight releases, which are further apart than the half of a stall.
    consume = () => {
      reader.read()
      reader.release(reader.position)
    }
    expect(write(90, 248)).toBe(true)
    expect(inlet.counters.blockedMillis).toBe(180)
    expect(inlet.counters).toMatchObject({ dropped: 0, depth: 0, offered: RING_RECORDS + 1 })
  })

  test('what came to the heap in its reserve goes before what finds room', () => {
    const seen: number[] = []
    let consume = (): void => {}
    const clock = clockBeside(20, () => consume())
    const { inlet, reader, write, drain } = open({ policy, clock, stallMillisMax: 30 })
    for (let tag = 0; tag < RING_RECORDS; tag++) write(tag)
    expect(write(40, 248, true)).toBe(true)
    expect(inlet.counters).toMatchObject({ depth: 1, spilled: 1 })
    consume = () => {
      reader.read()
      reader.release(reader.position)
      seen.push(reader.tag)
    }
    // There is room for the next one now, and not yet for the one before it.
    consume()
    expect(write(41)).toBe(true)
    expect(inlet.counters).toMatchObject({ depth: 0, dropped: 0 })
    expect([...seen, ...drain()]).toEqual([...upTo(RING_RECORDS), 40, 41])
  })

  test('stops waiting in the moment in which nobody will come any more', () => {
    let consume = (): void => {}
    const clock = clockBeside(20, () => consume())
    const { buffer, inlet, write } = open({ policy, clock })
    for (let tag = 0; tag < RING_RECORDS; tag++) write(tag)
    consume = () => declareConsumerGone(buffer)
    expect(write(41)).toBe(false)
    expect(inlet.counters.blockedMillis).toBe(20)
  })

  test('waits no more once it was told not to', () => {
    const { inlet, write } = open({ policy, clock: clockBeside(10), stallMillisMax: 30 })
    for (let tag = 0; tag < RING_RECORDS; tag++) write(tag)
    inlet.stopBlocking()
    expect(write(90)).toBe(false)
    expect(write(91, 24, true)).toBe(true)
    expect(inlet.counters.blockedMillis).toBe(0)
  })

  test('waits once for a consumer that hangs, then not again until it releases', () => {
    const { inlet, write, drain } = open({ policy, clock: clockBeside(10), stallMillisMax: 30 })
    for (let tag = 0; tag < RING_RECORDS; tag++) write(tag)
    expect(write(90)).toBe(false)
    const { blockedMillis } = inlet.counters
    expect(blockedMillis).toBe(50)
    expect(write(91)).toBe(false)
    expect(inlet.counters.blockedMillis).toBe(blockedMillis)
    drain()
    for (let tag = 0; tag < RING_RECORDS; tag++) expect(write(tag)).toBe(true)
    expect(write(92)).toBe(false)
    expect(inlet.counters.blockedMillis).toBeGreaterThan(blockedMillis)
  })
})
