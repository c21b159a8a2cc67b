// How a reader goes about it: how much it takes at once, and what it does with damage.
import { describe, expect, test } from 'vitest'
import { crc32 } from '../../src/base/checksum.ts'
import { Layouts } from '../../src/protocol/codec.ts'
import { limits } from '../../src/protocol/limits.ts'
import { seqKey } from '../../src/store/keys.ts'
import { decodeBatch, StorageReader } from '../../src/store/log-reader.ts'
import { openMemoryLog } from '../../src/store/memory-log.ts'
import { MemoryStorage } from '../../src/store/memory-storage.ts'
import { openLog, openLogReader } from '../../src/store/open-log.ts'
import type { Table } from '../../src/store/storage.ts'
import {
  contribution,
  declarations,
  frame,
  frameLayout,
  metric,
  pixelsOf,
  recordsOf,
  step,
  stepLayout,
} from './records.ts'
import { withRunDirectory } from './run-directory.ts'

describe('reading a range', () => {
  test('takes one batch from the storage at a time, in both directions, and the one behind it', async () => {
    const { writer, disk } = await openMemoryLog({ durability: 'sync' })
    for (let i = 1; i <= 20; i++)
      await writer.append(contribution([metric(i), metric(-i)], i)).durable
    const storage = new MemoryStorage(disk)
    const get = storage.get.bind(storage)
    let batches = 0
    storage.get = (table: Table, key: Uint8Array) => {
      if (table === 'events') batches++
      return get(table, key)
    }
    const reader = new StorageReader(storage)
    for (const reverse of [false, true]) {
      batches = 0
      let events = 0
      for (const _ of reader.events({ fromSeq: 3, toSeq: 38, reverse })) {
        events++
        // A batch is believed when the one behind it follows it.
        expect(batches).toBe(Math.ceil(events / 2) + 1)
      }
      expect(events).toBe(36)
    }
    await writer.close()
  })

  test(
    'one event of a large batch is its own: nothing of the rest is held, and no later reading changes it',
    withRunDirectory(async dir => {
      const { writer } = await openLog(dir)
      const count = 1000
      const events = Array.from({ length: count }, (_, i) => metric(i + 1, 200))
      for (let batch = 0; batch < 3; batch++) writer.append(contribution(events, batch + 1))
      await writer.close()
      const reader = openLogReader(dir)
      const [whole] = reader.batches({ fromSeq: 1 })
      const seqs = [2, 500, 999, whole!.count, 1500, 2999, 3000]
      const found = seqs.map(seq => [...reader.batches({ fromSeq: seq, toSeq: seq })][0]!)
      for (const [i, { firstSeq, count: one, records }] of found.entries()) {
        expect([firstSeq, one]).toEqual([seqs[i], 1])
        expect(records.buffer.byteLength).toBe(records.byteLength)
        const again = [...reader.batches({ fromSeq: firstSeq, toSeq: firstSeq })][0]!
        expect(records).toEqual(again.records)
        const index = (firstSeq - 1) % count
        const expected = recordsOf([events[index]!], 1_000 + index)
        expect(records).toEqual(new Uint8Array(expected))
      }
      await reader.close()
    }),
  )

  test('a missing batch is LOG_CORRUPT, and what is before it is read', async () => {
    const { writer, disk } = await openMemoryLog({ durability: 'sync' })
    for (let i = 1; i <= 5; i++) await writer.append(contribution([metric(i)], i)).durable
    const storage = new MemoryStorage(disk)
    await storage.commit(storage.epoch(), [{ table: 'events', key: seqKey(4) }])
    const reader = new StorageReader(storage)
    expect([...reader.batches({ fromSeq: 1, toSeq: 3 })]).toHaveLength(3)
    const missing = expect.objectContaining({
      code: 'LOG_CORRUPT',
      message: expect.stringContaining('event 4'),
    })
    expect(() => [...reader.batches({ fromSeq: 1 })]).toThrow(missing)
    expect(() => [...reader.batches({ fromSeq: 4 })]).toThrow(missing)
    expect(() => [...reader.events({ fromSeq: 1, toSeq: 4, reverse: true })]).toThrow(missing)
    await writer.close()
  })

  test('is cut to what is there, and may be empty', async () => {
    const { writer, reader: open } = await openMemoryLog({ durability: 'sync' })
    const reader = open()
    expect([...reader.batches({ fromSeq: 1 })]).toEqual([])
    expect([...reader.events({ fromSeq: 1, reverse: true })]).toEqual([])
    for (let i = 1; i <= 4; i++) await writer.append(contribution([metric(i)], i)).durable
    const seqs = (fromSeq: number, toSeq: number, reverse = false): number[] =>
      [...reader.events({ fromSeq, toSeq, reverse })].map(({ seq }) => seq)
    expect(seqs(-5, 100)).toEqual([1, 2, 3, 4])
    expect(seqs(-5, 100, true)).toEqual([4, 3, 2, 1])
    for (const reverse of [false, true]) {
      expect(seqs(3, 2, reverse)).toEqual([])
      expect(seqs(5, 9, reverse)).toEqual([])
      expect(seqs(4, 4, reverse)).toEqual([4])
    }
    await writer.close()
  })

  test('with types, the others are passed over, but for what later ones are decoded by', async () => {
    const { writer, reader: open } = await openMemoryLog({ durability: 'sync' })
    const events = [metric(1), ...declarations, step(1, 0), metric(2), step(1, 1)]
    await writer.append(contribution(events, 1)).durable
    const [batch] = open().batches({ fromSeq: 1 })
    const layouts = new Layouts()
    const found = [...decodeBatch(batch!, layouts, new Set(['step_taken']))]
    expect(found.map(({ seq, event }) => [seq, event.type])).toEqual([
      ...[2, 3].map(seq => [seq, 'layout_declared']),
      ...[4, 6].map(seq => [seq, 'step_taken']),
    ])
    expect(found[3]).toEqual({ seq: 6, epoch: 1, time: 1005, event: step(1, 1) })
    expect(layouts.all()).toEqual([stepLayout, frameLayout])
    expect(() => [...decodeBatch(batch!, new Layouts(), new Set(['step_taken']))]).not.toThrow()
    const torn = { ...batch!, records: batch!.records.subarray(0, -8) }
    expect(() => [...decodeBatch(torn, new Layouts())]).toThrow(
      expect.objectContaining({ code: 'LOG_CORRUPT', message: 'event 6 cannot be decoded' }),
    )
    await writer.close()
  })
})

