import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createActor } from 'xstate'
import { restartLimits } from '../../src/machines/restart-intensity.ts'
import { reportChildren, supervisorMachine } from '../../src/machines/supervisor.machine.ts'
import { specs, startGroup } from './supervised-group.ts'

describe('starting and stopping', () => {
  test('children start in order, each when the one before it runs', () => {
    const { supervisor, log, states } = startGroup({ silent: true })
    expect(log).toEqual(['0 startChild recorder'])
    expect(states()).toEqual(['starting', 'idle', 'idle'])
    supervisor.send({ type: 'ready', child: 'recorder' })
    supervisor.send({ type: 'ready', child: 'recorder' })
    expect(states()).toEqual(['running', 'starting', 'idle'])
    supervisor.send({ type: 'ready', child: 'encoder' })
    supervisor.send({ type: 'ready', child: 'broadcaster' })
    expect(supervisor.getSnapshot().value).toEqual({ supervising: 'running' })
  })

  test('P11: the group stops in reverse order, one after the other', () => {
    const { supervisor, log, clock, alive } = startGroup({ deaf: ['encoder'] })
    log.length = 0
    supervisor.send({ type: 'stop' })
    clock.advance(10_000)
    expect(log).toEqual([
      '0 askToStop broadcaster',
      '0 askToStop encoder',
      '2000 killChild encoder',
      '2000 askToStop recorder',
    ])
    expect(supervisor.getSnapshot().value).toBe('stopped')
    expect([...alive]).toEqual([])
  })

  test('a child that dies comes back, after its wait, and the others do not notice', () => {
    const { supervisor, clock, die, log, states } = startGroup()
    log.length = 0
    die('encoder', 1)
    clock.advance(0)
    die('encoder', 1)
    expect(states()).toEqual(['running', 'backingOff', 'running'])
    clock.advance(60)
    expect(log).toEqual(['0 startChild encoder', '60 startChild encoder'])
    expect(states()).toEqual(['running', 'running', 'running'])
    expect(reportChildren(supervisor.getSnapshot())[1]).toEqual({
      ...{ child: 'encoder', state: 'running', restarts: 2, reason: 'killed by the test' },
    })
  })

  test('one that dies while the others start comes back, and nobody is started out of turn', () => {
    const { clock, supervisor, log, die, states } = startGroup({ silent: true })
    const ready = (child: string): void => supervisor.send({ type: 'ready', child })
    ready('recorder')
    die('recorder')
    clock.advance(0)
    expect(states()).toEqual(['restarting', 'starting', 'idle'])
    ready('recorder')
    expect(states()).toEqual(['running', 'starting', 'idle'])
    ready('encoder')
    die('encoder')
    clock.advance(0)
    supervisor.send({ type: 'refused', child: 'encoder', reason: 'no codec' })
    expect(states()).toEqual(['running', 'refused', 'starting'])
    expect(supervisor.getSnapshot().value).toEqual({ supervising: 'starting' })
    ready('broadcaster')
    expect(supervisor.getSnapshot().value).toEqual({ supervising: 'running' })
    expect(log.map(line => line.split(' ')[2])).toEqual([
      ...['recorder', 'encoder', 'recorder', 'broadcaster', 'encoder'],
    ])
  })

  test('waits grow while a child keeps dying and are nothing again after a calm time', () => {
    const { clock, die, log } = startGroup()
    log.length = 0
    for (const pause of [100, 500, 11_000, 100]) {
      die('encoder')
      clock.advance(pause)
    }
    expect(log.map(line => line.split(' ')[0])).toEqual(['0', '150', '675', '11600'])
  })

  test('a refusal of an essential child escalates, of another leaves it out', () => {
    const without = startGroup({ refusing: 'encoder' })
    expect(without.supervisor.getSnapshot().value).toEqual({ supervising: 'running' })
    expect(without.states()).toEqual(['running', 'refused', 'running'])
    const failed = startGroup({ refusing: 'recorder' })
    expect(failed.supervisor.getSnapshot().value).toBe('escalated')
    expect(failed.supervisor.getSnapshot().context.reason).toBe('recorder: lock held')
    expect(failed.log).toEqual(['0 startChild recorder', '0 alarm'])
  })
})

