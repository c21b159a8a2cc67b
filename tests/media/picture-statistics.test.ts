import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import { PictureStatistics, samplingStride } from '../../src/media/picture-statistics.ts'
import { StreamingHistogram } from '../../src/media/streaming-histogram.ts'
import { bytesPerPixel, frameFormats } from '../../src/protocol/events.ts'

/** The format's test vectors (section 15): quantiles of numbers that come in one batch. */
const vectors: [number[], Record<number, number>][] = [
  [
    [0, 1, 2, 3, 4],
    {
      0.01: -1e-10,
      0.1: -1e-10,
      0.5: 2.0004000000000204,
      0.9: 3.99960000009998,
      0.99: 3.999960000099998,
    },
  ],
  [[0, 1, 2, 3], { 0.5: 1.00019999996668, 0.9: 2.999760000099984, 0.99: 2.9999760000999984 }],
  [
    [10, 20],
    { 0.01: 9.9999999999, 0.5: 9.9999999999, 0.9: 19.99960000009999, 0.99: 19.999960000099996 },
  ],
  [[0, 0, 0, 0, 0], { 0.01: 3.9999999999994176e-16, 0.5: 2e-14, 0.99: 3.96e-14 }],
]

/** Five pictures: red 50 a frame, green full in the top half, blue the number of the column. */
function vectorPicture(number: number): Uint8Array {
  const pixels = new Uint8Array(64 * 64 * 3)
  for (let y = 0; y < 64; y++) {
    for (let x = 0; x < 64; x++) pixels.set([50 * number, y < 32 ? 255 : 0, x], (y * 64 + x) * 3)
  }
  return pixels
}

const closeTo = (values: number[], digits = 6) =>
  values.map(value => expect.closeTo(value, digits) as number)

describe('the histogram', () => {
  test.each(vectors)('V6: the quantiles of %j are those of the format', (values, expected) => {
    const histogram = new StreamingHistogram()
    histogram.add([{ values }])
    const found = histogram.quantiles(0, Object.keys(expected).map(Number))
    for (const [index, value] of Object.values(expected).entries()) {
      const off = Math.abs(found[index]! - value)
      expect(off).toBeLessThanOrEqual(4e-15 * Math.max(1, Math.abs(value)))
    }
  })

  test('V6: quantiles of numbers in batches lie within two bins of what was sampled', () => {
    const batches = fc.array(fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1 }), {
      minLength: 1,
    })
    fc.assert(
      fc.property(batches, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (all, fraction) => {
        const histogram = new StreamingHistogram()
        for (const values of all) histogram.add([{ values }])
        const sorted = all.flat().sort((a, b) => a - b)
        const target = fraction * sorted.length
        const low = sorted[Math.max(0, Math.ceil(target) - 2)]!
        const high = sorted[Math.min(sorted.length - 1, Math.floor(target) + 1)]!
        const margin = (2 * (sorted.at(-1)! - sorted[0]!)) / 5000 + 1e-6
        const found = histogram.quantiles(0, [fraction])[0]!
        expect(found).toBeGreaterThanOrEqual(low - margin)
        expect(found).toBeLessThanOrEqual(high + margin)
      }),
    )
  })
})

