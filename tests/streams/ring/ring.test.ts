// One ring, both ends in this thread, against a model: what was committed comes out once, in
// order, unchanged, and its room comes back only by release.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/base/clock.ts'
import { RollcastError } from '../../../src/base/errors.ts'
import { createRing, openRing, recordBytes } from '../../../src/streams/ring/layout.ts'
import { fenceReader, RingReader } from '../../../src/streams/ring/reader.ts'
import { RingWriter } from '../../../src/streams/ring/writer.ts'

const CAPACITY = 1024
const PAYLOAD_MAX = CAPACITY / 4

/** Positions where something happens: zero, and a little before the words and their halves wrap. */
const startPositions = [0, 2 ** 31 - 512, 2 ** 32 - 512, 2 ** 40 + 2 ** 31 - 512]

const ring = (startPosition = 0) =>
  createRing({ capacityBytes: CAPACITY, ringId: 0xfeed_beef, startPosition })

/** Writes one record whose bytes all follow from its tag; false when the ring is full. */
function write(writer: RingWriter, tag: number, lengthBytes: number): boolean {
  const offset = writer.claim(lengthBytes)
  if (offset < 0) return false
  for (let i = 0; i < lengthBytes; i++) writer.bytes[offset + i] = tag + i
  writer.commit(tag)
  return true
}

function expectRecord(reader: RingReader, tag: number, lengthBytes: number): void {
  expect({ tag: reader.tag, lengthBytes: reader.lengthBytes }).toEqual({ tag, lengthBytes })
  expect(reader.byteOffset % 8).toBe(0)
  for (let i = 0; i < lengthBytes; i++) {
    if (reader.bytes[reader.byteOffset + i] !== ((tag + i) & 255)) {
      expect.fail(`byte ${i} of record ${tag}`)
    }
  }
}

type Step =
  | { readonly do: 'write'; readonly lengthBytes: number }
  | { readonly do: 'abort'; readonly lengthBytes: number }
  | { readonly do: 'die'; readonly lengthBytes: number }
  | { readonly do: 'read'; readonly count: number }
  | { readonly do: 'release'; readonly fraction: number }
  | { readonly do: 'restartReader'; readonly fraction: number }

const lengthBytes = fc.integer({ min: 1, max: PAYLOAD_MAX })
const fraction = fc.double({ min: 0, max: 1, noNaN: true })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('write' as const), lengthBytes }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('abort' as const), lengthBytes }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('die' as const), lengthBytes }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('read' as const), count: fc.nat(4) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('release' as const), fraction }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restartReader' as const), fraction }) },
)

describe.each(startPositions)('a ring that begins at position %i', startPosition => {
  test('C5 C6 agrees with its model under any order of calls, deaths and restarts', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), script => {
        const buffer = ring(startPosition)
        let writer = new RingWriter(buffer, systemClock)
        let reader = new RingReader(buffer)
        let tag = 0
        /** Committed and not released; `end` is known once it was read. */
        let held: { tag: number; lengthBytes: number; end: number }[] = []
        let cursor = 0
        const pick = (fraction: number): number => Math.floor(fraction * cursor)
        for (const now of script) {
          if (now.do === 'write') {
            const used = writer.position - writer.releasedPosition
            const room = writer.hasRoom(now.lengthBytes)
            expect(write(writer, tag, now.lengthBytes)).toBe(room)
            if (room) held.push({ tag: tag++, lengthBytes: now.lengthBytes, end: -1 })
            else expect(used + 2 * recordBytes(now.lengthBytes)).toBeGreaterThan(CAPACITY)
          } else if (now.do === 'abort') {
            writer.claim(now.lengthBytes)
          } else if (now.do === 'die') {
            const offset = writer.claim(now.lengthBytes)
            if (offset >= 0) writer.bytes.fill(0xff, offset, offset + now.lengthBytes)
            writer = new RingWriter(buffer, systemClock)
          } else if (now.do === 'read') {
            for (let i = 0; i < now.count; i++) {
              const next = held[cursor]
              expect(reader.read()).toBe(next !== undefined)
              if (next === undefined) break
              expectRecord(reader, next.tag, next.lengthBytes)
              next.end = reader.position
              cursor++
            }
          } else if (now.do === 'release') {
            const count = pick(now.fraction)
            if (count > 0) reader.release(held[count - 1]!.end)
            held = held.slice(count)
            cursor -= count
          } else {
            // A successor goes on after what its predecessor made durable, released or not.
            const count = pick(now.fraction)
            reader = new RingReader(
              buffer,
              count > 0 ? { startPosition: held[count - 1]!.end } : {},
            )
            held = held.slice(count)
            cursor = 0
          }
          expect(reader.hasData()).toBe(cursor < held.length)
          expect(writer.releasedPosition).toBe(reader.releasedPosition)
          expect(writer.position - reader.releasedPosition).toBeLessThanOrEqual(CAPACITY)
        }
        for (const next of held.slice(cursor)) {
          expect(reader.read()).toBe(true)
          expectRecord(reader, next.tag, next.lengthBytes)
        }
        expect(reader.read()).toBe(false)
        expect(reader.position).toBe(writer.position)
      }),
      { numRuns: 60 },
    )
  })
})

