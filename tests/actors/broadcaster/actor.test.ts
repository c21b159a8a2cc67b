import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type BroadcasterConfig, broadcaster } from '../../../src/actors/broadcaster/actor.ts'
import { runActor } from '../../../src/actors/run-actor.ts'
import { type Clock, SimulatedClock, systemClock } from '../../../src/base/clock.ts'
import { encodeEvent } from '../../../src/protocol/codec.ts'
import type { ChannelSpec } from '../../../src/protocol/policies.ts'
import type {
  ActorCommand,
  ActorReport,
  HistoryQuery,
  LiveBatch,
} from '../../../src/protocol/thread-messages.ts'
import { closeCodes } from '../../../src/protocol/viewer-protocol.ts'
import { openLog } from '../../../src/store/open-log.ts'
import { createLane } from '../../../src/streams/fast-lane/layout.ts'
import { PortReceiver, PortSender } from '../../../src/streams/port.ts'
import { frameOf, materialOf, projectionOf, rowOf, systemOf } from '../../gateway/stage.ts'
import { WsClient } from '../../gateway/ws-client.ts'
import { endOf, FeedMaker, stepLayout, stepOf } from './feed.ts'

const spec = (name: string): ChannelSpec => ({
  name,
  policy: { kind: 'drop-oldest' },
  countMax: 64,
  bytesMax: 1e8,
})

const receives = [
  'recorder.live',
  'recorder.frames',
  'aggregator.projection',
  'host.system',
  'host.answers',
].map(spec)

/** A host for one broadcaster: reports are kept, channels are real ports. */
class TestHost {
  readonly reports: ActorReport[] = []
  exited = false
  #command: (command: ActorCommand) => void = () => {}
  readonly #senders = new Map<string, PortSender<unknown>>()

  constructor(config: BroadcasterConfig, restarts: number, clock: Clock) {
    const start = {
      name: 'broadcaster',
      placement: 'thread',
      sends: [spec('broadcaster.queries')],
      receives,
      config,
      restarts,
      faults: false,
    } as const
    runActor(
      {
        start,
        report: report => this.reports.push(report),
        onCommand: listener => {
          this.#command = listener
        },
        exit: () => {
          this.exited = true
        },
      },
      broadcaster,
      clock,
    )
  }

  command(command: ActorCommand): void {
    this.#command(command)
  }

