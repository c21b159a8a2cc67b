import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { crc32 } from '../../src/base/checksum.ts'
import { BATCH_HEADER_BYTES, openBatch, sealBatch } from '../../src/store/batch-codec.ts'
import { episodeKey, readEpisodeKey, readSeqKey, seqKey } from '../../src/store/keys.ts'
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