describe('a ring', () => {
  test('takes payloads from one byte to a quarter of its capacity, and no others', () => {
    const writer = new RingWriter(ring(), systemClock)
    expect(writer.payloadBytesMax).toBe(PAYLOAD_MAX)
    expect(writer.claim(1)).toBeGreaterThan(0)
    expect(writer.claim(PAYLOAD_MAX)).toBeGreaterThan(0)
    for (const wrong of [0, -8, PAYLOAD_MAX + 1, 1.5, Number.NaN]) {
      expect(() => writer.claim(wrong)).toThrow(/claim/)
    }
  })

  test('has room for its largest record wherever an empty ring stands', () => {
    for (let position = 0; position < CAPACITY; position += 8) {
      const writer = new RingWriter(ring(position), systemClock)
      expect(writer.claim(PAYLOAD_MAX)).toBeGreaterThan(0)
    }
  })

  test('can be viewed in words, floats and bytes at the offset of a claim', () => {
    const buffer = ring()
    const writer = new RingWriter(buffer, systemClock)
    const offset = writer.claim(24)
    writer.floats[offset >> 3] = Math.PI
    writer.words[(offset + 8) >> 2] = -7
    writer.bytes[offset + 23] = 255
    writer.commit(-1)
    const reader = new RingReader(buffer)
    expect(reader.read()).toBe(true)
    expect(reader.tag).toBe(-1)
    expect(reader.floats[reader.byteOffset >> 3]).toBe(Math.PI)
    expect(reader.words[(reader.byteOffset + 8) >> 2]).toBe(-7)
    expect(reader.bytes[reader.byteOffset + 23]).toBe(255)
  })

  test('refuses a commit without a claim, and a second commit of one claim', () => {
    const writer = new RingWriter(ring(), systemClock)
    expect(() => writer.commit(1)).toThrow(/without a claim/)
    writer.claim(8)
    writer.commit(1)
    expect(() => writer.commit(1)).toThrow(/without a claim/)
    writer.claim(8)
    writer.close()
    expect(() => writer.commit(1)).toThrow(/without a claim/)
  })

  test('C6 shows nothing of a claim whose writer died, even across the wrap', () => {
    const buffer = ring(CAPACITY - 16)
    const dead = new RingWriter(buffer, systemClock)
    dead.bytes.fill(0xaa, dead.claim(100), 500)
    const reader = new RingReader(buffer)
    expect(reader.read()).toBe(false)
    const writer = new RingWriter(buffer, systemClock)
    expect(writer.position).toBe(CAPACITY - 16)
    write(writer, 3, 5)
    expect(reader.read()).toBe(true)
    expectRecord(reader, 3, 5)
  })

  test('does not give room back before release', () => {
    const buffer = ring()
    const writer = new RingWriter(buffer, systemClock)
    const reader = new RingReader(buffer)
    let written = 0
    while (write(writer, written, 56)) written++
    expect(written).toBe(CAPACITY / 64)
    reader.read()
    const first = reader.position
    while (reader.read()) {}
    expect(write(writer, 0, 56)).toBe(false)
    reader.release(first)
    expect(write(writer, 0, 56)).toBe(true)
    expect(write(writer, 0, 56)).toBe(false)
  })

  test('refuses to release what was not read, or is released already', () => {
    const buffer = ring()
    const writer = new RingWriter(buffer, systemClock)
    const reader = new RingReader(buffer)
    write(writer, 0, 8)
    write(writer, 1, 8)
    reader.read()
    const first = reader.position
    expect(() => reader.release(first + 16)).toThrow(/release/)
    expect(() => reader.release(first - 4)).toThrow(/release/)
    reader.release(first)
    expect(() => reader.release(0)).toThrow(/release/)
  })

  test('a reader that was replaced can release nothing any more', () => {
    const buffer = ring()
    const writer = new RingWriter(buffer, systemClock)
    const old = new RingReader(buffer)
    write(writer, 0, 8)
    old.read()
    new RingReader(buffer)
    expect(() => old.release(old.position)).toThrow(RollcastError)
    expect(writer.releasedPosition).toBe(0)
  })

  test('S4: a reader that was fenced gives back and discards nothing, and the next finds it all', () => {
    const buffer = ring()
    const writer = new RingWriter(buffer, systemClock)
    const hung = new RingReader(buffer)
    write(writer, 0, 8)
    hung.read()
    hung.checkOwner()
    fenceReader(buffer)
    expect(() => hung.checkOwner()).toThrow(RollcastError)
    expect(() => hung.release(hung.position)).toThrow(RollcastError)
    expect(() => hung.discard(hung.position)).toThrow(RollcastError)
    expect([writer.releasedPosition, writer.discarded]).toEqual([0, false])
    const next = new RingReader(buffer)
    expect(next.read()).toBe(true)
    next.release(next.position)
    expect(writer.releasedPosition).toBe(writer.position)
  })

  test('finds the tail when its reader died between the two words of it', () => {
    const start = 2 ** 33 + 2 ** 31 - 64
    const buffer = ring(start)
    const writer = new RingWriter(buffer, systemClock)
    const reader = new RingReader(buffer)
    for (let tag = 0; tag < 4; tag++) write(writer, tag, 40)
    while (reader.read()) {}
    const { words } = openRing(buffer)
    words[32] = reader.position | 0
    expect(reader.position).toBeGreaterThan(2 ** 33 + 2 ** 31)
    expect(new RingReader(buffer).position).toBe(reader.position)
    expect(new RingWriter(buffer, systemClock).position).toBe(reader.position)
  })

  test.each([-8, 4, 24, 2 ** 32, Number.NaN])('a reader cannot start at %d', startPosition => {
    const buffer = ring(8)
    write(new RingWriter(buffer, systemClock), 0, 4)
    expect(() => new RingReader(buffer, { startPosition: startPosition + 8 })).toThrow(
      expect.objectContaining({
        code: 'BAD_INPUT',
        message: expect.stringContaining('is not within 8 to 24'),
      }),
    )
  })

  test('C6 a reader that starts behind the tail gives back what lies before', () => {
    const buffer = ring()
    const writer = new RingWriter(buffer, systemClock)
    write(writer, 1, 8)
    write(writer, 2, 8)
    const reader = new RingReader(buffer, { startPosition: 16 })
    expect(writer.releasedPosition).toBe(16)
    reader.read()
    expectRecord(reader, 2, 8)
  })

  test.each([
    ['0 bytes', 0, 0, /a record of 0 bytes, 48 before the head/],
    ['more than a record may have', 0, 257, /a record of 257 bytes/],
    ['more than was written', 0, 48, /a record of 48 bytes, 48 before the head/],
    ['padding before the end', 0, -8, /padding of 8 bytes, 1024 before the end/],
    ['padding with nothing behind it', 1000, -24, /padding without a record after it/],
  ])('a reader goes no further where the words say %s', (_, position, length, message) => {
    const buffer = ring(position)
    const writer = new RingWriter(buffer, systemClock)
    if (position === 0) for (let tag = 0; tag < 3; tag++) write(writer, tag, 8)
    else write(writer, 0, 16)
    writer.words[(320 + position) >> 2] = length
    expect(() => new RingReader(buffer).read()).toThrow(message)
  })

  test('P7 C6 tells its writer for ever that records were discarded, whoever reads next', () => {
    const buffer = ring()
    const writer = new RingWriter(buffer, systemClock)
    write(writer, 1, 8)
    write(writer, 2, 8)
    const reader = new RingReader(buffer)
    reader.read()
    reader.release(reader.position)
    expect(writer.waitReleased(writer.releasedPosition, 0)).toBe(true)
    reader.read()
    reader.discard(reader.position)
    expect(writer.releasedPosition).toBe(writer.position)
    expect(writer.waitReleased(writer.position, 0)).toBe(false)
    new RingReader(buffer)
    expect(writer.discarded).toBe(true)
  })

  test('tells its reader that the writer has closed', () => {
    const buffer = ring()
    const writer = new RingWriter(buffer, systemClock)
    const reader = new RingReader(buffer)
    expect(reader.producerClosed).toBe(false)
    writer.close()
    expect(reader.producerClosed).toBe(true)
    expect(reader.waitForDataSync(10_000)).toBe('timeout')
    new RingWriter(buffer, systemClock)
    expect(reader.producerClosed).toBe(false)
  })
})

