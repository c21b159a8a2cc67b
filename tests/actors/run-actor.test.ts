import { describe, expect, test } from 'vitest'
import {
  type ActorDefinition,
  type ActorInstance,
  type ActorScope,
  runActor,
} from '../../src/actors/run-actor.ts'
import { SimulatedClock } from '../../src/base/clock.ts'
import { type ErrorCode, RollcastError } from '../../src/base/errors.ts'
import { actorMachine } from '../../src/machines/actor.machine.ts'
import { type ActorStart, heartbeatMillis } from '../../src/protocol/thread-messages.ts'
import { fakePortPair } from '../streams/fake-ports.ts'
import { FakeEndpoint, turns, until } from './fake-endpoint.ts'

/** Runs an actor with these parts; `calls` are the commands that it was given, in order. */
function run(parts: Partial<ActorInstance> = {}, start: Partial<ActorStart> = {}) {
  const endpoint = new FakeEndpoint(start)
  const clock = new SimulatedClock()
  const calls: string[] = []
  let scope: ActorScope<unknown> | undefined
  const commands: ActorInstance['commands'] = parts.commands ?? {}
  const note = (command: string) => () => {
    calls.push(command)
    return commands[command]?.()
  }
  const definition: ActorDefinition<unknown> = {
    machine: actorMachine,
    create: given => {
      scope = given
      return {
        lag: () => null,
        ...parts,
        commands: Object.fromEntries(
          ['open', 'recover', 'run', 'drain', 'close'].map(name => [name, note(name)]),
        ),
      }
    },
  }
  runActor(endpoint, definition, clock)
  const running = (): Promise<void> =>
    until(() => endpoint.reportsOf('ready').length > 0, 'ready was reported')
  const ended = (): Promise<void> => until(() => endpoint.exited !== undefined, 'the actor ended')
  return { endpoint, clock, calls, running, ended, scope: () => scope! }
}

const failWith = (error: unknown) => () => {
  throw error
}

describe('the life of an actor', () => {
  test('is open, recover, run; it is ready when it runs, with its detail', async () => {
    const { endpoint, calls, running } = run({ detail: () => ({ epoch: 3 }) })
    await running()
    expect(calls).toEqual(['open', 'recover', 'run'])
    expect(endpoint.states).toEqual(['starting', 'recovering', 'running'])
    expect(endpoint.reportsOf('ready')).toEqual([{ type: 'ready', detail: { epoch: 3 } }])
    expect(endpoint.exited).toBeUndefined()
  })

  test('ends by draining what is owed up to the event that it is told of, and then closes', async () => {
    const drained: number[] = []
    const { endpoint, calls, running, ended } = run({ drainTo: seq => drained.push(seq) })
    await running()
    endpoint.command({ type: 'drain', seq: 42 })
    await ended()
    expect(drained).toEqual([42])
    expect(calls.slice(3)).toEqual(['drain', 'close'])
    expect(endpoint.states.slice(3)).toEqual(['draining', 'stopped'])
    expect(endpoint.reports.at(-1)).toEqual({ type: 'stopped' })
    expect(endpoint.exited).toEqual({ error: undefined })
  })

  test('waits for what drains, and is stopped without waiting when it is asked to', async () => {
    const { endpoint, calls, running, ended } = run({
      commands: { drain: () => new Promise(() => {}) },
    })
    await running()
    endpoint.command({ type: 'drain', seq: 1 })
    await turns()
    expect(endpoint.exited).toBeUndefined()
    endpoint.command({ type: 'stop' })
    await ended()
    expect(calls.slice(3)).toEqual(['drain', 'close'])
    expect(endpoint.exited).toEqual({ error: undefined })
  })

  test('drains as soon as it runs when it is asked to before', async () => {
    let isOpen = (): void => {}
    const open = () =>
      new Promise<undefined>(resolve => {
        isOpen = () => resolve(undefined)
      })
    const { endpoint, calls, ended } = run({ commands: { open } })
    endpoint.command({ type: 'drain', seq: 0 })
    await turns()
    expect(calls).toEqual(['open'])
    isOpen()
    await ended()
    expect(calls).toEqual(['open', 'recover', 'run', 'drain', 'close'])
    expect(endpoint.exited).toEqual({ error: undefined })
  })

  test('is over before it began when it is asked to stop while it opens', async () => {
    const { endpoint, calls, ended } = run({ commands: { open: () => new Promise(() => {}) } })
    endpoint.command({ type: 'stop' })
    await ended()
    expect(calls).toEqual(['open', 'close'])
    expect(endpoint.reportsOf('ready')).toEqual([])
  })
})

