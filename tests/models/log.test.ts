// Any order of appends, duplicates, overtaking, reads, prunes, disk errors, crashes and openings
// agrees with a list (spec/reliability.md, section 5: invariants 1 to 9 but for 10 on).
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { checkDataFile } from '../../src/store/check-file.ts'
import type { Durability } from '../../src/store/event-log.ts'
import { LmdbStorage } from '../../src/store/lmdb-storage.ts'
import { MemoryDisk, MemoryStorage } from '../../src/store/memory-storage.ts'
import { dataFile, logDirectory } from '../../src/store/open-log.ts'
import { figure } from '../faults/figures.ts'
import { commandLists, Invariants, times } from './campaign.ts'
import { logCommands } from './log/commands.ts'
import { type LogPlace, LogWorld } from './log/world.ts'

const durabilities = fc.constantFrom<Durability>('group', 'sync', 'relaxed')

const memoryPlace = (durability: Durability): LogPlace => {
  const disk = new MemoryDisk()
  return { durability, storage: () => new MemoryStorage(disk) }
}

/** A directory in memory, gone after `body`. */
async function withLmdbPlace(
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

async function play(
  place: LogPlace,
  invariants: Invariants,
  commands: Iterable<fc.AsyncCommand<LogWorld, LogWorld>>,
): Promise<void> {
  const world = new LogWorld(place, invariants)
  await world.start()
  await fc.asyncModelRun(() => ({ model: world, real: world }), commands)
  await world.finish()
}

describe('the event log as a model', () => {
  test('P1 P3 P4 P7 in memory it agrees with a list, whatever happens', async () => {
    const invariants = new Invariants()
    const params = times(200, 17_000)
    await fc.assert(
      fc.asyncProperty(durabilities, commandLists(logCommands, 30), (durability, list) =>
        play(memoryPlace(durability), invariants, list),
      ),
      params,
    )
    figure('M.log.memory', { runs: params.numRuns, ...invariants.figures })
  })

  test('P1 P3 P4 P7 on LMDB it agrees with a list, whatever happens', async () => {
    const invariants = new Invariants()
    const params = times(100, 3_000)
    await fc.assert(
      fc.asyncProperty(durabilities, commandLists(logCommands, 30), (durability, list) =>
        withLmdbPlace(durability, place => play(place, invariants, list)),
      ),
      params,
    )
    figure('M.log.lmdb', { runs: params.numRuns, ...invariants.figures })
  })
})
