// The encoder and the aggregator over a real log, without threads: whatever part of their work was
// made durable when they die, the next life misses nothing and repeats nothing (invariants 1, 4).
import { describe, expect, test } from 'vitest'
import { runActor } from '../../src/actors/run-actor.ts'
import { SimulatedClock } from '../../src/base/clock.ts'
import { unpackValue } from '../../src/protocol/codec.ts'
import type { Event } from '../../src/protocol/events.ts'
import { LmdbStorage } from '../../src/store/lmdb-storage.ts'
import { logDirectory, openLog } from '../../src/store/open-log.ts'
import { contribution, declarations } from '../store/records.ts'
import { withRunDirectory } from '../store/run-directory.ts'
import { definitions, episode, eventsOf, live, readBack, reader, withLog } from './consumer-life.ts'
import { FakeEndpoint, turns, until } from './fake-endpoint.ts'

describe('a consumer of the log that dies', () => {
  for (const kind of Object.keys(definitions)) {
    test(
      `after any part of its facts was taken in goes on where that ended: ${kind}`,
      withRunDirectory(async dir => {
        await withLog(dir, async log => {
          let position = 0
          const add = async (events: readonly Event[]): Promise<void> => {
            await log.writer.append(contribution(events, ++position)).durable
          }
          await add(declarations)
          for (const [life, takes] of [0, 1, 1, 0, 2].entries()) {
            await add([...episode(life * 2 + 1), ...episode(life * 2 + 2)])
            const actor = live(kind, dir, log, life, takes)
            await until(() => actor.arrived() > 0, 'facts came')
            await actor.end('stop')
          }
          const last = live(kind, dir, log, 5, Number.POSITIVE_INFINITY)
          await until(() => last.endpoint.reportsOf('ready').length > 0, 'it runs')
          await last.end('drain')
          expect(last.endpoint.reportsOf('failed')).toEqual([])
          const episodes = Array.from({ length: 10 }, (_, i) => i + 1)
          if (kind === 'encoder') {
            const counted = eventsOf(dir, 'frames_counted')
            expect(counted.map(fact => fact.episode)).toEqual(episodes)
            expect(counted.every(fact => fact.owed === 3 && fact.intact === 3)).toBe(true)
          } else {
            const milestones = eventsOf(dir, 'milestone_reached')
            const best = milestones.filter(fact => fact.milestone === 'best_return')
            expect(best.map(fact => [fact.episode, fact.previous])).toEqual(
              episodes.map(number => [number, number === 1 ? null : number - 1]),
            )
            const rows = readBack(dir).episodeRows({ limit: 100 })
            expect(rows.map(row => row.episode)).toEqual(episodes.toReversed())
            expect(unpackValue(rows[0]!.bytes)).toMatchObject({ episode: 10, totalReward: 10 })
          }
        })
      }),
    )
  }
})

describe('a consumer of the log', () => {
  test(
    'G12 says that its facts are awaited: an encoder of video, not who only moves its cursor',
    withRunDirectory(async dir => {
      await withLog(dir, async log => {
        const told: unknown[] = []
        for (const [life, events] of [declarations, episode(1)].entries()) {
          await log.writer.append(contribution(events, life + 1)).durable
          const actor = live('encoder', dir, log, life, 1)
          await until(() => actor.arrived() > 0, 'it said where it stands')
          await actor.end('stop')
          const [{ count, isAwaited } = {}] = actor.batches
          told.push({ count, isAwaited })
        }
        expect(told).toEqual([
          { count: 0, isAwaited: false },
          { count: 1, isAwaited: true },
        ])
      })
    }),
  )
})

/** Flips a bit in every snapshot, and in the newest frame's pixels. */
async function damage(dir: string): Promise<void> {
  const storage = new LmdbStorage(logDirectory(dir))
  const keys = [
    ...storage.keys('snapshots', { limit: 9 }).map(key => ({ table: 'snapshots', key }) as const),
    ...storage
      .keys('frames', { reverse: true, limit: 1 })
      .map(key => ({ table: 'frames', key }) as const),
  ]
  const writes = keys.map(({ table, key }) => {
    const value = storage.get(table, key)!
    value[value.byteLength - 1]! ^= 1
    return { table, key, value }
  })
  await storage.commit(storage.epoch(), writes)
  await storage.close()
}

