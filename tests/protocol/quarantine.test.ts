import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isProven, type Span, type Suspicion, suspect } from '../../src/protocol/quarantine.ts'

const event = (place: number): Span => ({ from: place, to: place + 1 })
const blamed = (...spans: Span[]): Suspicion | null =>
  spans.reduce<Suspicion | null>((before, span, i) => suspect(before, span, i), null)

describe('S6: what an actor dies over', () => {
  test('is to blame after three deaths over the same, not after two', () => {
    expect(isProven(blamed(event(7), event(7))!)).toBe(false)
    expect(isProven(blamed(event(7), event(7), event(7))!)).toBe(true)
  })

  test('is another matter when it died of something else in between', () => {
    expect(isProven(blamed(event(7), event(7), event(8), event(7))!)).toBe(false)
  })

  test('is narrowed down by looking more closely', () => {
    const suspicion = blamed({ from: 64, to: 640 }, { from: 128, to: 160 }, { from: 128, to: 160 })
    expect(suspicion).toEqual({ span: { from: 128, to: 160 }, deaths: [0, 1, 2] })
    expect(isProven(suspicion!)).toBe(true)
    expect(isProven(blamed({ from: 64, to: 640 }, { from: 32, to: 96 }, event(64))!)).toBe(false)
  })

  test('is proven only by deaths over what stays to blame, in any sequence', () => {
    const spans = fc.tuple(fc.nat(4), fc.integer({ min: 1, max: 4 }))
    fc.assert(
      fc.property(fc.array(spans, { maxLength: 12 }), list => {
        const suspicion = blamed(...list.map(([from, length]) => ({ from, to: from + length })))
        for (const at of suspicion?.deaths ?? []) {
          const [from, length] = list[at]!
          expect(from).toBeLessThanOrEqual(suspicion!.span.from)
          expect(from + length).toBeGreaterThanOrEqual(suspicion!.span.to)
        }
      }),
    )
  })
})