  send(channel: string, item: unknown): void {
    let sender = this.#senders.get(channel)
    if (sender === undefined) {
      sender = new PortSender(spec(channel), { clock: systemClock, sizeOf: () => 1 })
      sender.attach(this.#connect(channel))
      this.#senders.set(channel, sender)
    }
    sender.offer(item)
  }

  onQuery(answer: (query: HistoryQuery) => unknown): void {
    const receiver = new PortReceiver<HistoryQuery>(this.#connect('broadcaster.queries'))
    receiver.messages.subscribe(query => this.send('host.answers', answer(query)))
  }

  report<T extends ActorReport['type']>(type: T): Extract<ActorReport, { type: T }> | undefined {
    return this.reports.find(report => report.type === type) as never
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>(resolve => setImmediate(resolve))
  }

  async port(): Promise<number> {
    await this.until(() => this.report('ready') !== undefined)
    const { detail } = this.report('ready') ?? { detail: {} }
    return (detail as { port: number }).port
  }

  async stop(): Promise<void> {
    if (!this.exited) this.command({ type: 'stop' })
    await this.until(() => this.exited)
    for (const sender of this.#senders.values()) sender.detach()
  }

  #connect(channel: string): MessagePort {
    const { port1, port2 } = new MessageChannel()
    this.command({ type: 'connect', channel, port: port2 })
    return port1
  }
}

let runDir: string
let hosts: TestHost[]
let clients: WsClient[]

beforeEach(() => {
  runDir = mkdtempSync(join(tmpdir(), 'rollcast-broadcaster-'))
  hosts = []
  clients = []
})

afterEach(async () => {
  for (const client of clients) client.close()
  for (const host of hosts) await host.stop()
  rmSync(runDir, { recursive: true })
})

function start(
  over: Partial<BroadcasterConfig> = {},
  restarts = 0,
  clock: Clock = systemClock,
): TestHost {
  const reader = { check: false, readOnly: false }
  const config = { runDir, reader, pageDir: join(runDir, 'page'), port: 0, ...over }
  const host = new TestHost(config, restarts, clock)
  hosts.push(host)
  return host
}

async function watch(host: TestHost, hello = {}): Promise<WsClient> {
  const client = new WsClient(await host.port(), hello)
  clients.push(client)
  return client.opened()
}

describe('the broadcaster', () => {
  test('shows what its channels bring, and answers questions about the past', async () => {
    const host = start()
    host.onQuery(query =>
      query.kind === 'episode' && query.episode === 1
        ? { id: query.id, kind: 'episode', material: materialOf(1, 3) }
        : { id: query.id, kind: 'failed', code: 'NOT_FOUND', message: 'no such episode' },
    )
    const client = await watch(host)
    expect(client.of('connection_established')[0]?.mode).toBe('waiting')
    const maker = new FeedMaker()
    const declared = maker.declare(stepLayout(1, 'a'))
    host.send('recorder.live', maker.batch(declared, stepOf('a', 1, 0), stepOf('a', 1, 1)))
    host.send('recorder.frames', frameOf(1, 12, 'a'))
    host.send('recorder.live', maker.batch(endOf('a', 1, 2)))
    host.send('aggregator.projection', {
      projection: projectionOf(4, { episodes: [rowOf(1)] }),
      changedMetrics: [],
    })
    host.send('host.system', systemOf())
    await client.until(() => client.of('system').length > 0 && client.of('episodes').length > 0)
    await client.until(() => client.of('episode_end').length > 0 && client.frames.length > 0)
    expect(client.of('state_update').at(-1)).toMatchObject({
      step: 1,
      cumulative_reward: 4,
      mode: 'live',
      position_in_log: { epoch: 1, seq: 3 },
    })
    client.say({ type: 'get_episode', request: 1, episode: 1 })
    await client.until(() => client.of('episode').length > 0)
    expect(client.of('episode')[0]).toMatchObject({ request: 1, row: { episode: 1 } })
    client.say({ type: 'get_episode', request: 2, episode: 9 })
    await client.until(() => client.of('error').length > 0)
    expect(client.of('error')[0]).toMatchObject({ request: 2, code: 'NOT_FOUND' })
  })

  test.each([
    ['that starts again asks the log for the newest events', 1, ['newest']],
    ['that starts for the first time does not', 0, []],
  ])('U12 one %s when the trainer does nothing', async (_what, restarts, expected) => {
    const clock = new SimulatedClock()
    const host = start({ lane: createLane() }, restarts, clock)
    const maker = new FeedMaker()
    const batch = maker.batch(maker.declare(stepLayout(1, 'a')), stepOf('a', 1, 0))
    const asked: string[] = []
    host.onQuery(({ id, kind }) => {
      asked.push(kind)
      return { id, kind: 'newest', batches: [batch] }
    })
    await host.port()
    clock.advance(1_000)
    await host.until(() => asked.length === expected.length)
    const client = await watch(host)
    host.send('host.system', systemOf())
    await client.until(() => client.of('connection_established').length > 0)
    expect(asked).toEqual(expected)
    await host.until(() => restarts === 0 || client.of('state_update').length > 0)
    expect(client.of('state_update').map(({ step }) => step)).toEqual(restarts === 0 ? [] : [0])
  })

  test('U12 one that starts again asks for nothing when the trainer goes on', async () => {
    const clock = new SimulatedClock()
    const host = start({ lane: createLane() }, 1, clock)
    const asked: string[] = []
    host.onQuery(({ id, kind }) => {
      asked.push(kind)
      return { id, kind: 'newest', batches: [] }
    })
    const client = await watch(host)
    const maker = new FeedMaker()
    host.send('recorder.live', maker.batch(maker.declare(stepLayout(1, 'a')), stepOf('a', 1, 0)))
    await client.until(() => client.of('state_update').length > 0)
    clock.advance(1_000)
    client.say({ type: 'ping', client_time: 1 })
    await client.until(() => client.of('pong').length > 0)
    expect(asked).toEqual([])
  })

  test('U11 answers nothing that is more than may wait for all viewers together', async () => {
    const host = start({ queuedBytesMax: 10_000 })
    host.onQuery(({ id, ...asked }) => {
      const episode = asked.kind === 'episode' ? asked.episode : 0
      return { id, kind: 'episode', material: materialOf(episode, episode === 1 ? 3 : 100) }
    })
    const client = await watch(host)
    client.say({ type: 'get_episode', request: 1, episode: 1 })
    await client.until(() => client.of('episode').length > 0)
    client.say({ type: 'get_episode', request: 2, episode: 2 })
    await client.until(() => client.of('error').length > 0)
    expect(client.of('error')[0]).toMatchObject({ request: 2, code: 'UNAVAILABLE' })
    expect(client.of('episode')).toMatchObject([{ request: 1 }])
  })

  test('when the trainer leaves, the mode says so', async () => {
    const host = start()
    const client = await watch(host)
    const maker = new FeedMaker()
    const declared = maker.declare(stepLayout(1, 'a'))
    const events = [declared, stepOf('a', 1, 0), endOf('a', 1, 1)]
    host.send('recorder.live', maker.batch(...events))
    await client.until(() => client.of('episode_end').length > 0)
    host.send('host.system', systemOf({ trainerAttached: false }))
    await client.until(() => client.of('system').length > 0)
    expect(client.of('system')[0]).toMatchObject({ mode: 'checkpoint', trainer_attached: false })
  })

  test('layouts that were declared before it was there are learned from the log', async () => {
    const maker = new FeedMaker()
    const declared = maker.declare(stepLayout(1, 'a'))
    const { writer } = await openLog(runDir)
    const before = writer.durable.seq
    const records = encodeEvent(declared, 1)
    writer.append({ producer: 'trainer', position: 1, records, count: 1 })
    await writer.flush()
    const host = start()
    const client = await watch(host)
    maker.seq = before + 1
    const batch = (step: number): LiveBatch => maker.batch(stepOf('a', 1, step))
    host.send('recorder.live', batch(0))
    // The step that told of the unknown layout is passed over; the next one is shown.
    host.send('recorder.live', batch(1))
    await client.until(() => client.of('state_update').length > 0)
    expect(client.of('state_update')[0]).toMatchObject({ step: 1, cumulative_reward: Number.NaN })
    await writer.close()
  })

  test('a taken port is a refusal, not a reason to try again', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as { port: number }
    const host = start({ port })
    await host.until(() => host.exited)
    expect(host.report('failed')).toMatchObject({ code: 'ADDRESS_IN_USE', refused: true })
    other.close()
  })

  test('stopping tells viewers to come back and ends', async () => {
    const host = start()
    const client = await watch(host)
    await host.stop()
    await client.until(() => client.closeCode !== null)
    expect(client.closeCode).toBe(closeCodes.goingAway)
    expect(host.report('stopped')).toBeDefined()
  })
})
