// Recovering a damaged log takes many transactions, and may end after any of them.
import { describe, expect, test } from 'vitest'
import { seqKey } from '../../src/store/keys.ts'
import { openMemoryLog } from '../../src/store/memory-log.ts'
import { type MemoryDisk, MemoryStorage } from '../../src/store/memory-storage.ts'
import { recoverStorage } from '../../src/store/recover.ts'
import { EndingStorage, ended, superseded } from './ending-storage.ts'
import { contribution, declarations, episodeBegan, episodeEnded, frame, step } from './records.ts'

const BATCHES = 150
const DAMAGED = 41

/**
 * A log of 150 batches of two events, with frames, rows, and snapshots of producers that follow it;
 * the batch of event 41 is broken.
 */
async function damagedLog(): Promise<MemoryDisk> {
  const { writer, disk } = await openMemoryLog({ durability: 'sync' })
  await writer.append(contribution(declarations, 1)).durable
  for (let i = 2; i <= BATCHES; i++) {
    const seq = 2 * i
    const ends = i % 10 === 0
    const events = ends ? [episodeEnded(i), episodeBegan(i + 1)] : [frame(1, i), step(1, i)]
    await writer.append({
      ...contribution(events, i),
      rows: ends ? [{ episode: i, bytes: new Uint8Array([i]) }] : [],
    }).durable
    await writer.append({
      producer: 'aggregator',
      position: seq,
      records: new Uint8Array(),
      count: 0,
      snapshot: { name: `at-${seq}`, version: 1, position: seq, bytes: new Uint8Array([i]) },
    }).durable
  }
  await writer.close()
  const storage = new MemoryStorage(disk)
  const key = seqKey(DAMAGED)
  const value = storage.get('events', key)!
  value[value.byteLength >> 1]! ^= 1
  await storage.commit(storage.epoch(), [{ table: 'events', key, value }])
  return disk
}

/** All that is in the log when it has been opened, or why it was not. */
async function whenOpened(disk: MemoryDisk): Promise<unknown> {
  const copy = structuredClone(disk)
  try {
    await openMemoryLog({ disk: copy })
    return copy.tables
  } catch (error) {
    return (error as { code?: string }).code
  }
}

describe('log recover', () => {
  test('P6 P8 ended after any transaction, it leaves no log that opens as another one', async () => {
    const damaged = await damagedLog()
    const recovered = structuredClone(damaged)
    const whole = new EndingStorage(recovered, Number.POSITIVE_INFINITY, ended)
    expect(await recoverStorage(whole, true)).toMatchObject({ lastSeq: DAMAGED - 1 })
    expect(whole.commits).toBeGreaterThan(5)
    const [before, after] = [await whenOpened(damaged), await whenOpened(recovered)]
    const seen = new Set<string>()
    for (let endsAt = 1; endsAt <= whole.commits; endsAt++) {
      const disk = structuredClone(damaged)
      const ending = recoverStorage(new EndingStorage(disk, endsAt, ended), true)
      await expect(ending).rejects.toThrow('the process ended')
      const opened = await whenOpened(disk)
      if (opened === 'LOG_CORRUPT') seen.add('refused')
      else if (endsAt === 1) expect(opened).toEqual(before)
      else {
        expect(opened, `ended at transaction ${endsAt}`).toEqual(after)
        seen.add('recovered')
      }
      await recoverStorage(new MemoryStorage(disk), true)
      expect(await whenOpened(disk)).toEqual(after)
    }
    expect(seen).toEqual(new Set(['refused', 'recovered']))
  })

  test('P5 G8 says so when another writer has come meanwhile', async () => {
    const damaged = await damagedLog()
    const storage = new EndingStorage(damaged, 2, superseded)
    await expect(recoverStorage(storage, true)).rejects.toMatchObject({ code: 'LOG_LOCKED' })
  })
})
