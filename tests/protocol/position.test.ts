import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { comparePositions, origin } from '../../src/protocol/position.ts'

const positions = fc.record({ epoch: fc.nat(5), seq: fc.nat(5) })

describe('positions (invariant 8)', () => {
  test('are ordered by epoch first: a newer epoch`s smaller number stands behind', () => {
    expect(comparePositions({ epoch: 1, seq: 900 }, { epoch: 2, seq: 3 })).toBeLessThan(0)
    expect(comparePositions({ epoch: 2, seq: 4 }, { epoch: 2, seq: 3 })).toBeGreaterThan(0)
  })

  test('are in a total order, with the origin before every event', () => {
    fc.assert(
      fc.property(positions, positions, positions, (a, b, c) => {
        expect(Math.sign(comparePositions(a, b))).toBe(0 - Math.sign(comparePositions(b, a)))
        if (comparePositions(a, b) === 0) expect(a).toEqual(b)
        if (comparePositions(a, b) <= 0 && comparePositions(b, c) <= 0) {
          expect(comparePositions(a, c)).toBeLessThanOrEqual(0)
        }
        expect(comparePositions(origin, { epoch: a.epoch + 1, seq: a.seq })).toBeLessThan(0)
      }),
    )
  })
})
