import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type FollowerHandlers, LogFollower } from '../../src/actors/log-follower.ts'
import { SimulatedClock } from '../../src/base/clock.ts'
import type { Envelope } from '../../src/protocol/events.ts'
import type { LogReader } from '../../src/store/event-log.ts'
import { type MemoryLog, openMemoryLog } from '../../src/store/memory-log.ts'
import { contribution, metric } from '../store/records.ts'
import { turns, until } from './fake-endpoint.ts'

/** Appends events whose global step is their sequence number, until the log holds `count`. */
async function growTo(log: MemoryLog, count: number): Promise<void> {
  const from = log.writer.nextSeq
  const events = Array.from({ length: count - from + 1 }, (_, i) => metric(from + i))
  if (events.length > 0) log.writer.append(contribution(events, count))
  await log.writer.flush()
}

/** Follows from `cursor` on; what was handled is in `seen`. */
function follow(reader: LogReader, cursor = 0, handlers: Partial<FollowerHandlers> = {}) {
  const seen: number[] = []
  const slices: number[] = []
  const clock = new SimulatedClock()
  const follower = new LogFollower(reader, clock, cursor, {
    onEvent: envelope => {
      seen.push(envelope.seq)
      return handlers.onEvent?.(envelope)
    },
    onSlice: seq => {
      slices.push(seq)
      return handlers.onSlice?.(seq)
    },
  })
  const run = follower.run()
  return { follower, seen, slices, clock, run }
}

const upTo = (count: number, from = 1): number[] =>
  Array.from({ length: count - from + 1 }, (_, i) => from + i)

describe('a follower of the log', () => {
  test('invariant 4: hands on every event after its cursor once, in order, however the log grows', async () => {
    const growths = fc.array(fc.tuple(fc.integer({ min: 1, max: 1500 }), fc.boolean()), {
      minLength: 1,
      maxLength: 6,
    })
    await fc.assert(
      fc.asyncProperty(growths, fc.nat(400), async (steps, cursor) => {
        const log = await openMemoryLog()
        await growTo(log, cursor)
        const { follower, seen, run } = follow(log.reader(), cursor)
        let end = cursor
        for (const [more, wait] of steps) {
          end += more
          await growTo(log, end)
          follower.advanceTo(end)
          if (wait) await follower.arriveAt(end)
        }
        await follower.arriveAt(end)
        expect(seen).toEqual(upTo(end, cursor + 1))
        expect([follower.cursor, follower.lag]).toEqual([end, 0])
        follower.stop()
        await run
      }),
      { numRuns: 15 },
    )
  })

  test('reads nothing that was not announced as durable', async () => {
    const log = await openMemoryLog()
    await growTo(log, 10)
    const { follower, seen, run } = follow(log.reader())
    await turns()
    expect(seen).toEqual([])
    follower.advanceTo(4)
    expect(follower.lag).toBe(4)
    await follower.arriveAt(4)
    follower.advanceTo(2)
    await turns()
    expect(seen).toEqual(upTo(4))
    follower.stop()
    await run
  })

  test('goes on in slices, and says after each how far it came', async () => {
    const log = await openMemoryLog()
    await growTo(log, 2500)
    const { follower, slices, run } = follow(log.reader())
    follower.advanceTo(2500)
    await follower.arriveAt(2500)
    expect(slices).toEqual([1000, 2000, 2500])
    follower.stop()
    await run
  })

  test('V3 S4 lets others have their turn between events that take long', async () => {
    const log = await openMemoryLog()
    await growTo(log, 50)
    const { follower, seen, slices, clock, run } = follow(log.reader(), 0, {
      onEvent: async () => clock.advance(30),
    })
    follower.advanceTo(50)
    await follower.arriveAt(50)
    expect(seen).toEqual(upTo(50))
    expect(slices.slice(0, 3)).toEqual([4, 8, 12])
    follower.stop()
    await run
  })

  test('is held by a handler that waits: the cursor stands, and the log is the queue', async () => {
    const log = await openMemoryLog()
    await growTo(log, 5)
    let release = (): void => {}
    const { follower, seen, run } = follow(log.reader(), 0, {
      onEvent: ({ seq }) => (seq === 3 ? new Promise(resolve => (release = resolve)) : undefined),
    })
    follower.advanceTo(5)
    await until(() => seen.length === 3)
    await turns()
    expect([follower.cursor, follower.lag, seen.length]).toEqual([2, 3, 3])
    release()
    await follower.arriveAt(5)
    expect(seen).toEqual(upTo(5))
    follower.stop()
    await run
  })

  test('is held by a slice that waits, also for those who wait for it to arrive', async () => {
    const log = await openMemoryLog()
    await growTo(log, 3)
    let release = (): void => {}
    const { follower, run } = follow(log.reader(), 0, {
      onSlice: () => new Promise<void>(resolve => (release = resolve)),
    })
    let arrived = false
    follower.advanceTo(3)
    void follower.arriveAt(3).then(() => {
      arrived = true
    })
    await until(() => follower.cursor === 3)
    await turns()
    expect(arrived).toBe(false)
    release()
    await until(() => arrived)
    follower.stop()
    await run
  })

  test('has arrived at once where it already stands', async () => {
    const log = await openMemoryLog()
    const { follower, run } = follow(log.reader(), 7)
    await follower.arriveAt(7)
    follower.stop()
    await run
  })

  test('looks again in a moment when the reader is behind the announcement', async () => {
    const log = await openMemoryLog()
    await growTo(log, 2)
    const { follower, seen, clock, run } = follow(log.reader())
    follower.advanceTo(4)
    await until(() => clock.pending > 0)
    expect(seen).toEqual([1, 2])
    await growTo(log, 4)
    clock.advance(10)
    await follower.arriveAt(4)
    expect(seen).toEqual(upTo(4))
    follower.stop()
    await run
  })

  test('stops when it is told to, idle or at work', async () => {
    const log = await openMemoryLog()
    await growTo(log, 5000)
    const idle = follow(log.reader())
    idle.follower.stop()
    await idle.run
    const busy = follow(log.reader(), 0, { onSlice: () => busy.follower.stop() })
    busy.follower.advanceTo(5000)
    await busy.run
    expect(busy.seen).toEqual(upTo(1000))
  })

  test('rejects with what a handler throws, and stands before the event that it threw for', async () => {
    const log = await openMemoryLog()
    await growTo(log, 5)
    const fail = ({ seq }: Envelope): void => {
      if (seq === 3) throw new Error('no')
    }
    const { follower, run } = follow(log.reader(), 0, { onEvent: fail })
    follower.advanceTo(5)
    await expect(run).rejects.toThrow('no')
    expect(follower.cursor).toBe(2)
  })
})
