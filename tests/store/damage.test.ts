// Files that are not as they should be: foreign, cut off, damaged, of the future, on a full disk.
import { execFileSync, spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { MIB } from '../../src/base/bytes.ts'
import { openBatch, sealBatch } from '../../src/store/batch-codec.ts'
import { checkDataFile } from '../../src/store/check-file.ts'
import { compactLog } from '../../src/store/compact.ts'
import { seqKey } from '../../src/store/keys.ts'
import { LmdbStorage } from '../../src/store/lmdb-storage.ts'
import { metaWrite } from '../../src/store/meta.ts'
import { dataFile, logDirectory, openLog, openLogReader } from '../../src/store/open-log.ts'
import { recoverLog } from '../../src/store/recover.ts'
import { logStats } from '../../src/store/stats.ts'
import type { Write } from '../../src/store/storage.ts'
import { verifyLog } from '../../src/store/verify.ts'
import { contribution, declarations, episodeBegan, frame, metric, step } from './records.ts'
import { withRunDirectory } from './run-directory.ts'

const BATCHES = 12

/** A log of 12 batches of four events, closed cleanly; snapshots of events 8 and 48. */
async function makeLog(dir: string): Promise<void> {
  const { writer } = await openLog(dir, { durability: 'sync' })
  await writer.append(contribution([...declarations, episodeBegan(1), metric(0)], 1)).durable
  for (let i = 2; i <= BATCHES; i++) {
    const events = [step(1, i), frame(1, i), metric(i), metric(-i)]
    const snapshot = { name: `at-${i * 4}`, version: 1, position: i * 4, bytes: new Uint8Array(9) }
    const last = i === BATCHES ? [episodeBegan(2)] : []
    await writer.append({
      ...contribution([...events.slice(last.length), ...last], i),
      snapshot,
    }).durable
  }
  await writer.close()
}

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

describe('a file that is no log of ours', () => {
  test(
    'foreign files are refused and not touched',
    withRunDirectory(async dir => {
      const cases: [string, Uint8Array][] = [
        ['short', new Uint8Array(100).fill(7)],
        ['text', Buffer.from('# not a log\n'.repeat(2000))],
        ['zeros', new Uint8Array(20_000)],
      ]
      for (const [name, bytes] of cases) {
        const run = join(dir, name)
        mkdirSync(logDirectory(run), { recursive: true })
        writeFileSync(dataFile(run), bytes)
        await expect(openLog(run)).rejects.toMatchObject({ code: 'LOG_FOREIGN' })
        expect(() => openLogReader(run)).toThrow(expect.objectContaining({ code: 'LOG_FOREIGN' }))
        expect(readFileSync(dataFile(run))).toEqual(Buffer.from(bytes))
      }
      mkdirSync(dataFile(join(dir, 'directory')), { recursive: true })
      await expect(openLog(join(dir, 'directory'))).rejects.toMatchObject({ code: 'LOG_FOREIGN' })
      expect(() => openLogReader(join(dir, 'none'))).toThrow(
        expect.objectContaining({ code: 'NOT_FOUND' }),
      )
    }),
  )

  test(
    'an LMDB database of another program is refused and not touched',
    withRunDirectory(async dir => {
      const directory = logDirectory(dir)
      mkdirSync(directory, { recursive: true })
      const script = `
        const { open } = require('lmdb')
        const env = open({ path: ${JSON.stringify(directory)}, noSubdir: false })
        const db = env.openDB('users')
        db.put('a', 1).then(() => env.close())`
      execFileSync(process.execPath, ['-e', script])
      const before = readFileSync(dataFile(dir))
      await expect(openLog(dir)).rejects.toMatchObject({ code: 'LOG_FOREIGN' })
      expect(readFileSync(dataFile(dir))).toEqual(before)
    }),
  )

  test(
    'P6 a log begins with a whole file, so an empty one has lost its contents and is refused',
    withRunDirectory(async dir => {
      mkdirSync(logDirectory(dir), { recursive: true })
      writeFileSync(dataFile(dir), '')
      await expect(openLog(dir)).rejects.toMatchObject({ code: 'LOG_CORRUPT' })
    }),
  )

  test(
    'G5 what a process left behind that died while it made a file is cleared away',
    withRunDirectory(async dir => {
      const aside = join(logDirectory(dir), 'aside-1')
      mkdirSync(aside, { recursive: true })
      writeFileSync(join(aside, 'data.mdb'), 'half')
      const { writer, report } = await openLog(dir)
      expect(report.created).toBe(true)
      expect(existsSync(aside)).toBe(false)
      await writer.close()
    }),
  )

  test(
    'P6 G5 a file that was cut off is refused before it is mapped, wherever it was cut',
    withRunDirectory(async dir => {
      await makeLog(dir)
      const file = dataFile(dir)
      const bytes = readFileSync(file)
      // What follows LMDB's last page is room that was taken ahead, and holds nothing.
      const lastPage = [0, 4096].map(meta => Number(bytes.readBigUInt64LE(meta + 144)))
      const pages = Math.max(...lastPage) + 1
      expect(bytes.subarray(pages * 4096).every(byte => byte === 0)).toBe(true)
      for (let page = pages - 1; page >= 0; page--) {
        for (const size of [page * 4096, page * 4096 + 123]) {
          writeFileSync(file, bytes)
          truncateSync(file, size)
          const code = expect.stringMatching(/LOG_CORRUPT|LOG_FOREIGN/)
          expect(() => checkDataFile(file)).toThrow(expect.objectContaining({ code }))
          await expect(openLog(dir)).rejects.toMatchObject({ code })
        }
      }
      writeFileSync(file, bytes)
      expect(await verifyLog(dir)).toMatchObject({ ok: true })
    }),
  )

  test(
    'P6 flipped bits in the numbers of a meta page are noticed before the file is mapped',
    withRunDirectory(async dir => {
      await makeLog(dir)
      const file = dataFile(dir)
      const bytes = readFileSync(file)
      const newest = bytes.readBigUInt64LE(152) > bytes.readBigUInt64LE(4096 + 152) ? 0 : 4096
      // Page flags, magic, data version, page size, the two roots, last page, transaction.
      const fields = [18, 24, 28, 48, 88 + 4, 136 + 4, 144 + 2, 152, 152 + 3]
      for (const field of fields) {
        const flipped = Buffer.from(bytes)
        flipped[newest + field]! ^= 8
        if (field === 152) flipped[newest + field]! ^= 9
        writeFileSync(file, flipped)
        expect(() => checkDataFile(file), `byte ${field}`).toThrow(
          /expected|meta page|tree of|page size/,
        )
      }
    }),
  )

  test(
    'a log of a future format is LOG_VERSION, for writers and readers',
    withRunDirectory(async dir => {
      await makeLog(dir)
      const storage = new LmdbStorage(logDirectory(dir))
      const format = metaWrite('format', { magic: 'rollcast-log', version: 2 })
      await storage.commit(storage.epoch(), [format])
      await storage.close()
      await expect(openLog(dir)).rejects.toMatchObject({ code: 'LOG_VERSION' })
      expect(() => openLogReader(dir)).toThrow(expect.objectContaining({ code: 'LOG_VERSION' }))
    }),
  )

  test(
    'a path that cannot be a directory is CANNOT_CREATE',
    withRunDirectory(async dir => {
      writeFileSync(join(dir, 'file'), 'x')
      await expect(openLog(join(dir, 'file'))).rejects.toMatchObject({ code: 'CANNOT_CREATE' })
    }),
  )
})

const canMount =
  process.getuid?.() === 0 && spawnSync('unshare', ['-m', 'true'], { stdio: 'ignore' }).status === 0

describe('space on the disk', () => {
  test.skipIf(!canMount)(
    'P7 D5 on a small disk the log stops before it is full, loses nothing, and opens again',
    withRunDirectory(async dir => {
      const disk = join(dir, 'disk')
      mkdirSync(disk)
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', disk])
      try {
        const options = { freeBytesMin: 4 * MIB, durability: 'sync' } as const
        const { writer } = await openLog(disk, options)
        let acked = 0
        const failed = Promise.withResolvers<unknown>()
        writer.onFailure(failed.resolve)
        for (let i = 1; writer.failure === undefined; i++) {
          const { durable } = writer.append(contribution([metric(i, 100_000)], i))
          await durable.then(
            position => {
              acked = position.seq
            },
            () => {},
          )
        }
        expect(await failed.promise).toMatchObject({ code: 'DISK_FULL' })
        await writer.close()
        expect(acked).toBeGreaterThan(50)
        expect(statSync(dataFile(disk)).size).toBeLessThan(14 * MIB)
        const more = { ...options, freeBytesMin: 5 * MIB }
        await expect(openLog(disk, more)).rejects.toMatchObject({ code: 'DISK_FULL' })
        const again = await openLog(disk, { freeBytesMin: MIB })
        expect(again.report).toMatchObject({ lastSeq: acked, cleanClose: false })
        await again.writer.close()
        expect(await verifyLog(disk)).toMatchObject({ ok: true })
      } finally {
        execFileSync('umount', ['--lazy', disk]) // others may look into /tmp
      }
    }),
  )

  test(
    'compact gives the room of pruned frames back, and keeps every event',
    withRunDirectory(async dir => {
      const { writer } = await openLog(dir)
      writer.append(contribution(declarations, 1))
      for (let i = 0; i < 40; i++) writer.append(contribution(bulk(i), i + 2))
      await writer.close()
      const before = await logStats(dir)
      const report = await compactLog(dir, { dropFrames: true })
      expect(report.framesDropped).toBe(before.frames)
      expect(report.bytesAfter).toBeLessThan(report.bytesBefore / 2)
      const after = await logStats(dir)
      expect(after).toMatchObject({
        events: before.events,
        frames: 0,
        fileBytes: report.bytesAfter,
      })
      expect(after.eventsByType).toEqual(before.eventsByType)
      expect(await verifyLog(dir)).toMatchObject({ ok: true, prunedFrames: before.frames })
      const next = await openLog(dir)
      expect(next.writer.append(contribution([metric(1)], 1000)).firstSeq).toBe(before.events + 1)
      await next.writer.close()
      expect(await verifyLog(dir)).toMatchObject({ ok: true })
      expect(dirname(dataFile(dir))).toBe(logDirectory(dir))
    }),
  )
})

const bulk = (round: number): ReturnType<typeof frame>[] =>
  Array.from({ length: 100 }, (_, i) => frame(1, round * 100 + i))
