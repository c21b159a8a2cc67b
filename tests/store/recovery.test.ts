// What opening does with an end that is not whole, and with what does not agree with the events: in
// memory, batch by batch.
import { describe, expect, test } from 'vitest'
import { crc32 } from '../../src/base/checksum.ts'
import { limits } from '../../src/protocol/limits.ts'
import { openBatch, sealBatch } from '../../src/store/batch-codec.ts'
import { episodeKey, nameKey, seqKey } from '../../src/store/keys.ts'
import { StorageReader } from '../../src/store/log-reader.ts'
import { openMemoryLog } from '../../src/store/memory-log.ts'
import { type MemoryDisk, MemoryStorage } from '../../src/store/memory-storage.ts'
import { metaWrite } from '../../src/store/meta.ts'
import { allKeys } from '../../src/store/recovery.ts'
import { seal } from '../../src/store/sealed-value.ts'
import type { Write } from '../../src/store/storage.ts'
import { contribution, metric } from './records.ts'

/** A log of so many batches of one event. */
async function makeLog(batches: number): Promise<MemoryDisk> {
  const { writer, disk } = await openMemoryLog({ durability: 'sync' })
  for (let i = 1; i <= batches; i++) await writer.append(contribution([metric(i)], i)).durable
  await writer.close()
  return disk
}

async function commit(disk: MemoryDisk, ...writes: Write[]): Promise<void> {
  const storage = new MemoryStorage(disk)
  await storage.commit(storage.epoch(), writes)
}

/** Changes stored batches past all checks. */
const change = (disk: MemoryDisk, seqs: number[], edit: (value: Uint8Array) => void) =>
  commit(
    disk,
    ...seqs.map((seq): Write => {
      const value = new MemoryStorage(disk).get('events', seqKey(seq))!
      edit(value)
      return { table: 'events', key: seqKey(seq), value }
    }),
  )

const flip = (value: Uint8Array): void => {
  value[60]! ^= 1
}

/** Whole in itself, and another one than was written. */
const reseal = (value: Uint8Array): void => {
  const view = new DataView(value.buffer, value.byteOffset)
  const { records: _, ...batch } = openBatch(Number(view.getBigUint64(8, true)), value)
  sealBatch(value, { ...batch, firstTime: batch.firstTime + 1 })
}

const upTo = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i)

const corrupt = (message: RegExp) =>
  expect.objectContaining({ code: 'LOG_CORRUPT', message: expect.stringMatching(message) })

describe('P6 G5 a torn tail', () => {
  const most = Math.ceil(limits.transactionBytesMax / limits.batchBytesMax)

  test('is cut when it is no longer than what one transaction can have held', async () => {
    const disk = await makeLog(20)
    const torn = upTo(21 - most, 20)
    await change(disk, torn, flip)
    const { report, writer } = await openMemoryLog({ disk })
    expect(report).toMatchObject({ lastSeq: 20 - most, cutEvents: most, cleanClose: false })
    expect(report.positions).toEqual({ 'trainer:test': 20 - most })
    const storage = new MemoryStorage(disk)
    expect(torn.map(seq => storage.get('events', seqKey(seq)))).toEqual(torn.map(() => undefined))
    // What was cut is sent again, and is no duplicate.
    expect(writer.append(contribution([metric(0)], 20)).firstSeq).toBe(21 - most)
    await writer.close()
  })

  test('is damage when it is longer, and nothing is touched', async () => {
    const disk = await makeLog(20)
    await change(disk, upTo(20 - most, 20), flip)
    const before = structuredClone(disk.tables)
    await expect(openMemoryLog({ disk })).rejects.toEqual(corrupt(/the last 9 batches are broken/))
    expect(disk.tables).toEqual(before)
  })

  test('may be all there is', async () => {
    const disk = await makeLog(3)
    await change(disk, [1, 2, 3], flip)
    const { report, writer } = await openMemoryLog({ disk })
    expect(report).toMatchObject({ lastSeq: 0, cutEvents: 3, positions: { 'trainer:test': 0 } })
    expect(writer.append(contribution([metric(0)], 1)).firstSeq).toBe(1)
    await writer.close()
  })

  test('is counted in batches when the head is gone too', async () => {
    const disk = await makeLog(5)
    await change(disk, [5], flip)
    await commit(disk, { table: 'meta', key: nameKey('head'), value: new Uint8Array(3) })
    const { report, writer } = await openMemoryLog({ disk })
    expect(report).toMatchObject({ lastSeq: 4, cutEvents: 1 })
    await writer.close()
  })

  test('behind a batch that is missing is not put in order', async () => {
    const disk = await makeLog(6)
    await change(disk, [6], flip)
    await commit(disk, { table: 'events', key: seqKey(3) })
    await expect(openMemoryLog({ disk })).rejects.toEqual(corrupt(/no batch begins with event 3/))
  })

  test('of a later format is no damage, and not cut', async () => {
    const disk = await makeLog(2)
    await change(disk, [2], value => {
      const view = new DataView(value.buffer, value.byteOffset)
      view.setUint16(4, 2, true)
      view.setUint32(48, crc32(value.subarray(52), crc32(value.subarray(0, 48))), true)
    })
    await expect(openMemoryLog({ disk })).rejects.toMatchObject({ code: 'LOG_VERSION' })
    const other = await makeLog(1)
    await commit(other, metaWrite('format', { magic: 'rollcast-log', version: 2 }))
    await expect(openMemoryLog({ disk: other })).rejects.toMatchObject({ code: 'LOG_VERSION' })
    await commit(other, metaWrite('format', { magic: 'another', version: 1 }))
    await expect(openMemoryLog({ disk: other })).rejects.toMatchObject({ code: 'LOG_FOREIGN' })
  })
})

