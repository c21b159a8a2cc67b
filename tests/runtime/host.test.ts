import { once } from 'node:events'
import { afterEach, describe, expect, test } from 'vitest'
import { MIB } from '../../src/base/bytes.ts'
import { seededRandom } from '../../src/base/random.ts'
import { decodeRecord, Layouts, readRecord } from '../../src/protocol/codec.ts'
import { quarantinedMax } from '../../src/protocol/quarantine.ts'
import type {
  FactBatch,
  HistoryQuery,
  PoolAnswer,
  SystemNotice,
} from '../../src/protocol/thread-messages.ts'
import type { HostOptions } from '../../src/runtime/host.ts'
import { playingTopology, type Topology, waitingTopology } from '../../src/runtime/topology.ts'
import { PortReceiver } from '../../src/streams/port.ts'
import { turns } from '../actors/fake-endpoint.ts'
import { CLOSE_MILLIS_MAX, type FakeActor, failedOf, hostOf } from './fake-actors.ts'

let open: ReturnType<typeof hostOf>[] = []
const newHost = (options: Partial<HostOptions> = {}, topology?: Topology) => {
  const made = hostOf(options, topology)
  open.push(made)
  return made
}

afterEach(() => {
  for (const made of open) made.closePorts()
  open = []
})

const died = new Error('planted fault')

describe('starting', () => {
  test('goes in the order of the topology, each actor when the one before it runs', () => {
    const { host, spawned, started } = newHost()
    host.start()
    for (const kind of ['recorder', 'encoder', 'aggregator', 'broadcaster']) {
      expect(spawned.at(-1)?.kind).toBe(kind)
      expect(started).toEqual([])
      spawned.at(-1)?.ready({ of: kind })
    }
    expect(spawned.length).toBe(4)
    expect(started).toEqual([
      {
        ...{ recorder: { of: 'recorder' }, encoder: { of: 'encoder' } },
        ...{ aggregator: { of: 'aggregator' }, broadcaster: { of: 'broadcaster' } },
      },
    ])
  })

  test('gives each actor its config and the channels that the topology gives it', () => {
    const { actor, run } = newHost({ faults: true })
    run()
    const { start } = actor('recorder')
    expect(start).toMatchObject({
      ...{ name: 'recorder', placement: 'thread', config: { runDir: 'r' }, restarts: 0 },
      faults: true,
    })
    const encoders = ['encoder', ...[2, 3, 4, 5, 6, 7, 8].map(number => `encoder-${number}`)]
    expect(start.sends.map(({ name }) => name)).toEqual([
      ...['recorder.live', 'recorder.frames', 'aggregator.durable'],
      ...encoders.map(name => `${name}.durable`),
    ])
    expect(start.receives.map(({ name }) => name)).toEqual([
      ...encoders.map(name => `${name}.facts`),
      ...['aggregator.facts', 'host.facts'],
    ])
  })

  test('connects both ends of every channel, once', () => {
    const { spawned, run } = newHost()
    run()
    for (const { start, ports } of spawned) {
      const all = [...start.sends, ...start.receives].map(({ name }) => name)
      // Nobody is there yet for a second camera.
      const names = all.filter(name => !/^encoder-\d/.test(name))
      expect([...ports.keys()].sort()).toEqual(names.sort())
      for (const given of ports.values()) expect(given.length).toBe(1)
    }
  })

  test('gives each further camera an encoder, when it appears, and shows its channels then', () => {
    const { host, actor, spawned, run, lives } = newHost()
    const channels = (): string[] =>
      host.status().actors.flatMap(({ channels }) => channels.map(({ name }) => name))
    run()
    actor('recorder').tell({ type: 'noted', facts: { cameras: 1 } })
    expect(lives('encoder')).toBe(1)
    actor('recorder').tell({ type: 'noted', facts: { cameras: 3 } })
    // One after the other.
    expect(spawned.at(-1)?.start).toMatchObject({ name: 'encoder-2', placement: 'thread' })
    expect(lives('encoder')).toBe(2)
    actor('encoder').ready()
    expect(spawned.at(-1)?.start.name).toBe('encoder-3')
    actor('encoder').ready()
    actor('recorder').tell({ type: 'noted', facts: { cameras: 3 } })
    expect(lives('encoder')).toBe(3)
    const names = host.status().actors.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(['encoder', 'encoder-2', 'encoder-3']))
    expect(channels().filter(name => name.startsWith('encoder-4'))).toEqual([])
  })

  test('of an actor that is refused is the end of all, with its reason, and no second try', () => {
    const { host, actor, ended, started, clock, lives } = newHost()
    host.start()
    actor('recorder').ready()
    actor('encoder').refuse('LOG_CORRUPT', 'event 7 cannot be decoded')
    expect(actor('recorder').asked).toMatchObject({ type: 'drain' })
    clock.advance(60_000)
    expect([lives('recorder'), lives('encoder'), started]).toEqual([1, 1, []])
    expect(ended).toEqual([{ code: 'LOG_CORRUPT', message: 'event 7 cannot be decoded' }])
  })
})