describe('a consumer of a log that is damaged', () => {
  for (const kind of Object.keys(definitions)) {
    test(
      `P6 A3 A4 does without its snapshot, and a damaged frame is missed: ${kind}`,
      withRunDirectory(async dir => {
        await withLog(dir, async log => {
          await log.writer.append(contribution([...declarations, ...episode(1)], 1)).durable
          const first = live(kind, dir, log, 0, Number.POSITIVE_INFINITY)
          await until(() => first.arrived() > 0, 'facts came')
          await first.end('drain')
          await log.writer.append(contribution(episode(2), 2)).durable
        })
        await damage(dir)
        await withLog(dir, async log => {
          const second = live(kind, dir, log, 1, Number.POSITIVE_INFINITY)
          await until(() => second.arrived() > 0, 'facts came')
          await second.end('drain')
          expect(second.endpoint.reportsOf('failed')).toEqual([])
        })
        const counted = eventsOf(dir, 'frames_counted')
        const best = eventsOf(dir, 'milestone_reached').filter(
          fact => fact.milestone === 'best_return',
        )
        expect([...counted, ...best].map(fact => fact.episode)).toEqual([1, 2])
        expect(counted.map(fact => fact.intact)).toEqual(kind === 'encoder' ? [3, 2] : [])
      }),
    )
  }
})

describe('a consumer of the log that comes back to one in which nothing happens', () => {
  for (const kind of Object.keys(definitions)) {
    test(
      `A3 goes on with what is there, without being told: ${kind}`,
      withRunDirectory(async dir => {
        await withLog(dir, async log => {
          await log.writer.append(contribution([...declarations, ...episode(1)], 1)).durable
          const actor = live(kind, dir, log, 1, 1, { announced: false })
          await until(() => actor.arrived() > 0, 'facts came')
          await actor.end('stop')
        })
      }),
    )
  }
})

describe('a consumer of the log that dies while its facts are being committed', () => {
  for (const kind of Object.keys(definitions)) {
    test(
      `A3 makes them once, however slow the disk: ${kind}`,
      withRunDirectory(async dir => {
        const disk = Promise.withResolvers<void>()
        let slow = false
        const faults = { beforeCommit: () => (slow ? disk.promise : undefined) }
        const log = await openLog(dir, { durability: 'sync', faults })
        const add = (events: readonly Event[], position: number) =>
          log.writer.append(contribution(events, position)).durable
        await add([...declarations, ...episode(1)], 1)
        const beforeTaking = async (): Promise<void> => {
          await add(episode(2), 2)
          slow = true
        }
        const first = live(kind, dir, log, 0, 1, { beforeTaking })
        await until(() => slow, 'facts came')
        await first.end('stop')
        const second = live(kind, dir, log, 1, Number.POSITIVE_INFINITY)
        await turns()
        disk.resolve()
        await until(() => second.endpoint.reportsOf('ready').length > 0, 'it runs again')
        await second.end('drain')
        await log.writer.close()
        const facts = [
          ...eventsOf(dir, 'frames_counted').map(fact => fact.episode),
          ...eventsOf(dir, 'milestone_reached')
            .filter(fact => fact.milestone === 'best_return')
            .map(fact => fact.episode),
        ]
        expect(facts).toEqual([1, 2])
      }),
    )
  }
})

describe('the encoder', () => {
  test(
    'counts as missing what the log holds no pixels of',
    withRunDirectory(async dir => {
      await withLog(dir, async log => {
        const { durable, firstSeq } = log.writer.append(
          contribution([...declarations, ...episode(1)], 1),
        )
        await durable
        await log.writer.dropFrames({ beforeSeq: firstSeq + 5 })
        const actor = live('encoder', dir, log, 0, 100)
        await until(() => actor.arrived() > 0)
        await actor.end('drain')
        expect(eventsOf(dir, 'frames_counted')).toMatchObject([{ owed: 3, intact: 2 }])
      })
    }),
  )
})

describe('a consumer without a log', () => {
  for (const kind of Object.keys(definitions)) {
    test(
      `is refused, and does not die unheard: ${kind}`,
      withRunDirectory(async dir => {
        const endpoint = new FakeEndpoint({ config: { runDir: dir, reader, task: 'record' } })
        runActor(endpoint, definitions[kind]!, new SimulatedClock())
        await until(() => endpoint.exited !== undefined)
        expect(endpoint.reportsOf('failed')).toMatchObject([{ code: 'NOT_FOUND', refused: true }])
      }),
    )
  }
})
