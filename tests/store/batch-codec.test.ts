import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { crc32 } from '../../src/base/checksum.ts'
import {
  BATCH_HEADER_BYTES,
  openBatch,
  previousCrcOf,
  sealBatch,
} from '../../src/store/batch-codec.ts'
import {
  episodeKey,
  nameKey,
  readEpisodeKey,
  readNameKey,
  readSeqKey,
  seqKey,
} from '../../src/store/keys.ts'
import { seal, sealInto, unseal } from '../../src/store/sealed-value.ts'

const bytes = fc.uint8Array({ maxLength: 400 })

const header = fc.record({
  firstSeq: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  count: fc.integer({ min: 1, max: 4096 }),
  epoch: fc.integer({ min: 1, max: 0xffff_ffff }),
  firstTime: fc.double({ noNaN: true }),
  lastTime: fc.double({ noNaN: true }),
  previousCrc: fc.integer({ min: 0, max: 0xffff_ffff }),
})

function sealed(fields: Parameters<typeof sealBatch>[1], records: Uint8Array): Uint8Array {
  const value = new Uint8Array(BATCH_HEADER_BYTES + records.byteLength).fill(0xaa)
  value.set(records, BATCH_HEADER_BYTES)
  sealBatch(value, fields)
  return value
}

describe('batches as bytes', () => {
  test('what was sealed opens as it was, and the chain holds', () => {
    fc.assert(
      fc.property(header, bytes, (fields, records) => {
        const { crc, ...batch } = openBatch(fields.firstSeq, sealed(fields, records))
        expect(batch).toEqual({ ...fields, records })
        expect(crc).toBe(sealBatch(sealed(fields, records), fields))
      }),
    )
  })

  test('P6 every flipped bit and every truncation is noticed', () => {
    fc.assert(
      fc.property(header, bytes, fc.nat(), fc.nat(7), (fields, records, at, bit) => {
        const value = sealed(fields, records)
        const flipped = value.slice()
        const index = at % value.byteLength
        flipped[index] = flipped[index]! ^ (1 << bit)
        const corrupt = expect.objectContaining({ code: 'LOG_CORRUPT' })
        expect(() => openBatch(fields.firstSeq, flipped)).toThrow(corrupt)
        expect(() => openBatch(fields.firstSeq, value.subarray(0, index))).toThrow(corrupt)
        expect(() => openBatch(fields.firstSeq + 1, value)).toThrow(corrupt)
      }),
    )
  })

  test('a batch of a future format is told apart from damage', () => {
    const fields = { firstSeq: 1, count: 1, epoch: 1, firstTime: 0, lastTime: 0, previousCrc: 0 }
    const value = sealed(fields, new Uint8Array(16))
    const future = sealFuture(value)
    expect(() => openBatch(1, future)).toThrow(expect.objectContaining({ code: 'LOG_VERSION' }))
  })

  test('P6 what is whole and says another thing than it should is damage', () => {
    const fields = { firstSeq: 7, count: 1, epoch: 1, firstTime: 0, lastTime: 0, previousCrc: 9 }
    const changed = (change: (view: DataView) => void): Uint8Array => {
      const value = sealed(fields, new Uint8Array(16))
      const view = new DataView(value.buffer)
      change(view)
      view.setUint32(48, crc32(value.subarray(52), crc32(value.subarray(0, 48))), true)
      return value
    }
    const cases: readonly (readonly [Uint8Array, string])[] = [
      [new Uint8Array(55), '55 B are too short'],
      [changed(view => view.setUint32(0, 1, true)), 'expected magic 826426194, found 1'],
      [changed(view => view.setUint32(8, 8, true)), 'its header says 8'],
      [changed(view => view.setUint32(40, 15, true)), 'expected 71 B, found 72'],
      [sealed(fields, new Uint8Array(16)).fill(1, 71), 'expected checksum'],
    ]
    for (const [value, message] of cases) {
      expect(() => openBatch(7, value)).toThrow(
        expect.objectContaining({
          code: 'LOG_CORRUPT',
          message: expect.stringContaining(`batch of event 7: ${message}`),
        }),
      )
    }
    expect(
      openBatch(
        7,
        changed(() => {}),
      ).previousCrc,
    ).toBe(9)
    expect(previousCrcOf(changed(() => {}))).toBe(9)
    expect(previousCrcOf(new Uint8Array(56))).toBe(0)
    expect(previousCrcOf(new Uint8Array(55))).toBe(undefined)
  })

  test('what is no number of an event or of an episode, and no name, has no key', () => {
    for (const wrong of [-1, 0.5, 2 ** 53]) expect(() => seqKey(wrong)).toThrow(/53-bit/)
    for (const wrong of [-1, 0.5, 2 ** 32]) expect(() => episodeKey(wrong)).toThrow(/32-bit/)
    expect(readSeqKey(seqKey(0))).toBe(0)
    for (const name of ['a', 'ä'.repeat(250)]) expect(readNameKey(nameKey(name))).toBe(name)
    expect(() => nameKey('')).toThrow(/1 to 500 bytes, found 0/)
    expect(() => nameKey('ä'.repeat(251))).toThrow(/found 502/)
  })

  test('P6 a value that is shorter than its seal is damage, and a seal has room', () => {
    expect(() => unseal(seqKey(7), new Uint8Array(3), 'row 7')).toThrow(
      expect.objectContaining({ code: 'LOG_CORRUPT', message: 'row 7: 3 B are too short' }),
    )
    expect(unseal(seqKey(7), seal(seqKey(7), new Uint8Array()), 'row 7')).toEqual(new Uint8Array())
    expect(() => unseal(seqKey(7), new Uint8Array(4), 'row 7')).toThrow(/row 7: expected checksum/)
    expect(() => sealInto(new Uint8Array(4), seqKey(7), new Uint8Array(1), 0)).toThrow(/a seal/)
  })

  test('keys sort as their numbers do', () => {
    const seq = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
    fc.assert(
      fc.property(seq, seq, (a, b) => {
        expect(readSeqKey(seqKey(a))).toBe(a)
        expect(Math.sign(Buffer.compare(seqKey(a), seqKey(b)))).toBe(Math.sign(a - b))
      }),
    )
    expect(readEpisodeKey(episodeKey(0xffff_ffff))).toBe(0xffff_ffff)
    expect(Buffer.compare(episodeKey(255), episodeKey(256))).toBe(-1)
  })

  test('P6 a sealed value is whole, under its own key only', () => {
    fc.assert(
      fc.property(bytes, fc.nat(), fc.nat(7), (value, at, bit) => {
        const key = seqKey(7)
        const stored = seal(key, value)
        expect(unseal(key, stored, 'value')).toEqual(value)
        const room = new Uint8Array(stored.byteLength + 3).subarray(3)
        expect(sealInto(room, key, value, crc32(value))).toEqual(stored)
        const corrupt = expect.objectContaining({ code: 'LOG_CORRUPT' })
        expect(() => unseal(seqKey(8), stored, 'value')).toThrow(corrupt)
        stored[at % stored.byteLength]! ^= 1 << bit
        expect(() => unseal(key, stored, 'value')).toThrow(corrupt)
      }),
    )
  })
})

// Format 2 with a right checksum: what a later Rollcast would have written.
function sealFuture(value: Uint8Array): Uint8Array {
  const future = value.slice()
  const view = new DataView(future.buffer)
  view.setUint16(4, 2, true)
  const crc = crc32(future.subarray(52), crc32(future.subarray(0, 48)))
  view.setUint32(48, crc, true)
  return future
}