describe('a child that is stuck', () => {
  test('as a process it is killed at once, and restarted', () => {
    const { supervisor, clock, log } = startGroup({ deaf: ['encoder'] })
    log.length = 0
    supervisor.send({ type: 'stuck', child: 'encoder', reason: 'no heartbeat' })
    clock.advance(2000)
    expect(log).toEqual(['0 killChild encoder', '0 startChild encoder'])
  })

  test('S4: where killing does not help either it is cut off and replaced', () => {
    const { supervisor, clock, log } = startGroup({ deaf: ['encoder'], immortal: ['encoder'] })
    log.length = 0
    supervisor.send({ type: 'stuck', child: 'encoder', reason: 'no heartbeat' })
    clock.advance(2000)
    expect(log).toEqual(['0 killChild encoder', '100 cutOff encoder', '100 startChild encoder'])
  })

  test('S4: as a worker that may not be killed it is cut off at once', () => {
    const { supervisor, clock, log, states } = startGroup({ deaf: ['broadcaster'] })
    log.length = 0
    supervisor.send({ type: 'stuck', child: 'broadcaster', reason: 'no heartbeat' })
    clock.advance(2000)
    expect(log).toEqual([
      '0 askToStop broadcaster',
      '100 cutOff broadcaster',
      '100 startChild broadcaster',
    ])
    expect(states()).toEqual(['running', 'running', 'running'])
  })

  test('is not replaced while the group stops: it is given up', () => {
    const group = startGroup({ deaf: ['encoder', 'broadcaster'], immortal: ['encoder'] })
    const { supervisor, clock, log, states } = group
    log.length = 0
    supervisor.send({ type: 'stop' })
    clock.advance(20_000)
    expect(log).toEqual([
      '0 askToStop broadcaster',
      '2000 askToStop encoder',
      '4000 killChild encoder',
      '7000 askToStop recorder',
    ])
    expect(states()).toEqual(['stopped', 'abandoned', 'abandoned'])
  })

  test('as a worker that cannot be replaced it is given up and the group escalates', () => {
    const { supervisor, clock, log, states } = startGroup({ deaf: ['recorder'] })
    log.length = 0
    supervisor.send({ type: 'stuck', child: 'recorder', reason: 'no heartbeat' })
    clock.advance(10_000)
    expect(log).toEqual([
      '0 askToStop recorder',
      '2000 alarm',
      '2000 askToStop broadcaster',
      '2000 askToStop encoder',
    ])
    expect(states()).toEqual(['abandoned', 'stopped', 'stopped'])
    expect(supervisor.getSnapshot().value).toBe('escalated')
    expect(supervisor.getSnapshot().context.reason).toBe('recorder: no heartbeat')
  })
})

test('a child that nobody needs is needed once it is stuck for good: nobody knows what it holds', () => {
  const { supervisor, clock, states, adopt } = startGroup({ deaf: ['wrist'] })
  adopt({ name: 'wrist', killable: false, replaceable: false, essential: false })
  supervisor.send({ type: 'stuck', child: 'wrist', reason: 'no heartbeat' })
  clock.advance(2000)
  expect(states()).toEqual(['stopped', 'stopped', 'stopped', 'abandoned'])
  expect(supervisor.getSnapshot().value).toBe('escalated')
})

