// Lives of a consumer of the log, over a real log and without threads: the test is the recorder at the
// other end of its facts, and takes in as many of them as it likes.
import { MessageChannel } from 'node:worker_threads'
import { aggregator } from '../../src/actors/aggregator/actor.ts'
import { encoder } from '../../src/actors/encoder/actor.ts'
import { type ActorDefinition, runActor } from '../../src/actors/run-actor.ts'
import { SimulatedClock } from '../../src/base/clock.ts'
import type { Event, EventOf, EventType } from '../../src/protocol/events.ts'
import type { DurableNotice, FactBatch } from '../../src/protocol/thread-messages.ts'
import { recordingTopology } from '../../src/runtime/topology.ts'
import { type OpenLog, openLog, openLogReader } from '../../src/store/open-log.ts'
import { PortReceiver, PortSender } from '../../src/streams/port.ts'
import { episodeBegan, episodeEnded, frame, step } from '../store/records.ts'
import { FakeEndpoint, until } from './fake-endpoint.ts'

export const definitions = { encoder, aggregator } as Record<string, ActorDefinition<unknown>>
const { channels } = recordingTopology({
  live: false,
  encoderPlacement: 'thread',
  logPlacement: 'thread',
})
const specOf = (name: string) => channels.find(route => route.spec.name === name)!.spec
export const reader = { check: false, readOnly: false }

/** Three steps and frames an episode; each return beats the one before. */
export const episode = (number: number): Event[] => [
  episodeBegan(number),
  ...[0, 1, 2].flatMap(i => [step(number, i), frame(number, i)]),
  {
    ...(episodeEnded(number) as EventOf<'episode_ended'>),
    totalReward: number,
    frames: 3,
    steps: 3,
  },
]

export const readBack = (dir: string) => openLogReader(dir, reader)

export function eventsOf<T extends EventType>(dir: string, type: T): EventOf<T>[] {
  const events = [...readBack(dir).events({ fromSeq: 1 })].map(({ event }) => event)
  return events.filter((event): event is EventOf<T> => event.type === type)
}

/** A life of the actor: the recorder at its other end takes in `takes` batches of facts, no more. */
export function live(
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
  const batches: FactBatch[] = []
  const receiver = new PortReceiver<FactBatch>(facts.port2, { acknowledge: 'manual' })
  receiver.messages.subscribe(batch => {
    const opening = batch.position === 0
    if (!opening) batches.push(batch)
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
    /** What they were. */
    batches,
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

export async function withLog(dir: string, body: (log: OpenLog) => Promise<void>): Promise<void> {
  const log = await openLog(dir, { durability: 'sync' })
  try {
    await body(log)
  } finally {
    await log.writer.close()
  }
}
