// What a host does with an actor that is stuck.
import { describe, expect, test } from 'vitest'
import { waitingTopology } from '../../../src/runtime/topology.ts'
import { CLOSE_MILLIS_MAX } from '../fake-actors.ts'
import { newHost } from './new-host.ts'

const died = new Error('planted fault')

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