test('S3: over 1000 schedules of deaths it escalates exactly at the 6th within 10 s', () => {
  const schedule = fc.array(
    fc.record({
      pauseMillis: fc.oneof(fc.nat(300), fc.nat(3000), fc.nat(12_000)),
      child: fc.constantFrom(...specs.map(spec => spec.name)),
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    { maxLength: 30 },
  )
  let escalations = 0
  const check = (deaths: { pauseMillis: number; child: string; jitter: number }[]) => {
    const { clock, supervisor, log, alive, die } = startGroup()
    const times: number[] = []
    const diedAt = new Map<string, number>()
    log.length = 0
    for (const { pauseMillis, child, jitter } of deaths) {
      clock.advance(pauseMillis)
      if (!alive.has(child)) continue
      const now = clock.monotonic()
      times.push(now)
      const isTooMany = times.filter(at => now - at <= restartLimits.windowMillis).length > 5
      die(child, jitter)
      diedAt.set(child, now)
      expect(supervisor.getSnapshot().hasTag('red')).toBe(isTooMany)
      if (!isTooMany) continue
      escalations++
      const asked = log.slice(log.indexOf(`${now} alarm`) + 1).map(line => line.split(' ')[2])
      const order = specs.map(spec => spec.name).reverse()
      expect(asked).toEqual(order.filter(name => asked.includes(name)))
      clock.advance(60_000)
      expect(log.at(-1)?.startsWith(`${now} `)).toBe(true)
      expect([...alive]).toEqual([])
      expect(supervisor.getSnapshot().value).toBe('escalated')
      break
    }
    const starts = log.map(line => line.split(' ')).filter(([, type]) => type === 'startChild')
    for (const [at, , child] of starts) {
      const waits = times.map(time => Number(at) - time).filter(wait => wait >= 0)
      // It restarted because of one of the deaths, at once or up to 5 s later.
      expect(diedAt.has(child!)).toBe(true)
      expect(waits.some(wait => wait <= 5000)).toBe(true)
    }
  }
  fc.assert(fc.property(schedule, check), { numRuns: 1000 })
  expect(escalations).toBeGreaterThan(100)
})

test('deaths of what nobody will meet again count no more, and the restart after them is at once', () => {
  const { clock, supervisor, log, die } = startGroup()
  const times: number[] = []
  const dieAgain = (): void => {
    times.push(clock.monotonic())
    die('encoder')
    clock.advance(500)
  }
  die('recorder')
  clock.advance(10)
  for (let count = 0; count < 4; count++) dieAgain()
  log.length = 0
  die('encoder', 0, times)
  clock.advance(0)
  expect(log).toEqual(['2010 startChild encoder'])
  expect(supervisor.getSnapshot().context.deaths).toEqual([0])
  for (let count = 0; count < 4; count++) dieAgain()
  expect(supervisor.getSnapshot().hasTag('red')).toBe(false)
  die('encoder')
  expect(supervisor.getSnapshot().hasTag('red')).toBe(true)
})

test('P11: a child that waits for its restart does not get it while the group goes down', () => {
  const { clock, supervisor, log, die, states } = startGroup({ deaf: ['encoder'] })
  for (const pause of [100, 200, 400, 500]) {
    die('recorder')
    clock.advance(pause)
  }
  die('recorder')
  expect(states()[0]).toBe('backingOff')
  log.length = 0
  die('broadcaster')
  expect(supervisor.getSnapshot().value).toBe('escalating')
  expect(supervisor.getSnapshot().hasTag('red')).toBe(true)
  expect(supervisor.getSnapshot().context.reason).toBe('broadcaster: killed by the test')
  clock.advance(60_000)
  expect(log).toEqual(['1200 alarm', '1200 askToStop encoder', '3200 killChild encoder'])
  expect(states()).toEqual(['stopped', 'stopped', 'stopped'])
})

test('names that repeat are a programming error', () => {
  const twice = { children: [specs[0]!, specs[0]!] }
  const { status, error } = createActor(supervisorMachine, { input: twice }).getSnapshot()
  expect(status).toBe('error')
  expect(String(error)).toContain('names repeat: recorder, recorder')
})
