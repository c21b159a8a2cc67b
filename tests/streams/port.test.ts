import { MessageChannel } from 'node:worker_threads'
import fc from 'fast-check'
import { concatMap, firstValueFrom, lastValueFrom, take, tap, toArray } from 'rxjs'
import { describe, expect, test } from 'vitest'
import { SimulatedClock, systemClock } from '../../src/base/clock.ts'
import type { ChannelSpec, Policy } from '../../src/protocol/policies.ts'
import { PortReceiver, PortSender, type PortSenderOptions } from '../../src/streams/port.ts'
import { type FakePort, fakePortPair } from './fake-ports.ts'

const spec = (policy: Policy, countMax = 8, bytesMax = 1000): ChannelSpec => ({
  name: 'test',
  policy,
  countMax,
  bytesMax,
})

interface Item {
  readonly id: number
  readonly bytes: number
}

const LINGER_MILLIS = 1

function openSender(policy: Policy, options: Partial<PortSenderOptions<Item>> = {}) {
  const clock = new SimulatedClock()
  const sender = new PortSender<Item>(spec(policy), {
    clock,
    sizeOf: item => item.bytes,
    lingerMillis: LINGER_MILLIS,
    window: { countMax: 4, bytesMax: 100 },
    batchCountMax: 3,
    ...options,
  })
  return { clock, sender }
}

/** A receiver that has subscribed and notes what it got. */
function openReceiver(port: FakePort, acknowledge: 'auto' | 'manual' = 'auto') {
  const receiver = new PortReceiver<Item>(port, { acknowledge })
  const seen: number[] = []
  let end: 'open' | 'complete' | 'error' = 'open'
  const subscription = receiver.messages.subscribe({
    next: item => seen.push(item.id),
    complete: () => {
      end = 'complete'
    },
    error: () => {
      end = 'error'
    },
  })
  return { receiver, seen, subscription, end: () => end }
}

const deliverAll = (...ports: FakePort[]): void => {
  while (ports.some(port => port.deliver())) {}
}