describe('picture statistics (V6)', () => {
  test('V6: the format`s test vector comes out, without its float32 errors', () => {
    const statistics = new PictureStatistics({ width: 64, height: 64, format: 'rgb8' })
    for (let number = 0; number < 5; number++) statistics.add(vectorPicture(number))
    const found = statistics.summary()
    expect(found).toMatchObject({
      count: 20_480,
      frames: 5,
      min: [0, 0, 0],
      max: closeTo([0.78431374, 1, 0.24705882]),
      mean: closeTo([0.39215687, 0.5, 0.12352941]),
      q99: closeTo([0.78430588, 0.999996, 0.2470272], 7),
      std: closeTo([0.27729076, 0.49999329, 0.07244296], 4),
    })
    // Its edges are float32 too, which moves red by one bin, as the format allows.
    const bin = found.max[0]! / 5000
    expect(Math.abs(found.q50[0]! - 0.39207843)).toBeLessThan(1.001 * bin)
    expect(found.q50.slice(1)).toEqual(closeTo([-1e-10, 0.12160235], 8))
    expect(found.q50[1]).toBeCloseTo(-1e-10, 12)
    const blue = Math.sqrt((64 ** 2 - 1) / 12) / 255
    expect(found.std).toEqual(closeTo([Math.sqrt(5000) / 255, 0.5, blue], 14))
  })

  test.each([
    [640, 480, 4, 160 * 120],
    [1280, 720, 8, 160 * 90],
    [1920, 1080, 12, 160 * 90],
    [300, 300, 2, 150 * 150],
    [299, 299, 1, 299 * 299],
    [84, 84, 1, 84 * 84],
    [7, 451, 3, 3 * 151],
  ])('V6: of %ix%i every %i. pixel is counted', (width, height, stride, count) => {
    expect(samplingStride(width, height)).toBe(stride)
    const statistics = new PictureStatistics({ width, height, format: 'gray8' })
    statistics.add(new Uint8Array(width * height))
    expect(statistics.summary().count).toBe(count)
  })

  const streams = fc
    .record({
      width: fc.integer({ min: 1, max: 9 }),
      height: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constant(301)),
      format: fc.constantFrom(...frameFormats),
    })
    .chain(shape => {
      const bytes = shape.width * shape.height * bytesPerPixel[shape.format]
      const pixels = fc.uint8Array({ minLength: bytes, maxLength: bytes })
      return fc.tuple(fc.constant(shape), fc.array(pixels, { minLength: 1, maxLength: 6 }))
    })

  test('V6: they are exact for every shape and format', () => {
    fc.assert(
      fc.property(streams, ([shape, frames]) => {
        const statistics = new PictureStatistics(shape)
        for (const pixels of frames) statistics.add(pixels)
        const found = statistics.summary()
        const stride = samplingStride(shape.width, shape.height)
        const size = bytesPerPixel[shape.format]
        const channels = shape.format === 'gray8' ? 1 : 3
        expect(found.mean.length).toBe(channels)
        for (let channel = 0; channel < channels; channel++) {
          const values: number[] = []
          for (const pixels of frames) {
            for (let y = 0; y < shape.height; y += stride) {
              for (let x = 0; x < shape.width; x += stride) {
                values.push(pixels[(y * shape.width + x) * size + channel]!)
              }
            }
          }
          const mean = values.reduce((sum, value) => sum + value, 0) / values.length
          const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
          expect(found.count).toBe(values.length)
          expect(found.min[channel]).toBe(Math.min(...values) / 255)
          expect(found.max[channel]).toBe(Math.max(...values) / 255)
          expect(found.mean[channel]).toBeCloseTo(mean / 255, 12)
          expect(found.std[channel]).toBeCloseTo(Math.sqrt(squares / values.length) / 255, 6)
        }
      }),
    )
  })

  test('V6: of down-sampled pictures they agree with the full ones within 1 % of the range', () => {
    const shape = { width: 640, height: 480, format: 'rgb8' } as const
    const random = seededRandom(11)
    const full = { sum: 0, squares: 0, count: 0 }
    const statistics = new PictureStatistics(shape)
    const pixels = new Uint8Array(640 * 480 * 3)
    for (const number of [0, 1, 2]) {
      for (let at = 0; at < pixels.length; at++) {
        const [x, y] = [Math.floor(at / 3) % 640, Math.floor(at / 1920)]
        pixels[at] = ((x + 40 * number) * y) / 1400 + random.below(16)
        if (at % 3 !== 0) continue
        full.sum += pixels[at]!
        full.squares += pixels[at]! ** 2
        full.count++
      }
      statistics.add(pixels)
    }
    const { mean, std } = statistics.summary()
    const fullMean = full.sum / full.count
    const fullStd = Math.sqrt(full.squares / full.count - fullMean ** 2)
    expect(Math.abs(mean[0]! - fullMean / 255)).toBeLessThan(0.01)
    expect(Math.abs(std[0]! - fullStd / 255)).toBeLessThan(0.01)
  })

  test('V6: stored, restored and continued they are the same, byte for byte', () => {
    fc.assert(
      fc.property(streams, fc.nat({ max: 6 }), ([shape, frames], stop) => {
        const whole = new PictureStatistics(shape)
        let parted = new PictureStatistics(shape)
        frames.forEach((pixels, number) => {
          if (number === stop) {
            parted = PictureStatistics.restore(JSON.parse(JSON.stringify(parted.save())))
          }
          whole.add(pixels)
          parted.add(pixels)
        })
        expect(JSON.stringify(parted.save())).toBe(JSON.stringify(whole.save()))
        expect(JSON.stringify(parted.summary())).toBe(JSON.stringify(whole.summary()))
      }),
    )
  })

  test('what was saved does not change when it goes on', () => {
    const statistics = new PictureStatistics({ width: 2, height: 1, format: 'gray8' })
    statistics.add(Uint8Array.of(1, 2))
    const saved = statistics.save()
    const text = JSON.stringify(saved)
    statistics.add(Uint8Array.of(200, 3))
    expect(JSON.stringify(saved)).toBe(text)
  })

  test('a constant channel has no deviation, and a wrong size is refused and changes nothing', () => {
    const statistics = new PictureStatistics({ width: 3, height: 3, format: 'gray8' })
    for (let number = 0; number < 7; number++) statistics.add(new Uint8Array(9).fill(77))
    expect(() => statistics.add(new Uint8Array(8))).toThrow('expected 9 B of 3x3 gray8, found 8 B')
    expect(statistics.summary()).toMatchObject({ frames: 7, count: 63, std: [0], min: [77 / 255] })
  })
})
