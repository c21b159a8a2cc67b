import { describe, expect, test } from 'vitest'
import { Channels } from '../../src/actors/channels.ts'
import { type Clock, SimulatedClock } from '../../src/base/clock.ts'
import type { ChannelSpec } from '../../src/protocol/policies.ts'
import { type FakePort, fakePortPair } from '../streams/fake-ports.ts'
import { turns } from './fake-endpoint.ts'

const spec = (name: string): ChannelSpec => ({
  ...{ name, policy: { kind: 'block' }, countMax: 100, bytesMax: 10_000 },
})

/** Two actors that share the channel `a.facts`, from one to the other. */
function actors(clock: Clock = new SimulatedClock()) {
  const failures: unknown[] = []
  const fail = (error: unknown): void => {
    failures.push(error)
  }
  const from = new Channels([spec('a.facts')], [], clock, fail)
  const to = (): Channels => new Channels([], [spec('a.facts')], clock, fail)
  return { from, to, failures }
}

/** Connects both ends; what is posted arrives when `carry` says so. */
function connect(from: Channels, to: Channels): { near: FakePort; far: FakePort } {
  const [near, far] = fakePortPair()
  from.connect('a.facts', near)
  to.connect('a.facts', far)
  return { near, far }
}

async function carry({ near, far }: { near: FakePort; far: FakePort }): Promise<void> {
  await turns()
  while (far.deliver() || near.deliver()) await turns()
}

const options = { sizeOf: () => 1, redeliver: true }