describe('an actor that dies', () => {
  test('P11: shows in the status at once, and so does its return', () => {
    const { actor, clock, run, statuses } = newHost()
    run()
    const shown = () => statuses.at(-1)?.actors.find(({ name }) => name === 'encoder')?.state
    actor('encoder').end(died)
    expect(shown()).toBe('gone')
    clock.advance(0)
    actor('encoder').ready()
    expect(shown()).toBe('running')
  })

  test('is started again at once, then after waits that grow, and told how often', () => {
    const { actor, clock, run, lives } = newHost()
    run()
    for (const [restarts, wait] of [0, 50, 75].entries()) {
      actor('encoder').end(died)
      clock.advance(Math.max(0, wait - 1))
      expect(lives('encoder')).toBe(wait === 0 ? 2 : restarts + 1)
      clock.advance(1)
      expect(actor('encoder').start.restarts).toBe(restarts + 1)
      actor('encoder').ready()
    }
  })

  test('waits a little longer by chance, so that not all come back at once', () => {
    const { actor, clock, run, lives } = newHost({ random: { next: () => 1, below: () => 0 } })
    run()
    actor('encoder').end(died)
    clock.advance(0)
    actor('encoder').end(died)
    clock.advance(59)
    expect(lives('encoder')).toBe(2)
    clock.advance(1)
    expect(lives('encoder')).toBe(3)
  })

  test('finds fresh ports, and so does everybody at the other ends; the others keep theirs', () => {
    const { actor, clock, run } = newHost()
    run()
    const other = actor('recorder')
    actor('aggregator').end(died)
    clock.advance(50)
    const { start, ports } = actor('aggregator')
    expect(ports.size).toBe(start.sends.length + start.receives.length)
    const counts = Object.fromEntries([...other.ports].map(([name, given]) => [name, given.length]))
    expect(counts).toEqual({
      ...{ 'recorder.live': 1, 'recorder.frames': 1, 'aggregator.durable': 2 },
      ...{ 'encoder.durable': 1, 'encoder.facts': 1, 'aggregator.facts': 2, 'host.facts': 1 },
    })
  })

  test('keeps the broadcaster at the port where its viewers look for it', () => {
    const { actor, clock, run } = newHost({ configs: { broadcaster: { port: 0, host: 'h' } } })
    run()
    actor('broadcaster').ready({ port: 4711 })
    actor('broadcaster').end(died)
    clock.advance(50)
    expect(actor('broadcaster').start.config).toEqual({ port: 4711, host: 'h' })
  })

  test('S13: finds no thread, which is one more death, and comes back when there is one', () => {
    const { host, actor, clock, run, lives, lacking, lines, ended } = newHost()
    run()
    const encoder = () => host.status().actors.find(({ name }) => name === 'encoder')
    lacking.threads = true
    actor('encoder').end(died)
    clock.advance(0)
    expect([lives('encoder'), encoder()?.state]).toEqual([1, 'gone'])
    expect(lines.filter(line => line === 'warn: actor changed').length).toBe(2)
    lacking.threads = false
    clock.advance(50)
    expect(lives('encoder')).toBe(2)
    actor('encoder').ready()
    expect(encoder()).toMatchObject({ state: 'running', restarts: 2 })
    expect(ended).toEqual([])
  })

  test('S13: never finds a thread: after the sixth try the run ends and says so', () => {
    const { host, clock, ended, spawned, lacking } = newHost()
    lacking.threads = true
    host.start()
    clock.advance(1_000)
    expect(spawned).toEqual([])
    expect(ended).toMatchObject([{ code: 'INTERNAL' }])
    const { message } = ended[0] as { message: string }
    expect(message).toContain('recorder: it could not be started: Error: no thread')
  })

  test('P11: the sixth time within ten seconds is once too often: all stop, loudly', () => {
    const { actor, pass, run, ended, lives, lines } = newHost()
    run()
    for (let death = 1; death <= 5; death++) {
      actor('encoder').end(died)
      pass(1_000)
      expect(lives('encoder')).toBe(death + 1)
      actor('encoder').ready()
    }
    expect(ended).toEqual([])
    actor('encoder').end(died)
    pass(CLOSE_MILLIS_MAX)
    expect(lives('encoder')).toBe(6)
    expect(ended).toMatchObject([{ code: 'INTERNAL' }])
    expect((ended[0] as { message: string }).message).toContain('planted fault')
    expect(lines).toContain('error: the supervisor gives up')
  })

  test('P11: as often over a longer time is lived with', () => {
    const { actor, pass, run, ended, lives } = newHost()
    run()
    for (let death = 1; death <= 12; death++) {
      actor('encoder').end(died)
      pass(6_000)
      actor('encoder').ready()
    }
    expect(lives('encoder')).toBe(13)
    expect(ended).toEqual([])
  })
})

