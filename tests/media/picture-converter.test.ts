import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { loadMedia, pixelFormat } from '../../src/media/ffmpeg.ts'
import { PictureConverter } from '../../src/media/picture-converter.ts'
import { bytesPerPixel } from '../../src/protocol/events.ts'

const ffmpeg = loadMedia()

/** Blue's and red's difference of BT.601, in the range of video, which is what FFmpeg makes of RGB. */
const differences = [
  [-0.148, -0.291, 0.439],
  [0.439, -0.368, -0.071],
] as const

describe('pictures with half the resolution of colour (V4)', () => {
  test('V4: every sample of colour is the mean of its four pixels', () => {
    const pictures = fc.record({
      width: fc.integer({ min: 2, max: 40 }).map(half => 2 * half),
      height: fc.integer({ min: 2, max: 40 }).map(half => 2 * half),
      format: fc.constantFrom('rgb8' as const, 'rgba8' as const),
      flat: fc.boolean(),
      seed: fc.nat(),
    })
    fc.assert(
      fc.property(pictures, ({ width, height, format, flat, seed }) => {
        const channels = bytesPerPixel[format]
        const pixels = Uint8Array.from({ length: width * height * channels }, (_, at) =>
          flat ? (seed >> (at % channels)) & 255 : Math.imul(at + seed, 2_654_435_761) >>> 24,
        )
        const target = pixelFormat(ffmpeg, 'yuv420p')
        const converter = new PictureConverter(ffmpeg, { width, height, format }, target)
        const { data, linesize } = converter.frame(pixels, 0)
        for (const [plane, [red, green, blue]] of differences.entries()) {
          for (let y = 0; y < height / 2; y++) {
            for (let x = 0; x < width / 2; x++) {
              let mean = 128
              for (const corner of [0, 1, width, width + 1]) {
                const at = (2 * y * width + 2 * x + corner) * channels
                mean += (red * pixels[at]! + green * pixels[at + 1]! + blue * pixels[at + 2]!) / 4
              }
              const found = data![plane + 1]![y * linesize[plane + 1]! + x]!
              expect(Math.abs(found - mean)).toBeLessThan(1)
            }
          }
        }
        converter.close()
      }),
    )
  })
})
