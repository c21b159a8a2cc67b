import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { jsonText, snakeCase } from '../../src/cli/json-text.ts'

describe('JSON of the command line', () => {
  test('carries what JSON cannot, in a form that is written down', () => {
    const value = {
      numbers: [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0.1],
      big: 2n ** 64n,
      bytes: new Uint8Array([1, 2, 255]),
      buffer: Buffer.from('hi'),
      floats: new Float32Array([0.5, Number.NaN]),
      set: new Set([1, Number.NaN]),
      map: new Map([['a', Number.NaN]]),
    }
    expect(JSON.parse(jsonText(value))).toEqual({
      numbers: ['NaN', 'Infinity', '-Infinity', 0.1],
      big: '18446744073709551616',
      bytes: 'AQL/',
      buffer: 'aGk=',
      floats: [0.5, 'NaN'],
      set: [1, 'NaN'],
      map: { a: 'NaN' },
    })
  })

  test('is one line that parses back to what went in, whatever went in', () => {
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        const text = jsonText(value)
        expect(text).not.toContain('\n')
        expect(text).toBe(JSON.stringify(value))
      }),
    )
  })

  test('renames our own fields and nothing inside them', () => {
    const row = { firstSeq: 1, meters: { bloodSugar: 2 }, crc: 3 }
    expect(snakeCase(row)).toEqual({ first_seq: 1, meters: { bloodSugar: 2 }, crc: 3 })
  })
})
