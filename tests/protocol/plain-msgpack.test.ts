import fc from 'fast-check'
import { Packr } from 'msgpackr'
import { describe, expect, test } from 'vitest'
import { isPlainMsgpack } from '../../src/protocol/plain-msgpack.ts'
import { unpackMessage } from '../../src/protocol/viewer-encoding.ts'

const packr = new Packr({ useRecords: false, variableMapSize: true })
const clone = new Packr({ structuredClone: true })
const records = new Packr({ useRecords: true })

/** Extensions of every width, binary data of every width, and the byte that means nothing. */
const notPlain = [
  ...[[0xd4], [0xd5], [0xd6], [0xd7], [0xd8]],
  ...[
    [0xc7, 1],
    [0xc8, 0, 1],
    [0xc9, 0, 0, 0, 1],
  ],
  ...[
    [0xc4, 1],
    [0xc5, 0, 1],
    [0xc6, 0, 0, 0, 1],
  ],
  [0xc1],
]

/** Strings and numbers of every width that MessagePack has for them. */
const widths = [0, 1, 31, 32, 255, 256, 65_535, 65_536]
const integers = [0, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1]

describe('P13 plain MessagePack', () => {
  test('has any tree of JSON in it, whatever the bytes of its strings and numbers are', () => {
    const tree = fc.oneof(fc.jsonValue({ stringUnit: 'binary' }), fc.double(), fc.maxSafeInteger())
    fc.assert(
      fc.property(tree, value => {
        expect(isPlainMsgpack(packr.pack(value))).toBe(true)
      }),
    )
    const wide = [
      ...widths.map(count => 'Ç'.repeat(count)),
      ...widths.map(count => Array.from({ length: count }, () => 1)),
      ...widths.map(count =>
        Object.fromEntries(Array.from({ length: count }, (_, i) => [i, null])),
      ),
      ...integers.flatMap(one => [one, -one, one + 0.5]),
    ]
    for (const value of wide) expect(isPlainMsgpack(packr.pack([value, true]))).toBe(true)
  })

  test('has no extension and no binary data in it, wherever they stand', () => {
    for (const bytes of notPlain) {
      const tail = [...bytes, 0, 0, 0]
      const places = [
        tail,
        [0x92, 1, ...tail],
        [0x81, 0xa1, 97, ...tail],
        [0x81, ...tail],
        [0xdc, 0, 2, 0xd9, 1, 0xff, ...tail],
        [0xdf, 0, 0, 0, 1, 0xda, 0, 1, 0xd4, ...tail],
        [0x92, 0xcb, ...Array.from({ length: 8 }, () => 0xd4), ...tail],
      ]
      for (const place of places)
        expect([place, isPlainMsgpack(Uint8Array.from(place))]).toEqual([place, false])
    }
  })

  test('nothing of what msgpackr adds to it is read', () => {
    const shared = { a: 1 }
    const added = [
      ...[new Date(0), new Set([1]), /a/, new Error('a'), new Map([[1, 2]])].map(one => ({ one })),
      ...[Uint8Array.of(1), new Float64Array(1), 2n ** 70n, undefined].map(one => ({ one })),
      { shared, again: shared },
    ]
    for (const value of added) {
      expect(() => unpackMessage(clone.pack(value))).toThrow('expected plain MessagePack')
    }
    expect(() => unpackMessage(records.pack({ a: 1 }))).toThrow('expected plain MessagePack')
  })

  test('what is cut short says nothing else than its start does', () => {
    const bytes = packr.pack({ type: 'ping', list: ['Ç'.repeat(300), -1, 1.5, { deep: [true] }] })
    for (let end = 0; end <= bytes.length; end++) {
      expect(isPlainMsgpack(bytes.subarray(0, end))).toBe(true)
      if (end < bytes.length) expect(() => unpackMessage(bytes.subarray(0, end))).toThrow()
    }
  })
})
