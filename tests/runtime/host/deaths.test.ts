// What a host does when an actor dies.
import { describe, expect, test } from 'vitest'
import { quarantinedMax } from '../../../src/protocol/quarantine.ts'
import { CLOSE_MILLIS_MAX, type FakeActor } from '../fake-actors.ts'
import { newHost } from './new-host.ts'

const died = new Error('planted fault')

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
