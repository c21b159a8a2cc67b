// How a reader goes about it: how much it takes at once, and what it does with damage.
import { describe, expect, test } from 'vitest'
import { seqKey } from '../../src/store/keys.ts'
import { StorageReader } from '../../src/store/log-reader.ts'
import { openMemoryLog } from '../../src/store/memory-log.ts'
import { MemoryStorage } from '../../src/store/memory-storage.ts'
import { openLog, openLogReader } from '../../src/store/open-log.ts'
import type { Table } from '../../src/store/storage.ts'
import { contribution, metric, recordsOf } from './records.ts'
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
})