describe('the ends of a channel', () => {
  test('hand items over one after the other, each credited when it is handled', async () => {
    const { from, to } = actors()
    const receiver = to()
    const sender = from.sender<number>('a.facts', options)
    const started: number[] = []
    const finish: (() => void)[] = []
    receiver.receive<number>('a.facts', item => {
      started.push(item)
      return new Promise<void>(resolve => finish.push(resolve))
    })
    const ports = connect(from, receiver)
    for (const item of [1, 2, 3]) sender.offer(item)
    await carry(ports)
    expect(started).toEqual([1])
    expect(sender.counters).toMatchObject({ inFlight: 3, acknowledged: 0 })
    finish.shift()?.()
    await carry(ports)
    expect(started).toEqual([1, 2])
    expect(sender.counters).toMatchObject({ inFlight: 2, acknowledged: 1 })
    finish.shift()?.()
    await carry(ports)
    finish.shift()?.()
    await carry(ports)
    expect(sender.counters).toMatchObject({ inFlight: 0, acknowledged: 3 })
  })

  test('S4 leave the thread a turn after each item that takes long, or timers would wait for all', async () => {
    const order: string[] = []
    class TurningClock extends SimulatedClock {
      override turn(): Promise<void> {
        order.push('turn')
        return super.turn()
      }
    }
    const clock = new TurningClock()
    const { from, to } = actors(clock)
    const receiver = to()
    const sender = from.sender<number>('a.facts', options)
    receiver.receive<number>('a.facts', millis => {
      order.push(`${millis} ms`)
      clock.sleep(millis)
    })
    const ports = connect(from, receiver)
    for (const millis of [10, 150, 1, 2]) sender.offer(millis)
    await carry(ports)
    expect(order).toEqual(['10 ms', 'turn', '150 ms', 'turn', '1 ms', '2 ms'])
  })

  test('may overlap in their handling; they are begun and credited in order all the same', async () => {
    const { from, to } = actors()
    const receiver = to()
    const sender = from.sender<number>('a.facts', options)
    const started: number[] = []
    const finish: (() => void)[] = []
    const handle = (item: number): Promise<void> => {
      started.push(item)
      return new Promise<void>(resolve => finish.push(resolve))
    }
    receiver.receive<number>('a.facts', handle, { overlapping: true })
    const ports = connect(from, receiver)
    for (const item of [1, 2, 3]) sender.offer(item)
    await carry(ports)
    expect(started).toEqual([1, 2, 3])
    finish[1]?.()
    await carry(ports)
    expect(sender.counters).toMatchObject({ inFlight: 3, acknowledged: 0 })
    finish[0]?.()
    await carry(ports)
    expect(sender.counters).toMatchObject({ inFlight: 1, acknowledged: 2 })
  })

  test('end the actor by a handler that fails, overlapping or not, when its turn has come', async () => {
    for (const overlapping of [false, true]) {
      const { from, to, failures } = actors()
      const receiver = to()
      const sender = from.sender<number>('a.facts', options)
      const first = Promise.withResolvers<void>()
      const handle = (item: number): Promise<void> =>
        item === 1 ? first.promise : Promise.reject(new Error('cannot'))
      receiver.receive<number>('a.facts', handle, { overlapping })
      const ports = connect(from, receiver)
      for (const item of [1, 2]) sender.offer(item)
      await carry(ports)
      expect(failures).toEqual([])
      first.resolve()
      await carry(ports)
      expect(failures).toEqual([new Error('cannot')])
    }
  })

  test('hold what is offered while nobody is there, under the channel`s policy', async () => {
    const { from, to } = actors()
    const sender = from.sender<number>('a.facts', options)
    for (let i = 0; i < 101; i++) sender.offer(i)
    expect(sender.counters).toMatchObject({ offered: 100, depth: 100 })
    expect(from.counters()).toMatchObject([{ name: 'a.facts', policy: 'block', depth: 100 }])
    const receiver = to()
    const received: number[] = []
    receiver.receive<number>('a.facts', item => {
      received.push(item)
    })
    await carry(connect(from, receiver))
    expect(received.length).toBe(100)
  })

  test('deliver to the next receiver what the last one had not handled when it died, first', async () => {
    const { from, to } = actors()
    const sender = from.sender<number>('a.facts', options)
    const [first, second] = [to(), to()]
    const handled: number[] = []
    first.receive<number>('a.facts', item => {
      if (item > 2) return new Promise<void>(() => {})
      handled.push(item)
      return undefined
    })
    const ports = connect(from, first)
    for (const item of [1, 2, 3, 4]) sender.offer(item)
    await carry(ports)
    expect(handled).toEqual([1, 2])
    sender.offer(5)
    second.receive<number>('a.facts', item => {
      handled.push(item)
    })
    await carry(connect(from, second))
    expect(handled).toEqual([1, 2, 3, 4, 5])
    expect(sender.counters).toMatchObject({ acknowledged: 5, inFlight: 0, lostInFlight: 0 })
    // What the dead one says afterwards counts for nothing.
    await carry(ports)
    expect(sender.counters.acknowledged).toBe(5)
  })

  test('go on for a receiver whose sender was restarted', async () => {
    const { from, to } = actors()
    const receiver = to()
    const received: number[] = []
    receiver.receive<number>('a.facts', item => {
      received.push(item)
    })
    from.sender<number>('a.facts', options).offer(1)
    await carry(connect(from, receiver))
    const restarted = actors().from
    restarted.sender<number>('a.facts', options).offer(2)
    await carry(connect(restarted, receiver))
    expect(received).toEqual([1, 2])
  })

  test('take ports that came before they were made', async () => {
    const { from, to } = actors()
    const receiver = to()
    const ports = connect(from, receiver)
    from.sender<number>('a.facts', options).offer(1)
    await turns()
    const received: number[] = []
    receiver.receive<number>('a.facts', item => {
      received.push(item)
    })
    await carry(ports)
    expect(received).toEqual([1])
  })

  test('close their ports, those that nobody asked for included', () => {
    const { from, to } = actors()
    const receiver = to()
    from.sender<number>('a.facts', options)
    const { near, far } = connect(from, receiver)
    from.close()
    receiver.close()
    expect([near.closed, far.closed]).toEqual([true, true])
  })
})

describe('a handler that fails', () => {
  test('ends the actor, whether it throws or rejects, and is not credited', async () => {
    const throwing = (): void => {
      throw new Error('bad item')
    }
    for (const handler of [throwing, async () => throwing()]) {
      const { from, to, failures } = actors()
      const receiver = to()
      const sender = from.sender<number>('a.facts', options)
      receiver.receive('a.facts', handler)
      sender.offer(1)
      await carry(connect(from, receiver))
      expect(failures).toMatchObject([{ message: 'bad item' }])
      expect(sender.counters.acknowledged).toBe(0)
    }
  })
})

describe('a channel that the topology does not have', () => {
  test('cannot be sent on or connected, and never delivers', () => {
    const { from, to } = actors()
    expect(() => from.sender('b.other', options)).toThrow('no channel b.other to send on')
    const receiver = to()
    receiver.receive('b.other', () => {})
    const [port] = fakePortPair()
    expect(() => receiver.connect('b.other', port)).toThrow('no channel b.other to receive from')
  })
})
