import { describe, expect, test } from 'vitest'
import { FactLine } from '../../src/actors/fact-line.ts'
import { SimulatedClock } from '../../src/base/clock.ts'
import { encodeEvent } from '../../src/protocol/codec.ts'
import type { FactBatch } from '../../src/protocol/thread-messages.ts'
import { PortSender } from '../../src/streams/port.ts'
import { metric } from '../store/records.ts'
import { type FakePort, fakePortPair } from '../streams/fake-ports.ts'
import { turns } from './fake-endpoint.ts'

const fact = (value: number): Uint8Array => encodeEvent(metric(value), 0)

function open(countMax = 8) {
  const sender = new PortSender<FactBatch>(
    { name: 'x.facts', policy: { kind: 'block' }, countMax, bytesMax: 10_000 },
    { clock: new SimulatedClock(), sizeOf: FactLine.sizeOf, redeliver: true },
  )
  return { sender, line: new FactLine(sender, 'aggregator') }
}

/** Delivers to the far end what was posted to it; returns the batches and credits them. */
async function receive(port: FakePort): Promise<FactBatch[]> {
  const batches: FactBatch[] = []
  port.on('message', message => {
    const { kind, epoch, items } = message as { kind: string; epoch: number; items: FactBatch[] }
    if (kind !== 'items') return
    batches.push(...items)
    port.postMessage({ kind: 'credit', epoch, count: items.length })
  })
  await turns()
  while (port.deliver()) await turns(1)
  return batches
}

describe('a line of facts', () => {
  test('hands in what was kept, together, with the cursor that it accounts for', async () => {
    const { sender, line } = open()
    expect(line.empty).toBe(true)
    line.add(fact(1))
    line.add(fact(2))
    expect(line.empty).toBe(false)
    const rows = [{ episode: 3, bytes: new Uint8Array([1]) }]
    const snapshot = { name: 's', version: 1, position: 9, bytes: new Uint8Array([2, 3]) }
    await line.handIn(9, { rows, snapshot })
    expect(line.empty).toBe(true)
    await line.handIn(10)
    const [near, far] = fakePortPair()
    sender.attach(near)
    const records = new Uint8Array(Buffer.concat([fact(1), fact(2)]))
    expect(await receive(far)).toEqual([
      { producer: 'aggregator', position: 9, after: 0, records, count: 2, rows, snapshot },
      { producer: 'aggregator', position: 10, after: 9, records: new Uint8Array(), count: 0 },
    ])
  })

  test('carries its own bytes and not the buffer behind them', async () => {
    const { sender, line } = open()
    line.add(fact(1))
    await line.handIn(1)
    const [near, far] = fakePortPair()
    sender.attach(near)
    const [batch] = await receive(far)
    expect(batch?.records.buffer.byteLength).toBe(fact(1).byteLength)
  })

  test('waits while the channel is full, and loses nothing: order stays', async () => {
    const { sender, line } = open(2)
    const [near, far] = fakePortPair()
    const handedIn: number[] = []
    const all = (async () => {
      for (let position = 1; position <= 9; position++) {
        line.add(fact(position))
        await line.handIn(position)
        handedIn.push(position)
      }
    })()
    await turns()
    expect(handedIn).toEqual([1, 2])
    sender.attach(near)
    const batches = await receive(far)
    await turns()
    while (far.deliver() || near.deliver()) await turns(1)
    await all
    await turns()
    while (far.deliver()) await turns(1)
    expect(batches.map(batch => batch.position)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  test('sends again what a receiver that has gone had not made durable', async () => {
    const { sender, line } = open()
    const [first, gone] = fakePortPair()
    sender.attach(first)
    await line.handIn(1)
    await line.handIn(2)
    await turns()
    expect(gone.waiting).toBeGreaterThan(0)
    const [second, next] = fakePortPair()
    sender.attach(second)
    expect((await receive(next)).map(batch => batch.position)).toEqual([1, 2])
  })

  test('A3 asks the log where an earlier life ended only when what that handed in is durable', async () => {
    const { sender, line } = open()
    const [near, far] = fakePortPair()
    sender.attach(near)
    let opened: number | undefined
    void line
      .open(() => 7)
      .then(position => {
        opened = position
      })
    await turns()
    expect(opened).toBeUndefined()
    const nothing = { producer: 'aggregator', position: 0, records: new Uint8Array(), count: 0 }
    expect(await receive(far)).toEqual([nothing])
    while (near.deliver()) await turns(1)
    await turns()
    expect(opened).toBe(7)
    await line.handIn(9)
    expect(await receive(far)).toMatchObject([{ position: 9, after: 7 }])
  })

  test('is closed when all of it was handled', async () => {
    const { sender, line } = open()
    const [near, far] = fakePortPair()
    sender.attach(near)
    await line.handIn(1)
    let closed = false
    void line.close().then(() => {
      closed = true
    })
    await turns()
    expect(closed).toBe(false)
    await receive(far)
    while (near.deliver()) await turns(1)
    await turns()
    expect(closed).toBe(true)
  })

  test('is accounted with all that it carries', () => {
    const bytes = new Uint8Array(100)
    const batch = { producer: 'x', position: 1, records: bytes, count: 1 }
    const rows = [
      { episode: 1, bytes },
      { episode: 2, bytes },
    ]
    const snapshot = { name: 's', version: 1, position: 1, bytes }
    expect(FactLine.sizeOf(batch)).toBeGreaterThanOrEqual(100)
    expect(FactLine.sizeOf({ ...batch, rows, snapshot })).toBeGreaterThanOrEqual(400)
  })
})
