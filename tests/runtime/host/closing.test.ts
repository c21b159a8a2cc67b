// How a host closes a run.
import { describe, expect, test } from 'vitest'
import { playingTopology } from '../../../src/runtime/topology.ts'
import { CLOSE_MILLIS_MAX } from '../fake-actors.ts'
import { newHost } from './new-host.ts'

const died = new Error('planted fault')

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
    actor('recorder').tell({ type: 'noted', facts: { encoders: 3 } })
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
    actor('recorder').tell({ type: 'noted', facts: { encoders: 2 } })
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
    actor('recorder').tell({ type: 'noted', facts: { encoders: 3 } })
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
    actor('recorder').tell({ type: 'noted', facts: { encoders: 2 } })
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
