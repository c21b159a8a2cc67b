// Files that are not what a log is kept in: foreign, empty, cut off, of the future.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkDataFile } from '../../src/store/check-file.ts'
import { LmdbStorage } from '../../src/store/lmdb-storage.ts'
import { metaWrite } from '../../src/store/meta.ts'
import { dataFile, logDirectory, openLog, openLogReader } from '../../src/store/open-log.ts'
import { verifyLog } from '../../src/store/verify.ts'
import { withRunDirectory } from './run-directory.ts'
import { makeLog } from './small-log.ts'

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