describe('a port', () => {
  test('carries items in order, several to a message', () => {
    const { clock, sender } = openSender({ kind: 'block' })
    const [near, far] = fakePortPair()
    sender.attach(near)
    const { seen, receiver } = openReceiver(far)
    sender.offer({ id: 0, bytes: 1 })
    sender.offer({ id: 1, bytes: 1 })
    expect(far.waiting).toBe(0)
    clock.advance(LINGER_MILLIS)
    expect(far.waiting).toBe(1)
    deliverAll(far, near)
    expect(seen).toEqual([0, 1])
    expect(sender.counters).toMatchObject({ acknowledged: 2, inFlight: 0, batches: 1 })
    expect(receiver.counters).toEqual({ received: 2, handled: 2, batches: 1 })
  })

  test('sends a full batch without waiting for the timer', () => {
    const { sender } = openSender({ kind: 'block' })
    const [near, far] = fakePortPair()
    sender.attach(near)
    for (let id = 0; id < 3; id++) sender.offer({ id, bytes: 1 })
    expect(far.waiting).toBe(1)
  })

  test('C4 sends again to the next receiver what the last one had not handled, when asked to', () => {
    const { sender } = openSender({ kind: 'block' }, { redeliver: true })
    const [near, far] = fakePortPair()
    sender.attach(near)
    for (let id = 0; id < 6; id++) sender.offer({ id, bytes: 1 })
    sender.flush()
    expect(sender.counters).toMatchObject({ inFlight: 4, depth: 2 })
    const [nextNear, nextFar] = fakePortPair()
    const { seen } = openReceiver(nextFar)
    sender.attach(nextNear)
    deliverAll(far, nextFar, nextNear)
    expect(seen).toEqual([0, 1, 2, 3, 4, 5])
    expect(sender.counters).toMatchObject({ acknowledged: 6, inFlight: 0, lostInFlight: 0 })
  })

  test('C3 stops at the window: a slow receiver is felt at the offer', () => {
    const { sender } = openSender({ kind: 'block' })
    const [near, far] = fakePortPair()
    sender.attach(near)
    const answers = Array.from({ length: 14 }, (_, id) => sender.offer({ id, bytes: 1 }))
    sender.flush()
    expect(sender.counters).toMatchObject({ inFlight: 4, depth: 8 })
    expect(answers.filter(answer => answer === 'full')).toHaveLength(2)
    let writable = 0
    sender.onWritable = () => writable++
    const { seen } = openReceiver(far)
    deliverAll(far, near)
    expect(seen).toHaveLength(12)
    expect(writable).toBe(1)
  })

  test('bounds the bytes in flight, and lets a larger item travel alone', () => {
    const { sender } = openSender({ kind: 'block' })
    const [near, far] = fakePortPair()
    sender.attach(near)
    for (const [id, bytes] of [60, 30, 30, 500, 1].entries()) sender.offer({ id, bytes })
    sender.flush()
    expect(sender.counters).toMatchObject({ inFlight: 2, inFlightBytes: 90 })
    const { seen } = openReceiver(far)
    far.deliver()
    near.deliver()
    expect(sender.counters).toMatchObject({ inFlight: 1, inFlightBytes: 30 })
    far.deliver()
    near.deliver()
    expect(sender.counters).toMatchObject({ inFlight: 1, inFlightBytes: 500 })
    deliverAll(far, near)
    expect(seen).toEqual([0, 1, 2, 3, 4])
  })

  test('survives a receiver that has vanished, under its policy', () => {
    const { sender } = openSender({ kind: 'drop-oldest' })
    const [near] = fakePortPair()
    sender.attach(near)
    for (let id = 0; id < 100; id++) expect(sender.offer({ id, bytes: 1 })).toBe('accepted')
    const { offered, taken, dropped, depth, inFlight } = sender.counters
    expect({ taken, depth, inFlight }).toEqual({ taken: 4, depth: 8, inFlight: 4 })
    expect(offered).toBe(taken + dropped + depth)
  })

  test('goes on with a new receiver, counts what was in flight, ignores stale credits', () => {
    const { sender } = openSender({ kind: 'drop-oldest' })
    const [near, far] = fakePortPair()
    const held: ((message: unknown) => void)[] = []
    const withoutOff = {
      postMessage: (message: unknown) => near.postMessage(message),
      on: (_event: 'message', listener: (message: unknown) => void) => held.push(listener),
      close: () => near.close(),
    }
    sender.attach(withoutOff)
    for (let id = 0; id < 6; id++) sender.offer({ id, bytes: 1 })
    expect(far.waiting).toBeGreaterThan(0)
    const [nearAgain, farAgain] = fakePortPair()
    sender.attach(nearAgain)
    expect(sender.counters.lostInFlight).toBe(4)
    const inFlight = sender.counters.inFlight
    held[0]?.({ kind: 'credit', epoch: 1, count: 2 })
    expect(sender.counters.inFlight).toBe(inFlight)
    const { seen } = openReceiver(farAgain)
    deliverAll(farAgain, nearAgain)
    expect(seen).toEqual([4, 5])
  })

  test('ends: what is held and in flight is handled first, then the stream completes', async () => {
    const { sender } = openSender({ kind: 'block' })
    const [near, far] = fakePortPair()
    sender.attach(near)
    for (let id = 0; id < 8; id++) sender.offer({ id, bytes: 1 })
    let drained = false
    const closing = sender.close().then(() => {
      drained = true
    })
    expect(sender.offer({ id: 9, bytes: 1 })).toBe('closed')
    const { seen, end } = openReceiver(far)
    await Promise.resolve()
    expect(drained).toBe(false)
    deliverAll(far, near)
    await closing
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(end()).toBe('complete')
    expect(near.closed && far.closed).toBe(true)
  })

  test('a stream that its policy disconnected fails at the receiver, as temporary', () => {
    const { clock, sender } = openSender({ kind: 'disconnect' })
    const [near, far] = fakePortPair()
    sender.attach(near)
    const { end } = openReceiver(far)
    for (let id = 0; id < 13; id++) sender.offer({ id, bytes: 1 })
    clock.advance(LINGER_MILLIS)
    deliverAll(far, near)
    expect(end()).toBe('error')
  })

  test('an unsubscribed receiver closes its port', () => {
    const [, far] = fakePortPair()
    openReceiver(far).subscription.unsubscribe()
    expect(far.closed).toBe(true)
  })

  test('with manual acknowledgement an item is credited when it is handled, not before', async () => {
    const { sender } = openSender({ kind: 'block' })
    const [near, far] = fakePortPair()
    sender.attach(near)
    const { receiver, seen } = openReceiver(far, 'manual')
    for (let id = 0; id < 8; id++) sender.offer({ id, bytes: 1 })
    deliverAll(far, near)
    expect(seen).toHaveLength(4)
    receiver.acknowledge()
    receiver.acknowledge(2)
    await Promise.resolve()
    expect(near.waiting).toBe(1)
    deliverAll(near, far)
    expect(seen).toHaveLength(7)
    expect(() => receiver.acknowledge(5)).toThrow(/5/)
  })
})