describe('a reader', () => {
  test('is told whether the writer has closed', async () => {
    const { writer, disk, reader: open } = await openMemoryLog()
    const reader = open()
    expect(reader.isClosed()).toBe(false)
    await writer.close()
    expect(reader.isClosed()).toBe(true)
    const next = await openMemoryLog({ disk })
    expect(reader.isClosed()).toBe(false)
    await next.writer.close()
  })

  test('lists a page of rows at a time, the newest first', async () => {
    const { writer, reader: open } = await openMemoryLog()
    const rows = Array.from({ length: limits.episodePage + 10 }, (_, episode) => ({
      ...{ episode, bytes: new Uint8Array([episode]) },
    }))
    writer.append({ ...contribution([metric(1)], 1), rows })
    await writer.flush()
    const page = open().episodeRows({ limit: 10_000 })
    expect(page.map(({ episode }) => episode)).toEqual(
      Array.from({ length: limits.episodePage }, (_, i) => rows.length - 1 - i),
    )
    expect(open().episodeRows({ before: 1, limit: 10 })).toEqual([rows[0]])
    await writer.close()
  })

  test('gives pixels with their checksum', async () => {
    const { writer, reader: open } = await openMemoryLog()
    writer.append(contribution([...declarations, frame(1, 0)], 1))
    await writer.flush()
    const pixels = pixelsOf(0)
    expect(open().frameSummed(3)).toEqual({ pixels, crc: crc32(pixels) })
    expect(open().frameSummed(2)).toBe(undefined)
    await writer.close()
  })
})
