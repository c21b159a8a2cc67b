// What a host says of itself and its actors, and what it carries for them.
import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { MIB } from '../../../src/base/bytes.ts'
import { seededRandom } from '../../../src/base/random.ts'
import { decodeRecord, Layouts, readRecord } from '../../../src/protocol/codec.ts'
import type {
  FactBatch,
  HistoryAnswer,
  HistoryQuery,
  SystemNotice,
} from '../../../src/protocol/thread-messages.ts'
import { playingTopology, waitingTopology } from '../../../src/runtime/topology.ts'
import { PortReceiver } from '../../../src/streams/port.ts'
import { turns } from '../../actors/fake-endpoint.ts'
import { frameOf } from '../../gateway/stage.ts'
import { type FakeActor, FakePreviews, failedOf } from '../fake-actors.ts'
import { newHost } from './new-host.ts'

const died = new Error('planted fault')

describe('the status', () => {
  test('says of every actor what it last said, and of the host itself', () => {
    const { host, actor, run, clock } = newHost()
    run()
    actor('recorder').beat(3, {
      ...{ durable: { epoch: 2, seq: 40 }, newest: { epoch: 2, seq: 43 } },
    })
    actor('encoder').become('running.live', 'running.catchingUp')
    actor('encoder').beat(7)
    actor('aggregator').end(died)
    clock.advance(50)
    const status = host.status()
    expect(status).toMatchObject({
      ...{ healthy: true, problem: null, durable: { epoch: 2, seq: 40 } },
      newest: { epoch: 2, seq: 43 },
    })
    const summary = status.actors.map(({ name, state, restarts, lag }) => [
      name,
      state,
      restarts,
      lag,
    ])
    expect(summary).toEqual([
      ['recorder', 'running', 0, 3],
      ['encoder', 'running.live', 0, 7],
      ['aggregator', 'starting', 1, null],
      ['broadcaster', 'running', 0, null],
      ['host', 'recording.durable', 0, null],
    ])
  })

  test('says why an actor is hindered, at once and until it is not, and the log line too', () => {
    const { host, actor, run, statuses, lines } = newHost()
    run()
    const encoderOf = ({ actors }: SystemNotice) => actors.find(({ name }) => name === 'encoder')
    const reasonOf = (status: SystemNotice): string | null => encoderOf(status)?.reason ?? null
    const before = statuses.length
    actor('encoder').become('running.lagging', 'running.live', 'no room for a video')
    const told = statuses.slice(before).map(status => [encoderOf(status)?.state, reasonOf(status)])
    expect(told).toEqual([['running.lagging', 'no room for a video']])
    actor('encoder').become('running.lagging', 'running.lagging', '2000 events behind')
    actor('encoder').become('running.live', 'running.lagging')
    expect(reasonOf(host.status())).toBeNull()
    expect(lines.filter(line => line === 'warn: an actor is hindered').length).toBe(2)
  })

  test('comes twice a second, also when nothing happens', () => {
    const { run, clock, statuses } = newHost()
    run()
    const before = statuses.length
    clock.advance(1_000)
    expect(statuses.length - before).toBe(2)
  })

  test('L9: says that a trainer is attached until it has said its last word', () => {
    const trainerCost = () => ({
      percent: 0.5,
      calls: 10,
      meanNanos: 200,
      channel: null,
      lane: null,
    })
    const { host, actor, run } = newHost({ trainerCost })
    run()
    expect(host.status()).toMatchObject({ trainerAttached: true, trainerCostPercent: 0.5 })
    actor('encoder').obedient = false
    host.close()
    actor('recorder').tell({ type: 'noted', facts: { ingressDrained: 1 } })
    expect(host.status().trainerAttached).toBe(false)
  })

  test('L9: is the player`s word where there is no trainer of its own', () => {
    const { host, actor, run } = newHost({}, playingTopology(true))
    run()
    const place = { epoch: 1, seq: 1 }
    for (const trainerAttached of [true, false]) {
      actor('player').beat(0, { durable: place, newest: place, trainerAttached })
      expect(host.status().trainerAttached).toBe(trainerAttached)
    }
  })

  test('is there with no run at all', () => {
    const { host, run } = newHost({}, waitingTopology)
    run()
    expect(host.status()).toMatchObject({
      ...{ healthy: true, trainerAttached: false, durable: { epoch: 0, seq: 0 } },
      actors: [{ name: 'broadcaster' }, { name: 'host' }],
    })
  })
})

/** What arrives at a fake actor's end of a channel, credited as it comes. */
function receive<T>(actor: FakeActor, channel: string): T[] {
  const items: T[] = []
  const port = actor.ports.get(channel)?.at(-1)
  new PortReceiver<T>(port!).messages.subscribe(item => items.push(item))
  return items
}

