// Any order of appends, duplicates, overtaking, reads, prunes, disk errors, crashes and openings
// agrees with a list: invariants 1 to 9 of spec/reliability.md.
import fc from 'fast-check'
import { describe, test } from 'vitest'
import type { Durability, LogReader, LogWriter } from '../../src/store/event-log.ts'
import type { LogStorage, Write } from '../../src/store/storage.ts'
import { figure } from '../faults/figures.ts'
import { CAMPAIGN_MILLIS, commandLists, expectViolation, Invariants, times } from './campaign.ts'
import { logCommands } from './log/commands.ts'
import { memoryPlace, play, withLmdbPlace } from './log/places.ts'
import { type LogPlace, LogWorld } from './log/world.ts'

const durabilities = fc.constantFrom<Durability>('group', 'sync', 'relaxed')

describe('the event log as a model', () => {
  test(
    'P1 P3 P4 P7 in memory it agrees with a list, whatever happens',
    async () => {
      const invariants = new Invariants()
      const params = times(200, 18_000)
      await fc.assert(
        fc.asyncProperty(durabilities, commandLists(logCommands, 24), (durability, list) =>
          play(memoryPlace(durability), invariants, list),
        ),
        params,
      )
      figure('M.log.memory', { runs: params.numRuns, ...invariants.figures })
    },
    CAMPAIGN_MILLIS,
  )

  test(
    'P1 P3 P4 P7 on LMDB it agrees with a list, whatever happens',
    async () => {
      const invariants = new Invariants()
      const params = times(50, 2_000)
      await fc.assert(
        fc.asyncProperty(durabilities, commandLists(logCommands, 24), (durability, list) =>
          withLmdbPlace(durability, place => play(place, invariants, list)),
        ),
        params,
      )
      figure('M.log.lmdb', { runs: params.numRuns, ...invariants.figures })
    },
    CAMPAIGN_MILLIS,
  )
})

describe('what the models of the log have found', () => {
  const regression = async (durability: Durability, script: (world: LogWorld) => Promise<void>) => {
    const world = new LogWorld(memoryPlace(durability), new Invariants())
    await world.start()
    await script(world)
    await world.finish()
  }

  test('seed -1928128000: an answer in the instant of its deadline leaves nothing pending', () =>
    regression('group', async world => {
      await world.advance(31_000)
      await world.advance(1)
      await world.advance(31_000)
    }))

  test('seed 108445623: at level relaxed everybody who flushes is answered', () =>
    regression('relaxed', async world => {
      await world.disturb('hold')
      await world.flush()
      await world.flush()
      await world.prune(0)
    }))
})

describe('a model of the log notices', () => {
  const planted = (invariant: number, plant: (place: LogPlace) => LogPlace) =>
    expectViolation(
      invariant,
      fc.asyncProperty(commandLists(logCommands, 24), list =>
        play(plant(memoryPlace()), new Invariants(), list),
      ),
    )
  const withWriter = (invariant: number, plant: (writer: LogWriter) => Partial<LogWriter>) =>
    planted(invariant, place => ({ ...place, plantWriter: writer => over(writer, plant(writer)) }))
  const withReader = (invariant: number, plant: (reader: LogReader) => Partial<LogReader>) =>
    planted(invariant, place => ({ ...place, plantReader: reader => over(reader, plant(reader)) }))
  const withStorage = (invariant: number, plant: (storage: LogStorage) => Partial<LogStorage>) =>
    planted(invariant, place => ({
      ...place,
      storage() {
        const storage = place.storage()
        return over(storage, plant(storage))
      },
    }))

  test('invariant 1: an event that readers never see', () =>
    withReader(1, reader => ({
      *events(range) {
        for (const envelope of reader.events(range)) if (envelope.seq !== 4) yield envelope
      },
    })))

  test('invariant 2: a disk that lies about what it has written', () => {
    let commits = 0
    const lies = (writes: readonly Write[]): boolean =>
      writes.some(({ table }) => table === 'events') && ++commits % 5 === 0
    return withStorage(2, storage => ({
      commit: async (epoch, writes) => lies(writes) || (await storage.commit(epoch, writes)),
    }))
  })

  test('invariant 3: two events that change places', () =>
    withReader(3, reader => ({
      *events(range) {
        const all = [...reader.events(range)]
        const [a, b] = all.slice(-2)
        for (const one of all) {
          if (a && b && one === a) yield { ...a, event: b.event }
          else if (a && b && one === b) yield { ...b, event: a.event }
          else yield one
        }
      },
    })))

  test('invariant 4: a bit that flips on its way to the disk', () => {
    const flip = (write: Write): Write => {
      if (write.table !== 'events' || !write.value) return write
      const value = write.value.slice()
      value[value.length - 1]! ^= 1
      return { ...write, value }
    }
    return withStorage(4, storage => ({
      commit: (epoch, writes) => storage.commit(epoch, writes.map(flip)),
    }))
  })

  test('invariant 5: a writer that forgets what it was handed before', () =>
    withWriter(5, writer => ({
      append: ({ after: _, ...one }) =>
        writer.append({ ...one, position: one.position + writer.nextSeq }),
    })))

  test('invariant 6: an epoch that does not grow', () =>
    withStorage(6, storage => ({
      begin: async () => true,
      commit: (_epoch, writes) => storage.commit(storage.epoch(), writes),
    })))

  test('invariant 7: a durable end that goes back', () =>
    withWriter(7, writer => ({
      onDurable: callback =>
        writer.onDurable(({ epoch, seq }) => callback({ epoch, seq: seq % 8 })),
    })))

  test('invariant 8: a writer that believes a disk which has failed', () =>
    withWriter(8, writer => ({
      append(one) {
        try {
          return writer.append(one)
        } catch (error) {
          if (!writer.failure) throw error
          const durable = Promise.resolve(writer.durable)
          return { firstSeq: writer.nextSeq, count: one.count, duplicate: false, durable }
        }
      },
    })))

  test('invariant 9: an acknowledgement that never comes', () =>
    withWriter(9, writer => ({
      append: one => ({ ...writer.append(one), durable: new Promise(() => {}) }),
    })))
})

/** `real` with some of its methods replaced. */
function over<T extends object>(real: T, parts: Partial<T>): T {
  return new Proxy(real, {
    get(target, name) {
      const value = name in parts ? parts[name as keyof T] : target[name as keyof T]
      return typeof value === 'function' ? value.bind(name in parts ? parts : target) : value
    },
  })
}
