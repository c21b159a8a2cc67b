// P2: what the trainer is told of its loss window is never less than what it could lose, and exact
// as far as calls are a few milliseconds apart.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SimulatedClock } from '../../src/base/clock.ts'
import { LossGauge, type LossWindow } from '../../src/runtime/loss-window.ts'
import { RingInlet } from '../../src/streams/ring/inlet.ts'
import { createRing, recordBytes } from '../../src/streams/ring/layout.ts'
import { RingReader } from '../../src/streams/ring/reader.ts'

const BODY = 56
const RECORD = recordBytes(BODY)

/** A trainer and a log: records are committed at their times, and become durable in order. */
function scene(capacityBytes = 64 * 1024, startPosition = 0) {
  const ring = createRing({ capacityBytes, ringId: 1, startPosition })
  const clock = new SimulatedClock()
  const inlet = new RingInlet(ring, { clock })
  const reader = new RingReader(ring)
  const gauge = new LossGauge(inlet)
  /** Times of the records that are not durable. */
  const waiting: number[] = []
  return {
    clock,
    inlet,
    waiting,
    record(): void {
      inlet.claim(BODY)
      inlet.commit(7)
      gauge.mark(clock.monotonic())
      waiting.push(clock.monotonic())
    },
    /** The next `count` records are durable. */
    settle(count: number): void {
      for (let n = 0; n < count && (reader.read() || (inlet.flushSpill() && reader.read())); n++) {
        waiting.shift()
      }
      reader.release(reader.position)
      inlet.flushSpill()
    },
    measure: () => gauge.measure(clock.monotonic()),
  }
}

test('P2 counts bytes, events and the age of the oldest, while the log is behind and when it has caught up', () => {
  const { clock, record, settle, measure } = scene()
  expect(measure()).toEqual({ bytes: 0, events: 0, millis: 0 })
  record()
  clock.advance(30)
  expect(measure()).toMatchObject({ bytes: RECORD, events: 1 })
  record()
  clock.advance(40)
  expect(measure()).toEqual({ bytes: 2 * RECORD, events: 2, millis: 70 })
  settle(1)
  expect(measure()).toEqual({ bytes: RECORD, events: 1, millis: 40 })
  settle(1)
  expect(measure()).toEqual({ bytes: 0, events: 0, millis: 0 })
})

test.each([2 ** 31 - 3 * RECORD, 2 ** 32 - 3 * RECORD])(
  'P2 counts the same where the low word of a position turns over, from %i on',
  startPosition => {
    const { clock, record, settle, measure } = scene(64 * 1024, startPosition)
    for (let n = 0; n < 6; n++) {
      record()
      clock.advance(10)
    }
    expect(measure()).toEqual({ bytes: 6 * RECORD, events: 6, millis: 60 })
    settle(2)
    expect(measure()).toEqual({ bytes: 4 * RECORD, events: 4, millis: 40 })
    settle(2)
    expect(measure()).toEqual({ bytes: 2 * RECORD, events: 2, millis: 20 })
    settle(2)
    expect(measure()).toEqual({ bytes: 0, events: 0, millis: 0 })
  },
)

test('P2 counts what waits on the heap because the ring is full', () => {
  const { clock, record, settle, measure, inlet } = scene(1024)
  for (let n = 0; n < 100; n++) record()
  expect(inlet.spilledBytes).toBeGreaterThan(0)
  clock.advance(500)
  expect(measure().events).toBe(100)
  expect(measure().bytes).toBeGreaterThanOrEqual(100 * RECORD)
  expect(measure().millis).toBe(500)
  for (let round = 0; round < 20; round++) settle(100)
  expect(measure()).toEqual({ bytes: 0, events: 0, millis: 0 })
})

const action = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('record' as const), count: fc.nat(40) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('settle' as const), count: fc.nat(80) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), count: fc.nat(90) }) },
)

/** A trainer that asks after all that it does; `check` sees the answer beside the truth. */
function play(
  capacityBytes: number,
  lengthMax: number,
  check: (told: LossWindow, count: number, age: number) => void,
): void {
  fc.assert(
    fc.property(fc.array(action, { maxLength: lengthMax }), actions => {
      const { clock, waiting, record, settle, measure } = scene(capacityBytes)
      for (const { do: what, count } of actions) {
        if (what === 'wait') clock.advance(count)
        else if (what === 'settle') settle(count)
        else for (let n = 0; n < count; n++) record()
        const age = waiting.length > 0 ? clock.monotonic() - waiting[0]! : 0
        check(measure(), waiting.length, age)
      }
    }),
    { numRuns: 300 },
  )
}

test('P2 never counts less than could be lost, however far the log is behind', () => {
  play(1024, 200, ({ events, bytes, millis }, count, age) => {
    expect(events).toBeGreaterThanOrEqual(count)
    expect(bytes).toBeGreaterThanOrEqual(count * RECORD)
    expect(millis).toBeLessThanOrEqual(age)
    if (count === 0) expect({ events, bytes, millis }).toEqual({ events: 0, bytes: 0, millis: 0 })
  })
})

test('P2 knows the age of the oldest while the ring has room', () => {
  play(1024 * 1024, 60, ({ millis }, _count, age) => expect(millis).toBe(age))
})
