// When the writer commits, what of it, and how it ends: on a storage in memory and a clock that only
// the test moves.
import { describe, expect, test } from 'vitest'
import { SimulatedClock } from '../../src/base/clock.ts'
import { limits } from '../../src/protocol/limits.ts'
import type { Contribution } from '../../src/store/event-log.ts'
import { MemoryDisk, MemoryStorage } from '../../src/store/memory-storage.ts'
import { type OpenOptions, openWriter } from '../../src/store/open-log.ts'
import { contribution, declarations, frame, metric, pixelsOf, recordsOf } from './records.ts'

class Storage extends MemoryStorage {
  isPinned = false
  pinned(): boolean {
    return this.isPinned
  }
}

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

async function open(options: OpenOptions = {}, storage = new Storage(new MemoryDisk())) {
  const clock = new SimulatedClock()
  let releases = 0
  const opened = await openWriter(storage, { clock, ...options }, async () => void releases++)
  let position = 0
  /** The next contribution of the trainer; `more` is added to it or takes the place of its own. */
  const next = (events: Parameters<typeof contribution>[0], more: Partial<Contribution> = {}) =>
    opened.writer.append({ ...contribution(events, ++position), ...more })
  return { ...opened, clock, storage, next, releases: () => releases }
}

describe('a group is committed', () => {
  test('before its age when it is full of records', async () => {
    const { writer, next } = await open()
    const values = Array.from({ length: limits.batchCountMax - 1 }, (_, i) => metric(i))
    next(values)
    await turn()
    expect(writer.stats().transactions).toBe(0)
    expect(await next([metric(0)]).durable).toEqual({ epoch: 1, seq: limits.batchCountMax })
    await writer.close()
  })

  test('before its age when it is full of bytes', async () => {
    const { writer, next } = await open()
    const small = recordsOf([metric(0, limits.batchBytesMax - 1000)])
    next([], { records: small, count: 1 })
    await turn()
    expect(writer.stats()).toMatchObject({ transactions: 0, pendingBytes: small.byteLength })
    expect(await next([metric(1, 1000)]).durable).toEqual({ epoch: 1, seq: 2 })
    expect(writer.stats()).toMatchObject({ transactions: 1, pendingBytes: 0 })
    await writer.close()
  })

  test('with a transaction of its own for what passes the bound of one', async () => {
    const gate = Promise.withResolvers<void>()
    const { writer, next } = await open({ faults: { beforeCommit: () => gate.promise } })
    const bytes = limits.transactionBytesMax / 2
    const half = { records: recordsOf([metric(0, bytes - 200)]), count: 1 }
    for (let count = 0; count < 5; count++) next([], half)
    gate.resolve()
    expect(await writer.flush()).toEqual({ epoch: 1, seq: 5 })
    // The first is committed as it comes; what gathers meanwhile goes two by two.
    expect(writer.stats()).toMatchObject({ transactions: 3, batches: 5, events: 5 })
    await writer.close()
  })

  test('P2 by its age again, after one that was committed because it was full', async () => {
    const { writer, clock, next } = await open()
    next([metric(1)])
    clock.advance(limits.batchAgeMillisMax - 1)
    await next([metric(2)], { isAwaited: true }).durable
    expect(clock.pending).toBe(0)
    const late = next([metric(3)])
    clock.advance(limits.batchAgeMillisMax - 1)
    await turn()
    expect(writer.stats().transactions).toBe(1)
    clock.advance(1)
    expect(await late.durable).toEqual({ epoch: 1, seq: 3 })
    await writer.close()
  })

  test('later, also for who waits, while a reader pins the pages that it would use again', async () => {
    const { writer, clock, storage, next } = await open()
    const commit = async (): Promise<void> => {
      await next([metric(0)], { isAwaited: true }).durable
    }
    storage.isPinned = true
    for (let count = 0; count < 16; count++) await commit()
    const awaited = next([metric(1)], { isAwaited: true })
    clock.advance(limits.pinnedAgeMillisMax - 1)
    await turn()
    expect(writer.stats().transactions).toBe(16)
    clock.advance(1)
    await awaited.durable
    storage.isPinned = false
    for (let count = 0; count < 15; count++) {
      next([metric(2)])
      await writer.flush()
    }
    await commit()
    expect(writer.stats().transactions).toBe(33)
    await writer.close()
  })
})

