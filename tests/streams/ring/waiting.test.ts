// Who waits for the other end of a ring, and what ends that: both ends in this thread. Waits are so
// long that a test whose wait nobody ends fails by its own limit.
import { describe, expect, test } from 'vitest'
import { SimulatedClock, systemClock } from '../../../src/base/clock.ts'
import {
  CONSUMER_ASLEEP,
  CONSUMER_AWAKE,
  createRing,
  declareConsumerGone,
  WORD_CONSUMER,
} from '../../../src/streams/ring/layout.ts'
import { countUnread, fenceReader, RingReader } from '../../../src/streams/ring/reader.ts'
import { RingWriter } from '../../../src/streams/ring/writer.ts'

const WAIT_MILLIS = 600_000

function open() {
  const buffer = createRing({ capacityBytes: 1024, ringId: 1 })
  const writer = new RingWriter(buffer, systemClock)
  const reader = new RingReader(buffer)
  /** The position behind the record. */
  const write = (tag: number): number => {
    writer.claim(8)
    writer.commit(tag)
    return writer.position
  }
  return { buffer, writer, reader, write }
}

describe('a reader that sleeps', () => {
  test('L7 is woken by a record, each time', async () => {
    const { reader, write } = open()
    for (let tag = 1; tag <= 3; tag++) {
      const woken = reader.waitForData(WAIT_MILLIS)
      write(tag)
      expect(await woken).toBe('data')
      expect(reader.read()).toBe(true)
      expect(reader.tag).toBe(tag)
    }
  })

  test('says that it sleeps, and that it is awake, whatever woke it', async () => {
    const { reader, write } = open()
    expect(await reader.waitForData(0)).toBe('timeout')
    expect(reader.words[WORD_CONSUMER]).toBe(CONSUMER_AWAKE)
    const woken = reader.waitForData(WAIT_MILLIS)
    expect(reader.words[WORD_CONSUMER]).toBe(CONSUMER_ASLEEP)
    write(1)
    expect(reader.words[WORD_CONSUMER]).toBe(CONSUMER_AWAKE)
    await woken
  })

  test('is woken when the writer closes, and does not sleep after that', async () => {
    const { writer, reader } = open()
    const woken = reader.waitForData(WAIT_MILLIS)
    writer.close()
    expect(await woken).toBe('timeout')
    expect(await reader.waitForData(WAIT_MILLIS)).toBe('timeout')
    expect(reader.waitForDataSync(WAIT_MILLIS)).toBe('timeout')
  })

  test('does not sleep while there is a record', async () => {
    const { reader, write } = open()
    write(1)
    expect(reader.waitForDataSync(WAIT_MILLIS)).toBe('data')
    expect(await reader.waitForData(WAIT_MILLIS)).toBe('data')
  })

  test('S4 does not wait for a ring that another reader has taken', async () => {
    const { buffer, reader } = open()
    new RingReader(buffer)
    await expect(reader.waitForData(WAIT_MILLIS)).rejects.toMatchObject({ code: 'CLOSED' })
    expect(() => reader.waitForDataSync(WAIT_MILLIS)).toThrow(/another reader has taken over/)
  })
})

describe('a writer that waits for its records to be released', () => {
  test('does so until the last of them is', async () => {
    const { writer, reader, write } = open()
    write(1)
    const end = write(2)
    let done = false
    const released = writer.waitReleasedAsync(end, WAIT_MILLIS).finally(() => {
      done = true
    })
    reader.read()
    reader.release(reader.position)
    await new Promise(resolve => setImmediate(resolve))
    expect(done).toBe(false)
    reader.read()
    reader.release(reader.position)
    expect(await released).toBe(true)
    expect(writer.waitReleased(end, WAIT_MILLIS)).toBe(true)
    expect(await writer.waitReleasedAsync(end, 0)).toBe(true)
  })

  test('P7 is told that they were given up', async () => {
    const { writer, reader, write } = open()
    const end = write(1)
    const released = writer.waitReleasedAsync(end, WAIT_MILLIS)
    reader.read()
    reader.discard(reader.position)
    expect(await released).toBe(false)
    expect(await writer.waitReleasedAsync(end, WAIT_MILLIS)).toBe(false)
    expect(writer.waitReleased(end, WAIT_MILLIS)).toBe(false)
  })

  test.each(['the reader closes for good', 'no reader is to come'])(
    'gives up when %s',
    async why => {
      const { buffer, writer, reader, write } = open()
      const end = write(1)
      const released = writer.waitReleasedAsync(end, WAIT_MILLIS)
      if (why === 'no reader is to come') declareConsumerGone(buffer)
      else reader.close()
      expect(await released).toBe(false)
      expect(writer.consumerExpected).toBe(false)
      expect(writer.waitReleased(end, WAIT_MILLIS)).toBe(false)
      expect(await writer.waitReleasedAsync(end, WAIT_MILLIS)).toBe(false)
    },
  )

  test('blocks until then, and no longer', () => {
    const { buffer, reader, write } = open()
    const end = write(1)
    const clock = new SimulatedClock()
    let looks = 0
    const monotonic = (): number => {
      // The reader comes between the first look at the clock and the wait.
      if (++looks === 2 && reader.read()) reader.release(reader.position)
      return 0
    }
    const writer = new RingWriter(buffer, Object.assign(clock, { monotonic }))
    expect(writer.waitReleased(end, WAIT_MILLIS)).toBe(true)
    expect(looks).toBe(2)
    expect(new RingWriter(buffer, systemClock).waitReleased(write(2), 1)).toBe(false)
  })

  test('gives up when its time is over by its own clock', async () => {
    const { buffer, write } = open()
    const end = write(1)
    const clock = new SimulatedClock()
    const writer = new RingWriter(buffer, clock)
    expect(writer.waitReleased(end, 0)).toBe(false)
    expect(await writer.waitReleasedAsync(end, 0)).toBe(false)
    // A millisecond of waiting is one of the machine's; what is left is asked of the clock.
    const late = writer.waitReleasedAsync(end, 1)
    clock.advance(1)
    expect(await late).toBe(false)
  })
})

test('S4: a reader that was fenced cannot say that nobody will come', () => {
  const { buffer, writer, reader } = open()
  fenceReader(buffer)
  expect(() => reader.close()).toThrow(/another reader has taken over/)
  expect(writer.consumerExpected).toBe(true)
})

test('what nobody released is counted, and then nobody is expected', () => {
  const { buffer, writer, reader, write } = open()
  for (let tag = 0; tag < 5; tag++) write(tag)
  reader.read()
  reader.release(reader.position)
  reader.read()
  expect(countUnread(buffer)).toBe(4)
  expect(writer.consumerExpected).toBe(false)
})
