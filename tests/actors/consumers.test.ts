// The encoder and the aggregator over a real log, without threads: whatever part of their work was
// made durable when they die, the next life misses nothing and repeats nothing (invariants 1, 4).
import { MessageChannel } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { aggregator } from '../../src/actors/aggregator/actor.ts'
import { encoder } from '../../src/actors/encoder/actor.ts'
import { type ActorDefinition, runActor } from '../../src/actors/run-actor.ts'
import { SimulatedClock } from '../../src/base/clock.ts'
import { unpackValue } from '../../src/protocol/codec.ts'
import type { Event, EventOf, EventType } from '../../src/protocol/events.ts'
import type { DurableNotice, FactBatch } from '../../src/protocol/thread-messages.ts'
import { recordingTopology } from '../../src/runtime/topology.ts'
import { LmdbStorage } from '../../src/store/lmdb-storage.ts'
import { logDirectory, type OpenLog, openLog, openLogReader } from '../../src/store/open-log.ts'
import { PortReceiver, PortSender } from '../../src/streams/port.ts'
import {
  contribution,
  declarations,
  episodeBegan,
  episodeEnded,
  frame,
  step,
} from '../store/records.ts'
import { withRunDirectory } from '../store/run-directory.ts'
import { FakeEndpoint, turns, until } from './fake-endpoint.ts'

const definitions = { encoder, aggregator } as Record<string, ActorDefinition<unknown>>
const { channels } = recordingTopology({
  live: false,
  encoderPlacement: 'thread',
  logPlacement: 'thread',
})
const specOf = (name: string) => channels.find(route => route.spec.name === name)!.spec
const reader = { check: false, readOnly: false }

/** Three steps and frames an episode; each return beats the one before. */
const episode = (number: number): Event[] => [
  episodeBegan(number),
  ...[0, 1, 2].flatMap(i => [step(number, i), frame(number, i)]),
  {
    ...(episodeEnded(number) as EventOf<'episode_ended'>),
    totalReward: number,
    frames: 3,
    steps: 3,
  },
]

const readBack = (dir: string) => openLogReader(dir, reader)

function eventsOf<T extends EventType>(dir: string, type: T): EventOf<T>[] {
  const events = [...readBack(dir).events({ fromSeq: 1 })].map(({ event }) => event)
  return events.filter((event): event is EventOf<T> => event.type === type)
}

/** A life of the actor: the recorder at its other end takes in `takes` batches of facts, no more. */
function live(
  kind: string,
  dir: string,
  log: OpenLog,
  restarts: number,
  takes: number,
  { beforeTaking = async (): Promise<void> => {}, announced = true } = {},
) {
  const names = { facts: `${kind}.facts`, durable: `${kind}.durable` }
  const endpoint = new FakeEndpoint({
    ...{ name: kind, sends: [specOf(names.facts)], receives: [specOf(names.durable)], restarts },
    config: { runDir: dir, reader, lagWarning: 1e6, task: 'record' },
  })
  const facts = new MessageChannel()
  const durable = new MessageChannel()
  let taken = 0
  const receiver = new PortReceiver<FactBatch>(facts.port2, { acknowledge: 'manual' })
  receiver.messages.subscribe(batch => {
    const opening = batch.position === 0
    if (!opening && taken++ >= takes) return
    void (opening ? Promise.resolve() : beforeTaking())
      .then(() => log.writer.append(batch).durable)
      .then(() => receiver.acknowledge())
  })
  const notices = new PortSender<DurableNotice>(specOf(names.durable), {
    ...{ clock: new SimulatedClock(), sizeOf: () => 1, keyOf: () => 'durable' },
  })
  const definition = definitions[kind]
  if (definition === undefined) throw new Error(`there is no ${kind}`)
  runActor(endpoint, definition, new SimulatedClock())
  endpoint.command({ type: 'connect', channel: names.facts, port: facts.port1 })
  endpoint.command({ type: 'connect', channel: names.durable, port: durable.port1 })
  notices.attach(durable.port2)
  if (announced) notices.offer(log.writer.durable)
  return {
    endpoint,
    /** How many batches arrived, but for the one that opens the line. */
    arrived: () => taken,
    async end(how: 'drain' | 'stop'): Promise<void> {
      endpoint.command(
        how === 'drain' ? { type: 'drain', seq: log.writer.durable.seq } : { type: how },
      )
      await until(() => endpoint.exited !== undefined, `${kind} ended`)
      facts.port2.close()
      durable.port2.close()
    },
  }
}

async function withLog(dir: string, body: (log: OpenLog) => Promise<void>): Promise<void> {
  const log = await openLog(dir, { durability: 'sync' })
  try {
    await body(log)
  } finally {
    await log.writer.close()
  }
}

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
        await log.writer.pruneFrames(firstSeq + 5)
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