describe('an actor that fails', () => {
  test('while it runs says so, closes, and dies of it: a new start may do better', async () => {
    const { endpoint, calls, running, ended, scope } = run()
    await running()
    const error = new TypeError('x is not a function')
    scope().fail(error)
    scope().fail(new Error('what follows is not told'))
    await ended()
    expect(endpoint.reportsOf('failed')).toEqual([
      {
        ...{ type: 'failed', code: 'INTERNAL', message: 'TypeError: x is not a function' },
        refused: false,
      },
    ])
    expect(calls.at(-1)).toBe('close')
    expect(endpoint.exited).toEqual({ error })
  })

  const refusals: ErrorCode[] = [
    ...(['LOG_LOCKED', 'LOG_FOREIGN', 'LOG_VERSION', 'LOG_CORRUPT', 'LOG_FAILED'] as const),
    ...(['CANNOT_CREATE', 'DISK_FULL', 'ADDRESS_IN_USE', 'NOT_FOUND'] as const),
  ]

  for (const place of ['create', 'open', 'recover'] as const) {
    test(`in ${place} with what a new start would meet again is refused`, async () => {
      for (const code of refusals) {
        const error = new RollcastError(code, 'the same again')
        const endpoint = new FakeEndpoint()
        const definition: ActorDefinition<unknown> = {
          machine: actorMachine,
          create: () => {
            if (place === 'create') throw error
            return { lag: () => null, commands: { [place]: failWith(error) } }
          },
        }
        runActor(endpoint, definition, new SimulatedClock())
        await until(() => endpoint.exited !== undefined)
        const message = 'the same again'
        expect(endpoint.reportsOf('failed')).toEqual([
          { type: 'failed', code, message, refused: true },
        ])
        expect(endpoint.exited).toEqual({ error })
        expect(endpoint.reportsOf('ready')).toEqual([])
      }
    })

    test(`in ${place} with anything else is not`, async () => {
      const endpoint = new FakeEndpoint()
      runActor(
        endpoint,
        {
          machine: actorMachine,
          create: () => {
            if (place === 'create') throw new RollcastError('TIMEOUT', 'slow')
            return { lag: () => null, commands: { [place]: async () => failWith('text')() } }
          },
        },
        new SimulatedClock(),
      )
      await until(() => endpoint.exited !== undefined)
      expect(endpoint.reportsOf('failed')).toMatchObject([{ refused: false }])
    })
  }

  test('after it has run is never refused, also with such a code', async () => {
    for (const drain of [false, true]) {
      const { endpoint, running, ended, scope } = run({
        commands: { drain: failWith(new RollcastError('LOG_CORRUPT', 'event 7')) },
      })
      await running()
      if (drain) endpoint.command({ type: 'drain', seq: 1 })
      else scope().fail(new RollcastError('LOG_CORRUPT', 'event 7'))
      await ended()
      expect(endpoint.reportsOf('failed')).toMatchObject([{ code: 'LOG_CORRUPT', refused: false }])
    }
  })

  test('to let go of what it has ends all the same', async () => {
    const error = new Error('the file is stuck')
    const { endpoint, running, ended } = run({ commands: { close: failWith(error) } })
    await running()
    endpoint.command({ type: 'stop' })
    await ended()
    expect(endpoint.reportsOf('failed')).toMatchObject([{ message: 'Error: the file is stuck' }])
    expect(endpoint.exited).toEqual({ error })
  })
})

describe('an actor tells its host', () => {
  test('that it lives, every heartbeat, with lag, channels and detail, until it ends', async () => {
    const spec = { name: 'x.y', policy: { kind: 'block' }, countMax: 1, bytesMax: 10 } as const
    let lag = 5
    const { endpoint, clock, running, ended, scope } = run(
      { lag: () => lag, heartbeat: () => ({ frames: 2 }) },
      { sends: [spec] },
    )
    await running()
    scope()
      .sender<number>('x.y', { sizeOf: () => 1 })
      .offer(7)
    clock.advance(heartbeatMillis - 1)
    expect(endpoint.reportsOf('heartbeat')).toEqual([])
    clock.advance(1)
    lag = 0
    clock.advance(heartbeatMillis)
    const beats = endpoint.reportsOf('heartbeat')
    expect(beats.map(beat => beat.lag)).toEqual([5, 0])
    expect(beats[0]).toMatchObject({
      ...{ channels: [{ name: 'x.y', policy: 'block', offered: 1, depth: 1 }] },
      detail: { frames: 2 },
    })
    endpoint.command({ type: 'stop' })
    await ended()
    clock.advance(10 * heartbeatMillis)
    expect(endpoint.reportsOf('heartbeat').length).toBe(2)
    expect(clock.pending).toBe(0)
  })

  test('what it notes, at once', async () => {
    const { endpoint, running, scope } = run()
    await running()
    scope().note({ drained: 9 })
    expect(endpoint.reports.at(-1)).toEqual({ type: 'noted', facts: { drained: 9 } })
  })

  test('nothing of faults when none are to be planted', async () => {
    const { endpoint, running } = run()
    await running()
    endpoint.command({ type: 'crash', how: 'exit' })
    await turns()
    expect(endpoint.exited).toBeUndefined()
  })
})

describe('an actor is given', () => {
  test('the ends of its channels, before or after it made its own', async () => {
    const spec = (name: string) =>
      ({ name, policy: { kind: 'block' }, countMax: 8, bytesMax: 100 }) as const
    const { endpoint, running, scope } = run(
      {},
      { sends: [spec('a.out')], receives: [spec('b.in')], config: { n: 1 }, restarts: 4 },
    )
    const [out, outOther] = fakePortPair()
    endpoint.command({ type: 'connect', channel: 'a.out', port: out })
    await running()
    expect(scope()).toMatchObject({ name: 'test', config: { n: 1 }, restarts: 4 })
    expect([scope().sends, scope().receives]).toEqual([['a.out'], ['b.in']])
    scope()
      .sender<number>('a.out', { sizeOf: () => 1 })
      .offer(7)
    await turns()
    expect(outOther.waiting).toBe(1)
    const received: unknown[] = []
    scope().receive('b.in', item => {
      received.push(item)
    })
    const [into, intoOther] = fakePortPair()
    endpoint.command({ type: 'connect', channel: 'b.in', port: into })
    intoOther.postMessage({ kind: 'items', epoch: 1, items: [1, 2] })
    into.deliver()
    await turns()
    expect(received).toEqual([1, 2])
  })
})
