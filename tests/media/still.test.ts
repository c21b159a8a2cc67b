import fc from 'fast-check'
import type { CodecContext } from 'node-av/lib'
import { describe, expect, test } from 'vitest'
import { loadMedia } from '../../src/media/ffmpeg.ts'
import type { PictureShape } from '../../src/media/picture.ts'
import { StillEncoder, type StillKind, still, stillKinds } from '../../src/media/still.ts'
import { bytesPerPixel, frameFormats } from '../../src/protocol/events.ts'
import { picture, psnr } from './pictures.ts'

const ffmpeg = loadMedia()
const { lib, constants } = ffmpeg

/** A picture's size, pixel format and pixels, rows packed; YUV is turned into rgb24. */
function decode(bytes: Uint8Array, as: StillKind) {
  const ids = {
    jpeg: constants.AV_CODEC_ID_MJPEG,
    webp: constants.AV_CODEC_ID_WEBP,
    png: constants.AV_CODEC_ID_PNG,
  }
  const codec = lib.Codec.findDecoder(ids[as])
  const context: CodecContext = new lib.CodecContext()
  context.allocContext3(codec)
  context.open2Sync(codec, null)
  const packet = new lib.Packet()
  packet.alloc()
  packet.data = Buffer.from(bytes)
  const frame = new lib.Frame()
  frame.alloc()
  expect(context.sendPacketSync(packet)).toBe(0)
  context.sendPacketSync(null)
  expect(context.receiveFrameSync(frame)).toBe(0)
  const { width, height } = frame
  const format = lib.avGetPixFmtName(frame.format as never) ?? ''
  let pixels = new Uint8Array(frame.toBuffer())
  if (format.includes('yuv')) {
    const rgb = new lib.Frame()
    rgb.alloc()
    Object.assign(rgb, { width, height, format: constants.AV_PIX_FMT_RGB24 })
    rgb.getBuffer()
    const scaler = new lib.SoftwareScaleContext()
    const from = frame.format as typeof constants.AV_PIX_FMT_RGB24
    scaler.getContext(width, height, from, width, height, constants.AV_PIX_FMT_RGB24)
    scaler.scaleFrameSync(rgb, frame)
    pixels = new Uint8Array(rgb.toBuffer())
    rgb.free()
    scaler.freeContext()
  }
  frame.free()
  packet.free()
  context.freeContext()
  return { width, height, format, pixels }
}

const shapes = fc.record({
  width: fc.integer({ min: 1, max: 70 }),
  height: fc.integer({ min: 1, max: 70 }),
  format: fc.constantFrom(...frameFormats),
})

describe('stills', () => {
  test('V9: a PNG holds exactly the pixels that came in, for any size and format', () => {
    const pngFormats = { rgb8: 'rgb24', rgba8: 'rgba', gray8: 'gray' }
    const pixelsOf = (shape: PictureShape) => {
      const bytes = shape.width * shape.height * bytesPerPixel[shape.format]
      return fc.uint8Array({ minLength: bytes, maxLength: bytes })
    }
    const pictures = shapes.chain(shape => fc.tuple(fc.constant(shape), pixelsOf(shape)))
    fc.assert(
      fc.property(pictures, ([shape, pixels]) => {
        const { width, height } = shape
        const found = decode(still(ffmpeg, pixels, { ...shape, as: 'png' }), 'png')
        expect(found).toEqual({ width, height, format: pngFormats[shape.format], pixels })
      }),
      { numRuns: 60 },
    )
  })

  test('V11: JPEG and WebP look like the picture, for any size and format', () => {
    fc.assert(
      fc.property(shapes, fc.constantFrom('jpeg', 'webp'), (shape, as) => {
        const pixels = picture({ ...shape }, 3)
        const opaque =
          shape.format === 'rgba8' ? pixels.map((v, at) => (at % 4 === 3 ? 255 : v)) : pixels
        const found = decode(still(ffmpeg, opaque, { ...shape, as, quality: 95 }), as)
        expect(found).toMatchObject({ width: shape.width, height: shape.height })
        const side = Math.min(shape.width, shape.height)
        const likeness = psnr({ index: 0, ...found }, opaque, shape)
        expect(likeness).toBeGreaterThan(side < 8 ? 17 : 26)
      }),
      { numRuns: 60 },
    )
  })

  test('V11: a lower quality is a smaller file, a wrong size is refused, and the next one works', () => {
    const shape = { width: 84, height: 84, format: 'rgb8' } as const
    const noisy = picture(shape, 1).map((value, at) => value + ((at * at * 7919) % 23))
    for (const as of ['jpeg', 'webp'] as const) {
      const sizes = [5, 30, 60, 85, 100].map(
        quality => still(ffmpeg, noisy, { ...shape, as, quality }).length,
      )
      expect(sizes).toEqual([...sizes].sort((a, b) => a - b))
      expect(sizes[4]! / sizes[0]!).toBeGreaterThan(2)
    }
    for (const as of stillKinds) {
      const encoder = new StillEncoder(ffmpeg, { ...shape, as })
      const first = encoder.encode(noisy)
      expect(() => encoder.encode(noisy.subarray(1))).toThrow(
        '21168 B of 84x84 rgb8, found 21167 B',
      )
      expect(encoder.encode(noisy)).toEqual(first)
      encoder.close()
    }
  })

  test('a picture that its kind cannot hold is refused', () => {
    const shape = { width: 16_384, height: 1, format: 'gray8' } as const
    const pixels = new Uint8Array(16_384)
    expect(() => still(ffmpeg, pixels, { ...shape, as: 'webp' })).toThrow(
      'a webp picture of 16384x1',
    )
    expect(still(ffmpeg, pixels, { ...shape, as: 'png' }).length).toBeGreaterThan(0)
  })
})