describe('P6 a batch of another life that came back', () => {
  test('in the middle is damage to whoever reads it, whichever way, and to nobody else', async () => {
    const disk = await makeLog(6)
    await change(disk, [3], reseal)
    const reader = new StorageReader(new MemoryStorage(disk))
    const read = (fromSeq: number, toSeq: number, reverse = false): number[] =>
      [...reader.events({ fromSeq, toSeq, reverse })].map(({ seq }) => seq)
    expect(read(1, 2)).toEqual([1, 2])
    expect(read(4, 6)).toEqual([4, 5, 6])
    expect(read(4, 6, true)).toEqual([6, 5, 4])
    for (const reverse of [false, true]) {
      expect(() => read(1, 6, reverse)).toThrow(corrupt(/event 3: the chain/))
      expect(() => read(3, 3, reverse)).toThrow(corrupt(/event 3: the chain/))
    }
  })

  test('behind one of a later life is the damage, and not what it does not follow', async () => {
    const disk = await makeLog(4)
    await change(disk, [3], value => {
      const { records: _, ...batch } = openBatch(3, value)
      sealBatch(value, { ...batch, epoch: 0, previousCrc: 1 })
    })
    const reader = new StorageReader(new MemoryStorage(disk))
    expect([...reader.events({ fromSeq: 1, toSeq: 2 })]).toHaveLength(2)
    expect(() => [...reader.events({ fromSeq: 1, toSeq: 3 })]).toThrow(
      corrupt(/event 3: the chain/),
    )
  })

  test('at the end is damage too: the head names the one that was written', async () => {
    const disk = await makeLog(4)
    await change(disk, [4], reseal)
    const reader = new StorageReader(new MemoryStorage(disk))
    expect([...reader.events({ fromSeq: 1, toSeq: 3 })]).toHaveLength(3)
    expect(() => [...reader.events({ fromSeq: 4 })]).toThrow(corrupt(/event 4: the chain/))
    expect(() => [...reader.events({ fromSeq: 4, reverse: true })]).toThrow(corrupt(/event 4/))
  })
})

test('a row, a snapshot and a frame that are damaged are refused, each by its name', async () => {
  const disk = await makeLog(1)
  const value = new Uint8Array(9)
  await commit(
    disk,
    { table: 'episodes', key: episodeKey(7), value },
    { table: 'snapshots', key: nameKey('projection'), value },
    { table: 'frames', key: seqKey(1), value },
  )
  const reader = new StorageReader(new MemoryStorage(disk))
  expect(() => reader.episodeRow(7)).toThrow(corrupt(/row of episode 7/))
  expect(() => reader.snapshot('projection')).toThrow(corrupt(/snapshot projection/))
  expect(() => reader.frame(1)).toThrow(corrupt(/frame 1/))
})

test('a rebuilt log keeps what its events explain and lets go of the rest', async () => {
  const disk = await makeLog(3)
  const sealed = (table: Write['table'], key: Uint8Array): Write => ({
    ...{ table, key, value: seal(key, new Uint8Array(8)) },
  })
  await commit(
    disk,
    ...[sealed('frames', seqKey(2)), sealed('frames', seqKey(4)), sealed('frames', seqKey(9))],
    sealed('episodes', episodeKey(1)),
    sealed('snapshots', nameKey('broken inside')),
    { table: 'meta', key: nameKey('layout/5'), value: new Uint8Array(1) },
    { table: 'meta', key: nameKey('head'), value: new Uint8Array(3) },
  )
  const { writer } = await openMemoryLog({ disk })
  await writer.close()
  const storage = new MemoryStorage(disk)
  const all = { limit: 100 }
  expect(storage.keys('frames', all)).toEqual([seqKey(2)])
  expect(storage.keys('episodes', all)).toEqual([])
  expect(storage.keys('snapshots', all)).toEqual([])
  expect(new StorageReader(storage).layouts().all()).toEqual([])
})

test('all keys of a table are found, however many pages they take', async () => {
  const disk = await makeLog(0)
  const key = (episode: number): Uint8Array => episodeKey(episode)
  const episodes = upTo(1, 2048)
  const value = new Uint8Array(1)
  await commit(disk, ...episodes.map(one => ({ table: 'episodes', key: key(one), value }) as const))
  const storage = new MemoryStorage(disk)
  expect([...allKeys(storage, 'episodes')]).toEqual(episodes.map(key))
  expect([...allKeys(storage, 'episodes', key(1020))]).toEqual(episodes.slice(1019).map(key))
  expect([...allKeys(storage, 'episodes', key(5000))]).toEqual([])
})
