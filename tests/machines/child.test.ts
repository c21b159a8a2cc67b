// One supervised actor by itself: what it is told, in whatever state it is.
import { describe, expect, test } from 'vitest'
import { type ActorRefFrom, createActor } from 'xstate'
import { SimulatedClock } from '../../src/base/clock.ts'
import { type ChildSpec, childMachine } from '../../src/machines/child.machine.ts'
import { machineClock } from '../../src/machines/machine-clock.ts'

type Child = ActorRefFrom<typeof childMachine>

const traits = { name: 'worker', killable: true, replaceable: true, essential: true } as const
const dead = { type: 'died', child: 'worker', atMillis: 0, jitter: 0, reason: 'a bug' } as const
const stuck = { type: 'stuck', child: 'worker', reason: 'no heartbeat' } as const
const refused = { type: 'refused', child: 'worker', reason: 'lock held' } as const

/** One that runs. */
function startChild(spec: Partial<ChildSpec> = {}) {
  const clock = new SimulatedClock()
  const input = { ...traits, ...spec }
  const child = createActor(childMachine, { input, clock: machineClock(clock) })
  child.start()
  child.send({ type: 'start' })
  child.send({ type: 'ready', child: 'worker' })
  return { clock, child, state: () => child.getSnapshot().value }
}

type Come = (child: Child, clock: SimulatedClock) => void
const hang: Come = child => child.send(stuck)
const hangLong: Come = (child, clock) => {
  child.send(stuck)
  clock.advance(100)
}
const restart: Come = (child, clock) => {
  child.send(dead)
  clock.advance(0)
}

/** How one that may be killed, or may not, comes into each state in which there is a thread or process. */
const ways: readonly (readonly [string, boolean, Come])[] = [
  ['running', true, () => {}],
  ['restarting', true, restart],
  ['unresponsive', false, hang],
  ['killing', true, hang],
  ['cuttingOff', true, hangLong],
  ['cuttingOff', false, hangLong],
]

describe.each(ways)('a child that is %s (killable: %s)', (name, killable, come) => {
  const bring = () => {
    const one = startChild({ killable })
    come(one.child, one.clock)
    expect(one.state()).toBe(name)
    return one
  }

  test('comes back when it dies', () => {
    const { child, clock, state } = bring()
    child.send(dead)
    expect(state()).toBe('backingOff')
    clock.advance(50)
    expect(state()).toBe('restarting')
  })

  test('rests after its death when it was told to stand down, until it is told to stop', () => {
    const { child, clock, state } = bring()
    child.send({ type: 'standDown' })
    child.send(dead)
    clock.advance(60_000)
    expect(state()).toBe('idle')
    child.send({ type: 'stop' })
    expect(child.getSnapshot().output).toEqual({
      ...{ outcome: 'stopped', essential: true, reason: 'a bug' },
    })
  })

  test('has stopped for good when it dies after it was told to', () => {
    const { child } = bring()
    child.send({ type: 'stop' })
    child.send(dead)
    expect(child.getSnapshot().output).toMatchObject({ outcome: 'stopped', reason: 'a bug' })
    expect(child.getSnapshot().hasTag('red')).toBe(false)
  })

  test('has refused when it says so, and that is red', () => {
    const { child } = bring()
    child.send(refused)
    expect(child.getSnapshot().output).toMatchObject({ outcome: 'refused', reason: 'lock held' })
    expect(child.getSnapshot().hasTag('red')).toBe(true)
  })
})

test('a child that waits for its restart has nothing to wait for when it is told to stop', () => {
  const { child, state } = startChild()
  child.send(dead)
  expect(state()).toBe('backingOff')
  child.send({ type: 'stop' })
  expect(child.getSnapshot().output).toMatchObject({ outcome: 'stopped' })
})

test('whether one that stops could have started is no question any more', () => {
  const { child } = startChild()
  child.send({ type: 'stop' })
  child.send(refused)
  expect(child.getSnapshot().output).toMatchObject({ outcome: 'stopped', reason: 'lock held' })
})

test('one that nothing ends is given up, and that is red', () => {
  const { child, clock } = startChild({ replaceable: false, essential: false })
  child.send(stuck)
  expect(child.getSnapshot().value).toBe('killing')
  clock.advance(3000)
  expect(child.getSnapshot().output).toEqual({
    ...{ outcome: 'abandoned', essential: false, reason: 'no heartbeat' },
  })
  expect(child.getSnapshot().hasTag('red')).toBe(true)
})
