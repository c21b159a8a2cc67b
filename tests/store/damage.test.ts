// Logs that are damaged behind LMDB's back.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openBatch, sealBatch } from '../../src/store/batch-codec.ts'
import { seqKey } from '../../src/store/keys.ts'
import { LmdbStorage } from '../../src/store/lmdb-storage.ts'
import { metaWrite } from '../../src/store/meta.ts'
import { dataFile, logDirectory, openLog, openLogReader } from '../../src/store/open-log.ts'
import { recoverLog } from '../../src/store/recover.ts'
import type { Write } from '../../src/store/storage.ts'
import { verifyLog } from '../../src/store/verify.ts'
import { contribution, metric } from './records.ts'
import { withRunDirectory } from './run-directory.ts'
import { BATCHES, makeLog } from './small-log.ts'

/** Changes the stored bytes of some batches, past all checks. */
async function damage(
  dir: string,
  change: (value: Uint8Array, seq: number) => Uint8Array | undefined,
  seqs: number[],
): Promise<void> {
  const storage = new LmdbStorage(logDirectory(dir))
  const writes = seqs.map((seq): Write => {
    const value = change(storage.get('events', seqKey(seq))!, seq)
    return { table: 'events', key: seqKey(seq), ...(value ? { value } : {}) }
  })
  await storage.commit(storage.epoch(), writes)
  await storage.close()
}

const flip = (value: Uint8Array): Uint8Array => {
  value[value.byteLength >> 1]! ^= 4
  return value
}

const lastBatch = BATCHES * 4 - 3