type Step = 'offer' | 'timer' | 'toReceiver' | 'toSender' | 'restart'
const steps = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.constant<Step>('offer') },
    { weight: 3, arbitrary: fc.constant<Step>('timer') },
    { weight: 4, arbitrary: fc.constant<Step>('toReceiver') },
    { weight: 4, arbitrary: fc.constant<Step>('toSender') },
    { weight: 1, arbitrary: fc.constant<Step>('restart') },
  ),
  { maxLength: 150 },
)

describe.each<Policy>([
  { kind: 'block' },
  { kind: 'drop-oldest' },
  { kind: 'spill', spillCountMax: 5, spillBytesMax: 500 },
])('a port under $kind', policy => {
  test('keeps order, window and books under any schedule and any restarts', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 60 }), (script, bytes) => {
        const { clock, sender } = openSender(policy)
        const seen: number[] = []
        let [near, far] = fakePortPair()
        const connect = (): void => {
          ;[near, far] = fakePortPair()
          sender.attach(near)
          new PortReceiver<Item>(far).messages.subscribe(item => seen.push(item.id))
        }
        connect()
        let id = 0
        for (const step of script) {
          if (step === 'offer') sender.offer({ id: id++, bytes })
          else if (step === 'timer') clock.advance(LINGER_MILLIS)
          else if (step === 'toReceiver') far.deliver()
          else if (step === 'toSender') near.deliver()
          else connect()
          const now = sender.counters
          expect(now.inFlight).toBeLessThanOrEqual(4)
          expect(now.inFlightBytes).toBeLessThanOrEqual(100)
          expect(now.offered).toBe(now.taken + now.dropped + now.depth)
          expect(now.taken).toBe(now.acknowledged + now.inFlight + now.lostInFlight)
        }
        sender.flush()
        deliverAll(near, far)
        const now = sender.counters
        expect({ depth: now.depth, inFlight: now.inFlight }).toEqual({ depth: 0, inFlight: 0 })
        expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b))
        expect(seen.length).toBeGreaterThanOrEqual(now.acknowledged)
        expect(seen.length).toBeLessThanOrEqual(now.acknowledged + now.lostInFlight)
      }),
      { numRuns: 200 },
    )
  })
})

describe('over a real MessageChannel', () => {
  const open = (options: Partial<PortSenderOptions<Uint8Array>> = {}) => {
    const { port1, port2 } = new MessageChannel()
    const sender = new PortSender<Uint8Array>(spec({ kind: 'block' }, 2000, 1e6), {
      clock: systemClock,
      sizeOf: item => item.byteLength,
      window: { countMax: 16, bytesMax: 1e6 },
      ...options,
    })
    sender.attach(port1)
    return { sender, port2 }
  }

  test('a thousand items arrive, the last credit and the end included', async () => {
    const { sender, port2 } = open()
    const all = lastValueFrom(new PortReceiver<Uint8Array>(port2).messages.pipe(toArray()))
    for (let i = 0; i < 1000; i++) sender.offer(Uint8Array.of(i & 255))
    await sender.close()
    expect((await all).map(item => item[0])).toEqual(
      Array.from({ length: 1000 }, (_, i) => i & 255),
    )
    expect(sender.counters).toMatchObject({ acknowledged: 1000, inFlight: 0, lostInFlight: 0 })
  })

  test('a close with nothing held still completes the stream', async () => {
    const { sender, port2 } = open()
    const all = lastValueFrom(new PortReceiver<Uint8Array>(port2).messages.pipe(toArray()))
    await sender.close()
    expect(await all).toEqual([])
  })

  test('what transferOf names is moved', async () => {
    const { sender, port2 } = open({ transferOf: item => [item.buffer as ArrayBuffer] })
    const first = firstValueFrom(new PortReceiver<Uint8Array>(port2).messages.pipe(take(1)))
    const item = Uint8Array.of(7, 8)
    sender.offer(item)
    expect(await first).toEqual(Uint8Array.of(7, 8))
    expect(item.byteLength).toBe(0)
    sender.detach()
  })

  test('slow asynchronous handling holds no more than the window', async () => {
    const { sender, port2 } = open({ window: { countMax: 3, bytesMax: 1e6 } })
    const receiver = new PortReceiver<Uint8Array>(port2, { acknowledge: 'manual' })
    let most = 0
    const done = lastValueFrom(
      receiver.messages.pipe(
        concatMap(async item => {
          const { received, handled } = receiver.counters
          most = Math.max(most, received - handled)
          await new Promise(resolve => setImmediate(resolve))
          return item
        }),
        tap(() => receiver.acknowledge()),
        toArray(),
      ),
    )
    for (let i = 0; i < 50; i++) sender.offer(Uint8Array.of(i))
    await sender.close()
    expect(await done).toHaveLength(50)
    expect(most).toBe(3)
  })
})
