import { mkdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { LmdbStorage } from '../../src/store/lmdb-storage.ts'
import { logDirectory, openLog, openLogReader } from '../../src/store/open-log.ts'
import { describeEventLog } from './event-log.contract.ts'
import { withRunDirectory } from './run-directory.ts'

describeEventLog('lmdb', body =>
  withRunDirectory(dir =>
    body({
      open: options => openLog(dir, options),
      reader: () => openLogReader(dir, { check: false, readOnly: false }),
      // What a writer in another network namespace would do: there the lock does not reach.
      async supersede() {
        const storage = new LmdbStorage(logDirectory(dir))
        await storage.begin(storage.epoch() + 1)
        await storage.close()
      },
    }),
  ),
)

test(
  'B2 G5 a log whose maker died half-way is no log yet: not found by readers, made anew by a writer',
  withRunDirectory(async dir => {
    mkdirSync(logDirectory(dir))
    const storage = new LmdbStorage(logDirectory(dir))
    await storage.begin(1)
    await storage.close()
    expect(() => openLogReader(dir)).toThrow('its making is unfinished')
    const { writer, report } = await openLog(dir)
    expect(report).toMatchObject({ created: true, epoch: 2, lastSeq: 0 })
    await writer.close()
    expect(await openLogReader(dir).close()).toBeUndefined()
  }),
)
