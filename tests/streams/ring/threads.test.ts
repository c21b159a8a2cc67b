// A ring between real threads: checksums over many records, wake-ups, and waits for room.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { afterEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/base/clock.ts'
import { createRing, declareConsumerGone } from '../../../src/streams/ring/layout.ts'
import { RingReader } from '../../../src/streams/ring/reader.ts'
import { RingWriter } from '../../../src/streams/ring/writer.ts'
import { byteOf, lengthOf, type RingThreadTask } from './ring.thread.ts'

const failures: unknown[] = []

function start(task: RingThreadTask): { readonly ended: Promise<unknown> } {
  const worker = new Worker(new URL('./ring.thread.ts', import.meta.url), { workerData: task })
  worker.on('error', error => failures.push(error))
  return { ended: once(worker, 'exit') }
}

afterEach(() => {
  expect(failures.splice(0)).toEqual([])
})

const WAIT_MILLIS = 20_000

describe('between threads', () => {
  test('C5 a hundred thousand records arrive in order and unchanged', async () => {
    const records = 100_000
    // Begins close to the wrap of the 32-bit words, and passes it under load.
    const startPosition = 2 ** 32 - 2 ** 20
    const buffer = createRing({ capacityBytes: 1 << 15, ringId: 1, startPosition })
    const reader = new RingReader(buffer)
    const { ended } = start({ run: 'produce', buffer, records })
    let next = 0
    let wrong = 0
    while (next < records) {
      if ((await reader.waitForData(WAIT_MILLIS)) === 'timeout') break
      while (reader.read()) {
        if (reader.tag !== next || reader.lengthBytes !== lengthOf(next)) wrong++
        for (let at = 0; at < reader.lengthBytes; at++) {
          if (reader.bytes[reader.byteOffset + at] !== byteOf(next, at)) wrong++
        }
        next++
      }
      reader.release(reader.position)
    }
    expect({ next, wrong }).toEqual({ next: records, wrong: 0 })
    await ended
    expect(reader.producerClosed).toBe(true)
    expect(reader.releasedPosition).toBeGreaterThan(2 ** 32)
  })

  test.each(['async', 'sync'])('L7 no wake-up is lost in thousands of sleeps (%s)', async how => {
    const rounds = 5000
    const buffer = createRing({ capacityBytes: 1024, ringId: 1 })
    const reader = new RingReader(buffer)
    const { ended } = start({ run: 'produceInBursts', buffer, rounds })
    let seen = 0
    while (seen < rounds) {
      const woken =
        how === 'async'
          ? await reader.waitForData(WAIT_MILLIS)
          : reader.waitForDataSync(WAIT_MILLIS)
      if (woken === 'timeout') break
      while (reader.read()) seen++
      reader.release(reader.position)
    }
    expect(seen).toBe(rounds)
    await ended
  })

  test('a writer waits until what it wrote is released, blocking and not', async () => {
    const buffer = createRing({ capacityBytes: 1024, ringId: 1 })
    const writer = new RingWriter(buffer, systemClock)
    writer.claim(8)
    writer.commit(1)
    expect(writer.waitReleased(writer.position, 1)).toBe(false)
    const first = start({ run: 'release', buffer, delayMillis: 20 })
    expect(writer.waitReleased(writer.position, WAIT_MILLIS)).toBe(true)
    await first.ended
    writer.claim(8)
    writer.commit(2)
    expect(await writer.waitReleasedAsync(writer.position, 1)).toBe(false)
    const second = start({ run: 'release', buffer, delayMillis: 20 })
    expect(await writer.waitReleasedAsync(writer.position, WAIT_MILLIS)).toBe(true)
    await second.ended
  })

  test('a writer that waits gives up when the consumer is declared gone', async () => {
    const buffer = createRing({ capacityBytes: 1024, ringId: 1 })
    const writer = new RingWriter(buffer, systemClock)
    writer.claim(8)
    writer.commit(1)
    const waiting = writer.waitReleasedAsync(writer.position, WAIT_MILLIS)
    declareConsumerGone(buffer)
    expect(await waiting).toBe(false)
    expect(writer.waitReleased(writer.position, WAIT_MILLIS)).toBe(false)
    new RingReader(buffer)
    expect(writer.consumerExpected).toBe(true)
  })

  test('a wait for data that nobody ends times out', async () => {
    const reader = new RingReader(createRing({ capacityBytes: 1024, ringId: 1 }))
    expect(await reader.waitForData(5)).toBe('timeout')
    expect(reader.waitForDataSync(5)).toBe('timeout')
  })
})