describe('a damaged log', () => {
  test(
    'P6 a flipped bit in the file is LOG_CORRUPT naming the event, never a wrong value',
    withRunDirectory(async dir => {
      await makeLog(dir)
      const file = dataFile(dir)
      const bytes = readFileSync(file)
      const storage = new LmdbStorage(logDirectory(dir))
      const value = storage.get('events', seqKey(9))!
      await storage.close()
      // LMDB copies a page that it changes: some copies are free again, one is the log's.
      const copies: number[] = []
      for (let at = bytes.indexOf(value); at >= 0; at = bytes.indexOf(value, at + 1)) {
        copies.push(at)
      }
      expect(copies).not.toHaveLength(0)
      for (const offset of [0, 9, 20, 49, 60, value.byteLength - 1]) {
        const flipped = Buffer.from(bytes)
        for (const at of copies) flipped[at + offset]! ^= 1
        const copy = join(dir, `copy-${offset}`)
        mkdirSync(logDirectory(copy), { recursive: true })
        writeFileSync(dataFile(copy), flipped)
        const reader = openLogReader(copy)
        expect([...reader.events({ fromSeq: 1, toSeq: 8 })]).toHaveLength(8)
        expect(() => [...reader.events({ fromSeq: 9 })]).toThrow(
          expect.objectContaining({
            code: 'LOG_CORRUPT',
            message: expect.stringContaining('event 9'),
          }),
        )
        await reader.close()
        const report = await verifyLog(copy)
        expect(report).toMatchObject({ ok: false, lastGoodSeq: 8, lastSeq: 48 })
        expect(report.problems[0]).toMatchObject({ seq: 9 })
      }
    }),
  )

  test(
    'P6 G5 a torn tail is cut at the last whole batch, and said; the log goes on behind it',
    withRunDirectory(async dir => {
      await makeLog(dir)
      await damage(dir, flip, [lastBatch, lastBatch - 4])
      const { writer, report } = await openLog(dir)
      expect(report).toMatchObject({ lastSeq: 40, cutEvents: 8, cleanClose: false })
      expect(report).toMatchObject({
        openEpisodes: [{ episode: 1, agent: 'agent-0' }],
        lastEpisode: 1,
      })
      expect(report.cutBytes).toBeGreaterThan(0)
      expect(report.layouts).toHaveLength(2)
      expect(writer.append(contribution([metric(1)], 100)).firstSeq).toBe(41)
      await writer.close()
      expect(await verifyLog(dir)).toMatchObject({ ok: true, lastSeq: 41, problems: [] })
      const reader = openLogReader(dir)
      expect(reader.snapshot('at-40')).toBeDefined()
      expect(reader.snapshot('at-44')).toBeUndefined()
      expect(reader.frame(46)).toBeUndefined()
      await reader.close()
    }),
  )

  test(
    'producers that follow the log are sent back to the cut',
    withRunDirectory(async dir => {
      await makeLog(dir)
      const before = await openLog(dir)
      const empty = { records: new Uint8Array(), count: 0 }
      before.writer.append({ ...empty, producer: 'aggregator', position: 47 })
      before.writer.append({ ...empty, producer: 'encoder:main', position: 30 })
      await before.writer.close()
      await damage(dir, flip, [lastBatch])
      const { writer, report } = await openLog(dir)
      expect(report.positions).toEqual({ 'trainer:test': 12, aggregator: 44, 'encoder:main': 30 })
      await writer.close()
    }),
  )

  test(
    'damage in the middle is left alone by opening, and only cut when asked to',
    withRunDirectory(async dir => {
      await makeLog(dir)
      await damage(dir, flip, [21])
      const { writer, report } = await openLog(dir)
      expect(report).toMatchObject({ lastSeq: 48, cutEvents: 0 })
      await writer.close()
      await expect(recoverLog(dir)).rejects.toMatchObject({
        code: 'LOG_CORRUPT',
        message: expect.stringContaining('6 whole batches'),
      })
      expect(await verifyLog(dir)).toMatchObject({ ok: false, lastGoodSeq: 20, problemCount: 1 })
      expect(await recoverLog(dir, { cutAtDamage: true })).toMatchObject({
        lastSeq: 20,
        cutBatches: 7,
        cutWholeBatches: 6,
      })
      expect(await verifyLog(dir)).toMatchObject({ ok: true, lastSeq: 20 })
    }),
  )

  test(
    'verify finds a gap, a broken chain, a missing frame, wrong pixels and a state that disagrees',
    withRunDirectory(async dir => {
      await makeLog(dir)
      const file = join(dir, 'data.copy')
      copyFileSync(dataFile(dir), file)
      const restore = (): void => copyFileSync(file, dataFile(dir))
      const problemsOf = async (): Promise<string> => {
        const report = await verifyLog(dir)
        expect(report.ok).toBe(false)
        return report.problems.map(p => `${p.seq}: ${p.message}`).join('\n')
      }

      await damage(dir, () => undefined, [21])
      expect(await problemsOf()).toContain('21: expected a batch at 21, found one at 25')

      restore()
      await damage(dir, value => resealed(value), [21])
      expect(await problemsOf()).toContain('21: the chain of checksums is broken before event 25')

      restore()
      const storage = new LmdbStorage(logDirectory(dir))
      const other = storage.get('frames', seqKey(10))!
      await storage.commit(storage.epoch(), [
        { table: 'frames', key: seqKey(6) },
        { table: 'frames', key: seqKey(14), value: other },
        metaWrite('episodes', { last: 9, open: [] }),
      ])
      await storage.close()
      const found = await problemsOf()
      expect(found).toContain('6: its pixels are missing')
      expect(found).toContain('14: LOG_CORRUPT: frame 14: expected checksum')
      expect(found).toContain('0: open episodes')
      expect(found).toContain('0: last episode')
    }),
  )

  test(
    'a state that was lost is rebuilt from the events at opening',
    withRunDirectory(async dir => {
      await makeLog(dir)
      const storage = new LmdbStorage(logDirectory(dir))
      const key = new TextEncoder().encode('head')
      await storage.commit(storage.epoch(), [{ table: 'meta', key, value: new Uint8Array(7) }])
      await storage.close()
      const { writer, report } = await openLog(dir)
      expect(report).toMatchObject({
        lastSeq: 48,
        cutBytes: 0,
        openEpisodes: [{ episode: 1 }, { episode: 2 }],
        lastEpisode: 2,
      })
      await writer.close()
      expect(await verifyLog(dir)).toMatchObject({ ok: true })
    }),
  )
})

// The batch with another time and a right checksum: whole in itself, but not the one that was.
function resealed(value: Uint8Array): Uint8Array {
  const { records, ...batch } = openBatch(21, value)
  sealBatch(value, { ...batch, firstTime: batch.firstTime + 1 })
  return value
}