describe('attaching', () => {
  const broken = (change: (words: Int32Array) => void): SharedArrayBuffer => {
    const buffer = ring()
    change(new Int32Array(buffer))
    return buffer
  }

  test.each<[string, SharedArrayBuffer, RegExp]>([
    ['too small', new SharedArrayBuffer(64), /64 bytes are not a ring's size/],
    ['not in words', new SharedArrayBuffer(2052), /2052 bytes are not a ring's size/],
    ['empty memory', new SharedArrayBuffer(4096), /expected magic .* found 0/],
    ['another version', broken(words => words.fill(2, 1, 2)), /expected version 1, found 2/],
    ['another size', broken(words => words.fill(2048, 2, 3)), /capacity 2048 does not agree/],
  ])('refuses what is not a ring of ours: %s', (_what, buffer, message) => {
    for (const attach of [
      () => new RingReader(buffer),
      () => new RingWriter(buffer, systemClock),
    ]) {
      expect(attach).toThrow(message)
      expect(attach).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }))
    }
  })

  test('gives the ring id back as it was given', () => {
    expect(openRing(ring()).ringId).toBe(0xfeed_beef)
  })

  test.each([1000, 512, 2 ** 31])('a ring of %d bytes cannot be made', capacityBytes => {
    expect(() => createRing({ capacityBytes, ringId: 0 })).toThrow(/power of two/)
  })

  test.each([-8, 4, 2 ** 53, Number.NaN])('a ring cannot begin at %d', startPosition => {
    expect(() => ring(startPosition)).toThrow(/expected a multiple of 8/)
  })
})
