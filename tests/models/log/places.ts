// Where logs of models lie: in memory, or in a directory of a file system in memory.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import fc from 'fast-check'
import { checkDataFile } from '../../../src/store/check-file.ts'
import type { Durability } from '../../../src/store/event-log.ts'
import { LmdbStorage } from '../../../src/store/lmdb-storage.ts'
import { MemoryDisk, MemoryStorage } from '../../../src/store/memory-storage.ts'
import { dataFile, logDirectory } from '../../../src/store/open-log.ts'
import type { Invariants } from '../campaign.ts'
import { type LogPlace, LogWorld } from './world.ts'

export const memoryPlace = (durability: Durability = 'group'): LogPlace => {
  const disk = new MemoryDisk()
  return { durability, storage: () => new MemoryStorage(disk) }
}

/** A directory in memory, gone after `body`. */
export async function withLmdbPlace(
  durability: Durability,
  body: (place: LogPlace) => Promise<void>,
): Promise<void> {
  const dir = mkdtempSync('/dev/shm/rollcast-models-')
  mkdirSync(logDirectory(dir))
  try {
    await body({
      durability,
      storage() {
        checkDataFile(dataFile(dir))
        return new LmdbStorage(logDirectory(dir), { deferMetaSync: durability === 'relaxed' })
      },
    })
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** Plays the commands on a new log, and looks at the whole of it in the end. */
export async function play(
  place: LogPlace,
  invariants: Invariants,
  commands: Iterable<fc.AsyncCommand<LogWorld, LogWorld>>,
): Promise<void> {
  const world = new LogWorld(place, invariants)
  await world.start()
  await fc.asyncModelRun(() => ({ model: world, real: world }), commands)
  await world.finish()
}
