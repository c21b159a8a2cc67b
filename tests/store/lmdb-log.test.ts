import { LmdbStorage } from '../../src/store/lmdb-storage.ts'
import { logDirectory, openLog, openLogReader } from '../../src/store/open-log.ts'
import { describeEventLog } from './event-log.contract.ts'
import { withRunDirectory } from './run-directory.ts'

for (const placement of ['thread', 'process'] as const) {
  describeEventLog(`lmdb, written in a ${placement}`, body =>
    withRunDirectory(dir =>
      body({
        open: options => openLog(dir, { placement, ...options }),
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
}