describe('the host`s own channels', () => {
  test('carry every change of an actor to the log as a fact; changes within running are none', async () => {
    const { host, actor, clock, actor: of } = newHost({ random: seededRandom(1) })
    host.start()
    const facts = receive<FactBatch>(of('recorder'), 'host.facts')
    actor('recorder').become('starting')
    actor('recorder').become('running.live', 'starting')
    actor('recorder').tell({ type: 'ready', detail: { epoch: 5 } })
    actor('encoder').ready()
    actor('encoder').become('running.lagging', 'running')
    actor('encoder').end(died)
    clock.advance(100)
    for (let i = 0; i < 100 && facts.length < 3; i++) await turns()
    const changes = facts.map(({ records }) => {
      const { event } = decodeRecord(records, readRecord(records, 0), new Layouts())
      return event.type === 'actor_changed'
        ? [event.actor, event.from, event.to, event.restarts, event.reason]
        : event
    })
    expect(changes).toEqual([
      ['recorder', 'starting', 'running', 0, undefined],
      ['encoder', 'starting', 'running', 0, undefined],
      ['encoder', 'running', 'gone', 0, 'planted fault'],
    ])
    // Each under a position of its own: what is sent again is known again.
    expect(facts.map(({ position }) => position)).toEqual([1, 2, 3])
    expect(new Set(facts.map(({ producer }) => producer)).size).toBe(1)
  })

  test('carry queries of the broadcaster to who reads the log, and the answers back', async () => {
    const { actor, run } = newHost()
    run()
    const answers = receive(actor('broadcaster'), 'host.answers')
    const port = actor('broadcaster').ports.get('broadcaster.queries')?.at(-1)
    const credited = once(port!, 'message')
    port!.postMessage({ kind: 'items', epoch: 1, items: [{ id: 1 }, { id: 2 }] })
    await credited
    for (let i = 0; i < 100 && answers.length < 2; i++) await turns()
    expect(answers).toEqual([failedOf({ id: 1 }), failedOf({ id: 2 })])
  })

  test('C1 account answers by what they hold, so that large ones do not gather in the port', async () => {
    const frame = frameOf(0, 3 * MIB)
    const answer = async (query: unknown): Promise<HistoryAnswer> => ({
      ...{ id: (query as HistoryQuery).id, kind: 'frame', frame },
    })
    const { actor, run, pass, statuses } = newHost({ answer })
    run()
    const port = actor('broadcaster').ports.get('broadcaster.queries')?.at(-1)
    const credited = once(port!, 'message')
    // Nobody takes the answers: one is on its way, the others wait.
    port!.postMessage({ kind: 'items', epoch: 1, items: [{ id: 1 }, { id: 2 }, { id: 3 }] })
    await credited
    const held = () => {
      pass(500)
      const channels = statuses.at(-1)?.actors.flatMap(one => one.channels) ?? []
      return channels.find(({ name }) => name === 'host.answers')
    }
    for (let i = 0; i < 100 && held()?.offered !== 3; i++) await turns()
    expect(held()).toMatchObject({ offered: 3, taken: 1, depth: 2 })
    expect(held()!.depthBytes).toBeGreaterThan(6 * MIB)
  })
})

describe('whoever makes pictures', () => {
  const pictureChannels = ['broadcaster.stills', 'previews.stills']
  const connected = pictureChannels.map(name => `connect ${name}`)

  test('is connected with the broadcaster, and starts and stops as that says', () => {
    const previews = new FakePreviews()
    const { actor, run } = newHost({ previews })
    run()
    const portsOf = (): number[] =>
      pictureChannels.map(name => actor('broadcaster').ports.get(name)?.length ?? 0)
    expect(previews.asked.splice(0)).toEqual(['stop', ...connected])
    expect(portsOf()).toEqual([1, 1])
    actor('broadcaster').tell({ type: 'noted', facts: { pictures: true } })
    expect(previews.asked.splice(0)).toEqual(['start'])
    // The next one, when it is wanted again, finds what is sent until then.
    actor('broadcaster').tell({ type: 'noted', facts: { pictures: false } })
    expect(previews.asked.splice(0)).toEqual(['stop', ...connected])
    expect(portsOf()).toEqual([2, 2])
  })

  test('is connected anew when it is lost, and stops with its broadcaster', () => {
    const previews = new FakePreviews()
    const { actor, run, clock, lives } = newHost({ previews })
    run()
    previews.asked.splice(0)
    previews.onLost()
    expect(previews.asked.splice(0)).toEqual(connected)
    expect(actor('broadcaster').ports.get('broadcaster.stills')).toHaveLength(2)
    actor('broadcaster').end(died)
    previews.onLost()
    expect(previews.asked.splice(0)).toEqual([])
    clock.advance(1_000)
    expect(lives('broadcaster')).toBe(2)
    expect(previews.asked).toEqual(['stop', ...connected])
  })
})

describe('commands for single actors', () => {
  test('reach the one that is meant, or nobody', () => {
    const { host, actor, run } = newHost()
    run()
    host.crash('encoder', 'hang')
    host.crash('player', 'hang')
    expect(actor('encoder').asked).toEqual({ type: 'crash', how: 'hang' })
    const faulty = newHost({ faults: true })
    faulty.run()
    faulty.host.crash('recorder', 'terminate')
    faulty.host.crash('aggregator', 'terminate')
    expect([faulty.actor('recorder').killed, faulty.actor('aggregator').killed]).toEqual([
      false,
      true,
    ])
    expect(actor('aggregator').asked).toBeUndefined()
  })
})