describe('an actor that is stuck', () => {
  test('S4: is ended when three heartbeats are missing, if it may be, and restarted', () => {
    const { actor, pass, run, lives, ended } = newHost()
    run()
    const stuck = actor('aggregator')
    stuck.beating = false
    pass(1_750)
    expect(stuck.killed).toBe(false)
    pass(50)
    expect(stuck.killed).toBe(true)
    pass(50)
    expect(lives('aggregator')).toBe(2)
    expect(ended).toEqual([])
  })

  test('S4: is replaced when it cannot be ended, and what it does later is nobody`s business', () => {
    const { host, actor, pass, run, lives, cutOff, ended } = newHost()
    run()
    const stuck = actor('encoder')
    stuck.beating = false
    stuck.obedient = false
    stuck.mortal = false
    pass(1_800)
    expect(host.status().actors[1]).toMatchObject({ name: 'encoder', state: 'stuck' })
    pass(150)
    expect(stuck.killed).toBe(true)
    expect(lives('encoder')).toBe(2)
    actor('encoder').ready()
    for (const given of stuck.ports.values()) expect(given.length).toBe(1)
    expect(actor('recorder').ports.get('encoder.facts')?.length).toBe(2)
    stuck.become('failed')
    stuck.tell({ type: 'failed', code: 'LOG_CORRUPT', message: 'late', refused: true })
    stuck.end(died)
    pass(1_000)
    expect(host.status()).toMatchObject({ healthy: true })
    expect(host.status().actors[1]).toMatchObject({ state: 'running', restarts: 1 })
    expect(lives('encoder')).toBe(2)
    expect(cutOff).toEqual(['encoder'])
    expect(ended).toEqual([])
  })

  test('S4: is given up when too many of its threads hang for good', () => {
    const { actor, pass, run, ended, lives } = newHost()
    run()
    for (let life = 1; life <= 4; life++) {
      expect(lives('encoder')).toBe(life)
      const stuck = actor('encoder')
      stuck.ready()
      stuck.beating = false
      stuck.obedient = false
      stuck.mortal = false
      pass(3_000)
    }
    pass(CLOSE_MILLIS_MAX)
    expect(ended).toMatchObject([{ message: 'encoder: 4 threads of it hang for good' }])
  })

  test('S4: is waited for when nobody can take its place: the broadcaster holds the port', () => {
    const { actor, pass, run, lives, ended } = newHost()
    run()
    const stuck = actor('broadcaster')
    stuck.beating = false
    stuck.obedient = false
    stuck.mortal = false
    pass(12_000)
    expect(stuck.killed).toBe(true)
    expect(lives('broadcaster')).toBe(1)
    stuck.end(died)
    pass(100)
    expect(lives('broadcaster')).toBe(2)
    expect(ended).toEqual([])
  })

  test('invariant 9: is never ended from outside when it is the recorder; another takes over', () => {
    const { actor, pass, run, ended, lives } = newHost()
    run()
    const stuck = actor('recorder')
    stuck.beating = false
    stuck.obedient = false
    pass(2_400)
    expect(stuck.killed).toBe(false)
    expect(lives('recorder')).toBe(2)
    // It wakes up, and finds that the log has a newer writer.
    stuck.tell({ type: 'noted', facts: { sealed: 'superseded' } })
    actor('recorder').ready()
    pass(1_000)
    expect(ended).toEqual([])
  })

  test('is not one that still starts: it loads, and may read a long log', () => {
    const { host, actor, pass } = newHost()
    host.start()
    const slow = actor('recorder')
    slow.beating = false
    pass(29_000)
    expect(slow.asked).toBeUndefined()
    pass(2_000)
    expect(slow.asked).toMatchObject({ type: 'drain' })
  })

  test('is nobody when it was the host that slept', () => {
    const { actor, run, clock, ended } = newHost({}, waitingTopology)
    run()
    const silent = actor('broadcaster')
    clock.advance(400)
    // The whole process was stopped: all timers are late, and what was said waits to be heard.
    clock.sleep(60_000)
    clock.advance(1_000)
    expect(silent.killed).toBe(false)
    clock.advance(1_000)
    expect(silent.killed).toBe(true)
    expect(ended).toEqual([])
  })

  test('S4: is noticed as soon as ever when the host slept and heard of it before it looked', () => {
    const { actor, run, clock } = newHost({}, waitingTopology)
    run()
    const silent = actor('broadcaster')
    clock.advance(400)
    clock.sleep(60_000)
    silent.beat()
    clock.advance(1_700)
    expect(silent.killed).toBe(false)
    clock.advance(200)
    expect(silent.killed).toBe(true)
  })

  test('is nobody who speaks, of whatever', () => {
    const { actor, run, clock } = newHost()
    run()
    for (let i = 0; i < 20; i++) {
      clock.advance(400)
      for (const kind of ['recorder', 'encoder', 'aggregator', 'broadcaster'] as const) {
        actor(kind).tell({ type: 'noted', facts: {} })
      }
    }
    expect(actor('encoder').killed).toBe(false)
  })
})