describe('a writer', () => {
  test('counts what it has taken in and written', async () => {
    const { writer, next } = await open()
    next(declarations)
    next([frame(1, 0), metric(1)], {
      rows: [{ episode: 1, bytes: new Uint8Array(10) }],
      snapshot: { name: 'a', version: 1, position: 1, bytes: new Uint8Array(20) },
    })
    writer.append(contribution([metric(1)], 1))
    const records = [...declarations, frame(1, 0), metric(1)]
    const bytes = recordsOf(records).byteLength + pixelsOf(0).byteLength + 10 + 20
    expect(writer.stats()).toMatchObject({ pendingBytes: bytes, pendingEvents: 4, bytes: 0 })
    await writer.flush()
    expect(writer.stats()).toMatchObject({
      ...{ events: 4, batches: 1, transactions: 1, bytes, duplicates: 1 },
      ...{ pendingBytes: 0, pendingEvents: 0 },
    })
    await writer.close()
  })

  test('refuses pixels without their record, pixels of another size and positions that are none', async () => {
    const { writer, next } = await open()
    next(declarations)
    const pixels = (index: number, bytes: Uint8Array) => ({ frames: [{ index, bytes }] })
    expect(() => next([frame(1, 0), metric(1)], pixels(1, pixelsOf(0)))).toThrow(
      'record 1 has pixels and is no frame',
    )
    expect(() => next([frame(1, 0)], pixels(0, pixelsOf(0).subarray(1)))).toThrow(
      'frame 0 says 96 B, has 95',
    )
    for (const position of [-1, 1.5, 2 ** 53]) {
      expect(() => next([metric(1)], { position })).toThrow('position')
    }
    expect(writer.nextSeq).toBe(3)
    await writer.close()
  })

  test('tells nobody who does not listen any more', async () => {
    const { writer, clock, next } = await open({ durability: 'sync' })
    const heard: unknown[] = []
    const stopPositions = writer.onDurable(({ seq }) => heard.push(seq))
    const stopFailures = writer.onFailure(({ code }) => heard.push(code))
    await next([metric(1)]).durable
    stopPositions()
    stopFailures()
    await next([metric(2)]).durable
    expect(heard).toEqual([1])
    await writer.close()
    expect(clock.pending).toBe(0)
  })

  test('closes once, however often it is asked to, and takes nothing after that', async () => {
    const { writer, next, releases } = await open()
    next([metric(1)])
    const closing = writer.close()
    expect(() => next([metric(2)])).toThrow(expect.objectContaining({ code: 'CLOSED' }))
    await expect(writer.dropFrames({ beforeSeq: 1 })).rejects.toMatchObject({ code: 'CLOSED' })
    expect(writer.close()).toBe(closing)
    await closing
    expect(releases()).toBe(1)
    expect(writer.durable).toEqual({ epoch: 1, seq: 1 })
  })

  test('P1 at level relaxed answers a flush when the storage has synced', async () => {
    const storage = new Storage(new MemoryDisk())
    const synced = Promise.withResolvers<void>()
    storage.sync = () => synced.promise
    const { writer, next } = await open({ durability: 'relaxed' }, storage)
    next([metric(1)])
    let flushed = false
    const flush = writer.flush().then(() => {
      flushed = true
    })
    await turn()
    expect([flushed, writer.durable.seq]).toEqual([false, 1])
    synced.resolve()
    await flush
    await writer.close()
  })

  test('P7 has failed when its storage is gone by itself', async () => {
    const storage = new Storage(new MemoryDisk())
    let lose = (_: Error): void => {}
    const onLost = (callback: (error: Error) => void): void => {
      lose = callback
    }
    const { writer, next } = await open({}, Object.assign(storage, { onLost }))
    const { durable } = next([metric(1)])
    lose(new Error('the process ended'))
    await expect(durable).rejects.toMatchObject({ code: 'LOG_FAILED' })
    expect(writer.failure?.message).toContain('the process ended')
    await writer.close()
  })

  test.each([
    ['a second, of a storage that has failed', true, 1000],
    ['as long as for any operation, of one that works', false, 30_000],
  ])('P7 waits for the end %s, and then lets go', async (_, fails, millis) => {
    const storage = new Storage(new MemoryDisk())
    storage.close = () => new Promise(() => {})
    const faults = { beforeCommit: () => (fails ? Promise.reject(new Error('EIO')) : undefined) }
    const { writer, clock, next, releases } = await open({ durability: 'sync', faults }, storage)
    await next([metric(1)]).durable.catch(() => {})
    const closing = writer.close()
    for (let count = 0; count < 10; count++) await turn()
    clock.advance(millis - 1)
    await turn()
    expect(releases()).toBe(0)
    clock.advance(1)
    await closing
    expect(releases()).toBe(1)
    expect(clock.pending).toBe(0)
  })
})
