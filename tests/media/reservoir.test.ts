import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Reservoir, type ReservoirOptions } from '../../src/media/reservoir.ts'

const frame = (number: number): Uint8Array => Uint8Array.of(number >> 8, number & 255)

function sample(options: ReservoirOptions, frames: number): number[] {
  const reservoir = new Reservoir(options)
  for (let number = 0; number < frames; number++) reservoir.offer(frame(number))
  for (const { index, pixels } of reservoir.frames) expect(pixels).toEqual(frame(index))
  return reservoir.frames.map(each => each.index)
}

describe('the reservoir (V6)', () => {
  test('V6: it keeps everything until it is full, then so many, in order, each once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat({ max: 300 }), (framesMax, offered) => {
        const kept = sample({ framesMax, seed: 5 }, offered)
        expect(kept.length).toBe(Math.min(framesMax, offered))
        expect(kept).toEqual([...new Set(kept)].sort((a, b) => a - b))
        if (offered <= framesMax) expect(kept).toEqual([...kept.keys()])
      }),
    )
  })

  test('V6: every frame has the same chance', () => {
    const [seeds, frames, framesMax] = [4000, 20, 5]
    const taken = new Array<number>(frames).fill(0)
    for (let seed = 0; seed < seeds; seed++) {
      for (const index of sample({ framesMax, seed }, frames)) taken[index] = taken[index]! + 1
    }
    // 1000 each; the deviation of a fair one is 27, and this is six of them.
    for (const count of taken)
      expect(Math.abs(count - (seeds * framesMax) / frames)).toBeLessThan(165)
  })

  test('V6: the same seed takes the same frames, another seed others', () => {
    const options = { framesMax: 8, seed: 1 }
    expect(sample(options, 500)).toEqual(sample(options, 500))
    expect(sample({ ...options, seed: 2 }, 500)).not.toEqual(sample(options, 500))
  })

  test('V6: stored, restored and continued it is the same', () => {
    fc.assert(
      fc.property(fc.nat({ max: 60 }), fc.nat({ max: 60 }), (before, after) => {
        const options = { framesMax: 7, seed: 3 }
        const whole = new Reservoir(options)
        let parted = new Reservoir(options)
        for (let number = 0; number < before + after; number++) {
          if (number === before) parted = Reservoir.restore(structuredClone(parted.save()))
          whole.offer(frame(number))
          parted.offer(frame(number))
        }
        expect(parted.save()).toEqual(whole.save())
      }),
    )
  })

  test('its bound in bytes holds, but for one frame; and what was handed in may be used again', () => {
    expect(sample({ framesMax: 100, bytesMax: 21, seed: 1 }, 50).length).toBe(10)
    expect(sample({ framesMax: 100, bytesMax: 1, seed: 1 }, 50).length).toBe(1)
    const reservoir = new Reservoir({ framesMax: 2, seed: 1 })
    const pixels = Buffer.from(frame(7))
    reservoir.offer(pixels)
    pixels.fill(0)
    expect(reservoir.frames[0]?.pixels).toEqual(frame(7))
  })
})