describe('S6: an event that an actor dies of each time', () => {
  /** Dies over event `place`, as an actor does that says so. */
  const dieOver = (one: FakeActor, place: number, to = place + 1): void => {
    const over = { from: place, to }
    one.tell({ type: 'failed', code: 'INTERNAL', message: 'poison', refused: false, over })
    one.end(new Error('poison'))
  }

  test('is passed over after the third death, and these deaths do not count', () => {
    const { host, actor, pass, run, ended, lines } = newHost()
    run()
    for (const place of [40, 41, 99]) {
      for (let death = 1; death <= 3; death++) {
        expect(actor('aggregator').start.quarantined?.some(one => one.place === place)).toBe(false)
        dieOver(actor('aggregator'), place)
        pass(200)
        actor('aggregator').ready()
      }
      const known = { place, error: 'poison', deaths: 3 }
      expect(actor('aggregator').start.quarantined).toContainEqual(known)
      expect(host.status().actors[2]?.quarantined).toContainEqual(known)
    }
    expect(lines.filter(line => line === 'error: an event is passed over').length).toBe(3)
    expect(host.status()).toMatchObject({ healthy: true })
    expect(ended).toEqual([])
  })

  test('is looked for where the last one died: the recorder is told the place', () => {
    const { actor, pass, run } = newHost()
    run()
    expect(actor('recorder').start.suspect).toBeUndefined()
    dieOver(actor('recorder'), 64, 4096)
    pass(100)
    expect(actor('recorder').start.suspect).toEqual({ from: 64, to: 4096 })
  })

  test('of other deaths nothing is passed over, and the sixth is one too many', () => {
    const { actor, pass, run, ended } = newHost()
    run()
    for (let death = 1; death <= 6; death++) {
      dieOver(actor('aggregator'), death)
      pass(300)
      if (death < 6) actor('aggregator').ready()
    }
    pass(CLOSE_MILLIS_MAX)
    expect(ended).toMatchObject([{ code: 'INTERNAL' }])
  })

  test('is passed over for so many events only: then the limit of deaths is all there is', () => {
    const { actor, pass, run, ended } = newHost()
    run()
    for (let place = 1; place <= quarantinedMax + 2 && ended.length === 0; place++) {
      for (let death = 1; death <= 3 && ended.length === 0; death++) {
        dieOver(actor('aggregator'), place)
        pass(300)
        if (actor('aggregator').alive) actor('aggregator').ready()
      }
    }
    pass(CLOSE_MILLIS_MAX)
    expect(actor('aggregator').start.quarantined?.length).toBe(quarantinedMax)
    expect(ended).toMatchObject([{ code: 'INTERNAL' }])
  })
})

