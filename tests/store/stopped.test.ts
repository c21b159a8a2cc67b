// Time that passes while the process does not run, and an end while the disk is still at work.
import { describe, expect, test } from 'vitest'
import { seqKey } from '../../src/store/keys.ts'
import { LmdbStorage } from '../../src/store/lmdb-storage.ts'
import { openLog } from '../../src/store/open-log.ts'
import { contribution, metric } from './records.ts'
import { withRunDirectory } from './run-directory.ts'

/** As SIGSTOP does, or a container that is paused: nothing of this thread runs. */
const sleep = (millis: number): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, millis)
}

describe('a process that was stopped', () => {
  test(
    'P7 for longer than a disk may take does not take the disk for dead',
    withRunDirectory(async dir => {
      const { writer } = await openLog(dir, { durability: 'sync', operationMillisMax: 1_000 })
      for (let position = 1; position <= 3; position++) {
        const { durable } = writer.append(contribution([metric(position)], position))
        sleep(1_200)
        expect((await durable).seq).toBe(position)
      }
      await writer.close()
      expect(writer.failure).toBeUndefined()
    }),
  )
})

describe('a storage that is closed while the disk is at work', () => {
  test(
    'carries out what was asked for, and ends no process',
    withRunDirectory(async dir => {
      const storage = new LmdbStorage(dir)
      await storage.begin(1)
      const value = new Uint8Array(100_000)
      for (let turns = 0; turns < 20; turns++) {
        const again = new LmdbStorage(dir)
        const commit = again.commit(1, [{ table: 'events', key: seqKey(turns), value }])
        for (let i = 0; i < turns; i++) await new Promise(resolve => setImmediate(resolve))
        await again.close()
        expect(await commit).toBe(true)
      }
      storage.refresh()
      expect(storage.count('events')).toBe(20)
      await storage.close()
    }),
  )
})
