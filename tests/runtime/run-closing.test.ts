// S7: closing has one time for all of its parts. The clock here moves whenever somebody looks at it.
import { describe, expect, test } from 'vitest'
import { type Clock, SimulatedClock, systemClock } from '../../src/base/clock.ts'
import { RunClosing } from '../../src/runtime/run-closing.ts'
import { RingInlet } from '../../src/streams/ring/inlet.ts'
import { createRing, declareConsumerGone } from '../../src/streams/ring/layout.ts'
import { RingReader } from '../../src/streams/ring/reader.ts'

const CLOSE_MILLIS_MAX = 1_000
const LOOK_MILLIS = 10
const RECORDS = 100

/** A run with more than its ring holds, and nobody who fetches it. `policy`: of the trainer. */
function runOf(policy: 'spill' | 'block' = 'spill') {
  let now = 0
  const clock: Clock = { ...systemClock, monotonic: () => (now += LOOK_MILLIS) }
  const ring = createRing({ capacityBytes: 1024, ringId: 1 })
  const spill = { kind: 'spill', spillCountMax: RECORDS, spillBytesMax: 1024 * 1024 } as const
  const inlet = new RingInlet(ring, {
    clock,
    policy: policy === 'spill' ? spill : { kind: 'block' },
  })
  const write = (): boolean => {
    const isTaken = inlet.claim(24, true) >= 0
    inlet.commit(7)
    return isTaken
  }
  /** What the host was given, and when all of it is over. */
  const given: number[] = []
  const goodbyes: string[] = []
  const give = (millisMax = -1): boolean => {
    given.push(millisMax)
    return true
  }
  const closing = new RunClosing({
    ...{ inlet, clock, closeMillisMax: CLOSE_MILLIS_MAX, cleanUp: () => {} },
    host: { close: give, closeSync: give, closed: async () => null, unref: () => {} },
    sayGoodbye: reason => goodbyes.push(reason),
  })
  return { ring, inlet, write, closing, given, goodbyes, elapsed: () => now }
}

const overfilled = () => {
  const run = runOf()
  for (let i = 0; i < RECORDS; i++) run.write()
  return run
}

describe('S7: what waits in the heap for a ring that nobody empties', () => {
  test('S7: takes half of the time; the host has the rest and no more', async () => {
    for (const how of ['close', 'closeSync'] as const) {
      const { closing, given, goodbyes, elapsed } = overfilled()
      await closing[how]('exit')
      expect(goodbyes).toEqual(['exit'])
      expect(given.length).toBe(1)
      expect(given[0]).toBeLessThanOrEqual(CLOSE_MILLIS_MAX / 2)
      expect(given[0]).toBeGreaterThan(CLOSE_MILLIS_MAX / 3)
      expect(elapsed() + given[0]!).toBeLessThanOrEqual(CLOSE_MILLIS_MAX + 2 * LOOK_MILLIS)
    }
  })

  test('S7: is not waited for when nobody will come', async () => {
    for (const how of ['close', 'closeSync'] as const) {
      const { ring, closing, given } = overfilled()
      declareConsumerGone(ring)
      await closing[how]('exit')
      expect(given[0]).toBeGreaterThan(CLOSE_MILLIS_MAX - 5 * LOOK_MILLIS)
    }
  })

  test('S7: has no second time when the program ends in the middle of it; goodbye is said once', () => {
    const { closing, given, goodbyes } = overfilled()
    void closing.close('closed')
    closing.closeSync('exit')
    expect(goodbyes).toEqual(['closed'])
    expect(given.length).toBe(1)
    expect(given[0]).toBeLessThanOrEqual(CLOSE_MILLIS_MAX / 2)
  })

  test('S7: is all handed on where somebody empties the ring', async () => {
    const { ring, inlet, closing, given } = overfilled()
    const reader = new RingReader(ring)
    const closed = closing.close('closed')
    let read = 0
    while (given.length === 0) {
      while (reader.read()) read++
      reader.release(reader.position)
      await new Promise(resolve => setImmediate(resolve))
    }
    await closed
    while (reader.read()) read++
    expect([read, inlet.counters.depth]).toEqual([RECORDS, 0])
  })
})

test('S7: the last words of a trainer that would wait for room do not wait', () => {
  const { inlet, write, closing, goodbyes } = runOf('block')
  while (inlet.writer.hasRoom(24)) write()
  closing.closeSync('exit')
  expect(goodbyes).toEqual(['exit'])
  const before = inlet.counters
  expect(write()).toBe(true)
  expect(inlet.counters).toMatchObject({ blockedMillis: before.blockedMillis, spilled: 1 })
})

test('S7: a host that hangs is waited for half a minute more, and left alone', async () => {
  const clock = new SimulatedClock()
  const ring = createRing({ capacityBytes: 1024, ringId: 1 })
  const said: string[] = []
  const closing = new RunClosing({
    ...{ inlet: new RingInlet(ring, { clock }), clock, closeMillisMax: CLOSE_MILLIS_MAX },
    host: {
      close: () => {},
      closeSync: () => false,
      closed: () => new Promise<null>(() => {}),
      unref: () => said.push('unref'),
    },
    sayGoodbye: () => {},
    cleanUp: () => said.push('cleaned up'),
  })
  const end = closing.close('closed').catch(error => said.push(error.code, error.message))
  clock.advance(CLOSE_MILLIS_MAX + 29_999)
  expect(said).toEqual([])
  clock.advance(1)
  await end
  const message = "expected the host's thread to end within 31000 ms, found that it hangs"
  expect(said).toEqual(['unref', 'cleaned up', 'TIMEOUT', message])
})