describe('closing is a protocol', () => {
  test('first the trainer`s last word is durable, then consumers drain to it, the recorder last', () => {
    const { host, actor, run, ended } = newHost()
    run()
    for (const kind of ['recorder', 'encoder', 'aggregator', 'broadcaster'] as const) {
      actor(kind).obedient = false
    }
    host.close()
    expect(actor('broadcaster').asked).toBeUndefined()
    actor('recorder').tell({ type: 'noted', facts: { ingressDrained: 1234 } })
    const drain = { type: 'drain', seq: 1234 }
    for (const kind of ['broadcaster', 'aggregator', 'encoder', 'recorder'] as const) {
      expect(actor(kind).asked).toEqual(drain)
      expect(ended).toEqual([])
      actor(kind).end()
    }
    expect(ended).toEqual([null])
  })

  test('waits for nothing that has been said before', () => {
    const { host, actor, run, ended } = newHost()
    run()
    actor('recorder').tell({ type: 'noted', facts: { ingressDrained: 9 } })
    host.close()
    expect(ended).toEqual([null])
  })

  test('hurries those who cannot finish in time: they go on from there the next time', () => {
    const { host, actor, run, clock, ended, late } = newHost()
    run()
    actor('recorder').tell({ type: 'noted', facts: { ingressDrained: 9 } })
    const slow = actor('encoder')
    slow.obedient = false
    host.close()
    expect(slow.asked).toMatchObject({ type: 'drain' })
    clock.advance(CLOSE_MILLIS_MAX * 0.6)
    expect(slow.asked).toEqual({ type: 'stop' })
    slow.end()
    expect([ended, late]).toEqual([[null], ['encoder']])
  })

  test('lets encoders start that are yet to: they have frames that nobody else encodes', () => {
    const { host, actor, spawned, run, ended, late } = newHost()
    run()
    actor('recorder').tell({ type: 'noted', facts: { cameras: 3 } })
    actor('recorder').tell({ type: 'noted', facts: { ingressDrained: 9 } })
    host.close()
    for (const name of ['encoder-2', 'encoder-3']) {
      expect(spawned.at(-1)?.start.name).toBe(name)
      expect([actor('encoder').asked, ended]).toEqual([undefined, []])
      actor('encoder').ready()
    }
    expect([ended, late]).toEqual([[null], []])
  })

  test('takes nobody for late that has finished while others do', () => {
    const { host, actor, run, pass, ended, late } = newHost()
    run()
    actor('recorder').tell({ type: 'noted', facts: { cameras: 2 } })
    actor('recorder').tell({ type: 'noted', facts: { ingressDrained: 9 } })
    actor('recorder').obedient = false
    host.close()
    actor('encoder').ready()
    pass(0.4 * CLOSE_MILLIS_MAX)
    expect(ended).toEqual([])
    actor('recorder').end()
    expect([ended, late]).toEqual([[null], []])
  })

  test('waits for no start for so long that nobody could finish, and says who has not', () => {
    const { host, actor, run, pass, lives, ended, late } = newHost()
    run()
    actor('recorder').tell({ type: 'noted', facts: { cameras: 3 } })
    actor('recorder').tell({ type: 'noted', facts: { ingressDrained: 9 } })
    host.close()
    pass(0.8 * 0.4 * CLOSE_MILLIS_MAX - 1)
    expect(ended).toEqual([])
    pass(1)
    expect([lives('encoder'), ended, late]).toEqual([2, [null], ['encoder-3']])
  })

  test('waits for no start when nothing becomes durable any more', () => {
    const { host, actor, run, ended, late } = newHost()
    run()
    actor('recorder').tell({ type: 'noted', facts: { cameras: 2 } })
    const sealed = { sealed: 'the disk', code: 'LOG_FAILED' }
    actor('recorder').tell({ type: 'noted', facts: { ...sealed, ingressDrained: 9 } })
    host.close()
    // Why they have not finished is told otherwise.
    expect([ended.length, late]).toEqual([1, []])
  })

  test('has a deadline, after which it says what it waited for', () => {
    const { host, run, clock, ended } = newHost()
    run()
    host.close()
    clock.advance(CLOSE_MILLIS_MAX)
    const message = `did not drain and commit within ${0.8 * CLOSE_MILLIS_MAX} ms`
    expect(ended).toEqual([{ code: 'INTERNAL', message }])
  })

  test('S7: ends within its time, or what is left of it, whatever an actor does', () => {
    for (const millisMax of [undefined, 0.3 * CLOSE_MILLIS_MAX]) {
      const { host, actor, run, clock, ended } = newHost()
      run()
      for (const kind of ['recorder', 'encoder'] as const) actor(kind).obedient = false
      host.close(millisMax)
      clock.advance((millisMax ?? CLOSE_MILLIS_MAX) / 2)
      // Who asks again is given no more time.
      host.close()
      expect(ended).toEqual([])
      clock.advance((millisMax ?? CLOSE_MILLIS_MAX) / 2)
      expect(ended.length).toBe(1)
      expect(actor('recorder').killed).toBe(false)
    }
  })

  test('S7: asks the recorder to stop where it is while there is time for it to say so', () => {
    const { host, actor, run, pass, ended } = newHost()
    run()
    actor('recorder').tell({ type: 'noted', facts: { ingressDrained: 9 } })
    for (const kind of ['recorder', 'encoder'] as const) actor(kind).obedient = false
    host.close()
    pass(CLOSE_MILLIS_MAX / 2)
    actor('encoder').end()
    expect(actor('recorder').asked).toMatchObject({ type: 'drain' })
    pass(CLOSE_MILLIS_MAX / 5)
    expect(actor('recorder').asked).toEqual({ type: 'stop' })
    actor('recorder').end()
    expect(ended).toEqual([null])
  })

  test('in the start, is no clean end while an actor does not stop', () => {
    const { host, clock, actor, ended } = newHost()
    host.start()
    actor('recorder').obedient = false
    host.close()
    clock.advance(CLOSE_MILLIS_MAX)
    expect(ended).toEqual([{ code: 'TIMEOUT', message: 'recorder did not stop' }])
  })

  test('a run that is replayed has no last word to wait for, and drains to what was replayed', () => {
    const { host, actor, run, ended } = newHost({}, playingTopology(true))
    run()
    actor('player').tell({ type: 'noted', facts: { replayed: 77 } })
    const aggregator = actor('aggregator')
    host.close()
    expect(aggregator.asked).toEqual({ type: 'drain', seq: 77 })
    expect(ended).toEqual([null])
  })

  test('twice is once', () => {
    const { host, actor, run, ended } = newHost()
    run()
    host.close()
    host.close()
    actor('recorder').tell({ type: 'noted', facts: { ingressDrained: 1 } })
    expect(ended).toEqual([null])
  })

  test('leaves no timer behind', () => {
    const { host, actor, run, clock } = newHost()
    run()
    actor('recorder').tell({ type: 'noted', facts: { ingressDrained: 1 } })
    host.close()
    expect(clock.pending).toBe(0)
  })
})

describe('P7: a log that has failed', () => {
  test('is read-only: the run goes on and says so; a recorder that then dies ends it, untried', () => {
    const { actor, run, statuses, ended, clock, lives, lines } = newHost()
    run()
    actor('recorder').tell({ type: 'noted', facts: { sealed: 'DISK_FULL: 12 KiB are left' } })
    expect(statuses.at(-1)).toMatchObject({
      ...{ healthy: false, problem: 'DISK_FULL: 12 KiB are left' },
    })
    expect(ended).toEqual([])
    expect(lines).toContain('error: the log has failed: it is read-only')
    actor('recorder').end(died)
    clock.advance(1_000)
    expect(lives('recorder')).toBe(1)
    expect(ended).toMatchObject([{ message: expect.stringContaining('DISK_FULL') as string }])
  })
})

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
    const bytes = new Uint8Array(3 * MIB)
    const answer = async (query: unknown): Promise<PoolAnswer> => ({
      ...{ id: (query as HistoryQuery).id, kind: 'still', bytes },
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
