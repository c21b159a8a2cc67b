// D5: LMDB never writes behind what was allocated for it, whatever is committed.
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { KIB } from '../../src/base/bytes.ts'
import { FileRoom, growthOf } from '../../src/store/file-room.ts'
import { episodeKey, nameKey, seqKey } from '../../src/store/keys.ts'
import { LmdbStorage } from '../../src/store/lmdb-storage.ts'
import { DATA_FILE } from '../../src/store/place.ts'
import type { Write } from '../../src/store/storage.ts'
import { memory, withRunDirectory } from './run-directory.ts'

/** The end of the last page that LMDB has used, by its two meta pages. */
function usedBytes(file: string): number {
  const bytes = Buffer.alloc(8 * KIB)
  const descriptor = openSync(file, 'r')
  readSync(descriptor, bytes, 0, bytes.byteLength, 0)
  closeSync(descriptor)
  const lastPages = [0, 4096].map(meta => Number(bytes.readBigUInt64LE(meta + 144)))
  return (Math.max(...lastPages) + 1) * 4096
}

const sizes = fc.oneof(
  { weight: 4, arbitrary: fc.nat(300) },
  { weight: 2, arbitrary: fc.nat(9_000) },
  { weight: 1, arbitrary: fc.nat(300_000) },
)

/** Writes as the log does them, and in any other order. */
const write: fc.Arbitrary<Write> = fc
  .tuple(fc.constantFrom('events', 'frames', 'episodes', 'meta'), fc.nat(5_000), sizes, fc.nat(9))
  .map(([table, number, size, chance]) => {
    const key = { episodes: episodeKey, meta: (n: number) => nameKey(`name/${n}`) }[table as 'meta']
    const place = { table: table as Write['table'], key: (key ?? seqKey)(number) }
    return chance === 0 ? place : { ...place, value: new Uint8Array(size) }
  })

describe('room in the data file', () => {
  test(
    'D5 G6 holds all that any commit writes: the file never ends where LMDB ends',
    withRunDirectory(async dir => {
      const storage = new LmdbStorage(dir)
      const file = join(dir, DATA_FILE)
      await storage.begin(1)
      let grown = 0
      const seed = Date.now() % 1e9
      for (const writes of fc.sample(fc.array(write, { maxLength: 120 }), { numRuns: 300, seed })) {
        const before = usedBytes(file)
        expect(await storage.commit(1, writes)).toBe(true)
        const used = usedBytes(file)
        expect(used - before, `seed ${seed}`).toBeLessThanOrEqual(growthOf(writes))
        expect(used, `seed ${seed}`).toBeLessThan(statSync(file).size)
        grown += used - before
      }
      await storage.close()
      expect(grown).toBeGreaterThan(5_000_000)
    }, memory),
  )

  test(
    'D5 P5 is appended only: a writer that comes late writes over nothing',
    withRunDirectory(async dir => {
      const storage = new LmdbStorage(dir)
      const file = join(dir, DATA_FILE)
      const late = new FileRoom(file)
      await storage.begin(1)
      for (let i = 0; i < 50; i++) {
        const value = new Uint8Array(20_000).fill(i)
        // It believes that LMDB has used one page so far.
        const [, ok] = await Promise.all([
          late.reach(0, statSync(file).size + 4096),
          storage.commit(1, [{ table: 'events', key: seqKey(i), value }]),
        ])
        expect(ok).toBe(true)
      }
      await late.close()
      for (let i = 0; i < 50; i++) {
        expect(storage.get('events', seqKey(i))).toEqual(new Uint8Array(20_000).fill(i))
      }
      await storage.close()
    }, memory),
  )
})
