// Single pictures as JPEG, WebP or PNG: previews (V11), and image features, whose PNGs hold exactly
// the pixels that came in (V9). An encoder is opened once for a shape and used for every picture.
import type { CodecContext, Packet } from 'node-av/lib'
import { assert } from '../base/assert.ts'
import { RollcastError } from '../base/errors.ts'
import { check, type Ffmpeg, pixelFormat } from './ffmpeg.ts'
import { type PictureShape, pixelFormatNames } from './picture.ts'
import { PictureConverter } from './picture-converter.ts'

export const stillKinds = ['jpeg', 'webp', 'png'] as const
export type StillKind = (typeof stillKinds)[number]

export interface StillOptions extends PictureShape {
  readonly as: StillKind
  /** 1 (small) to 100 (good); 85 if left out. PNG is lossless and takes none. */
  readonly quality?: number
}

const QUALITY_DEFAULT = 85

interface StillCodec {
  readonly codec: string
  /** What the encoder is given. */
  pixelFormat(shape: PictureShape): string
  /** FFmpeg's options for a quality. */
  options(quality: number): Record<string, string | number>
}

/** From this many pixels on the longer side, JPEG halves the resolution of colour. */
const HALVED_COLOUR_SIDE = 320

const codecs: Readonly<Record<StillKind, StillCodec>> = {
  jpeg: {
    codec: 'mjpeg',
    // Halved colour bleeds over the edges of flat areas, which small pictures are made of.
    pixelFormat: ({ width, height }) =>
      Math.max(width, height) < HALVED_COLOUR_SIDE ? 'yuvj444p' : 'yuvj420p',
    options: quality => ({
      flags: '+qscale',
      global_quality: jpegScale(quality) * QP2LAMBDA,
      qmin: 1,
      huffman: 'default',
    }),
  },
  webp: {
    codec: 'libwebp',
    pixelFormat: () => 'bgra',
    options: quality => ({ quality, compression_level: 0 }),
  },
  png: {
    codec: 'png',
    pixelFormat: ({ format }) => pixelFormatNames[format],
    options: () => ({ pred: 'sub', compression_level: 3 }),
  },
}

/** FFmpeg's unit of quality. */
const QP2LAMBDA = 118

/** From the quality that people know from JPEG to FFmpeg's scale, 1 (best) to 31. */
function jpegScale(quality: number): number {
  const percent = quality < 50 ? 5000 / quality : 200 - 2 * quality
  return Math.min(31, Math.max(1, Math.round((percent * 8) / 100)))
}

/** Makes stills of one shape and kind. */
export class StillEncoder {
  readonly #ffmpeg: Ffmpeg
  readonly #options: StillOptions
  readonly #context: CodecContext
  readonly #converter: PictureConverter
  readonly #packet: Packet
  #made = 0

  /** USAGE when FFmpeg cannot make such a picture (WebP ends at 16383 pixels a side). */
  constructor(ffmpeg: Ffmpeg, options: StillOptions) {
    const { lib } = ffmpeg
    const { width, height, format, as, quality = QUALITY_DEFAULT } = options
    assert(quality >= 1 && quality <= 100, 'the quality of a still is from 1 to 100')
    const { codec: name, options: codecOptions } = codecs[as]
    const doing = `a ${as} picture of ${width}x${height} ${format}`
    const codec = lib.Codec.findEncoderByName(name as never)
    if (codec === null) {
      throw new RollcastError('UNAVAILABLE', `${doing}: FFmpeg has no encoder ${name} here`)
    }
    this.#ffmpeg = ffmpeg
    this.#options = options
    this.#context = new lib.CodecContext()
    try {
      const target = pixelFormat(ffmpeg, codecs[as].pixelFormat(options))
      this.#context.allocContext3(codec)
      this.#context.width = width
      this.#context.height = height
      this.#context.pixelFormat = target
      this.#context.timeBase = new lib.Rational(1, 1)
      for (const [option, value] of Object.entries({ threads: 1, ...codecOptions(quality) })) {
        check(ffmpeg, this.#context.setOption(option, String(value)), `${doing}: ${option}`)
      }
      check(ffmpeg, this.#context.open2Sync(codec, null), doing, 'USAGE')
      this.#converter = new PictureConverter(ffmpeg, { width, height, format }, target)
    } catch (error) {
      this.#context.freeContext()
      throw error
    }
    this.#packet = new lib.Packet()
    this.#packet.alloc()
  }

  /** The picture as a file's bytes, in memory of their own. BAD_FRAME for a wrong size. */
  encode(pixels: Uint8Array): Uint8Array<ArrayBuffer> {
    const { width, height, as } = this.#options
    const doing = `a ${as} picture of ${width}x${height}`
    const frame = this.#converter.frame(pixels, this.#made++)
    // mjpeg looks for its quality at the frame.
    frame.quality = this.#context.globalQuality
    check(this.#ffmpeg, this.#context.sendFrameSync(frame), doing)
    check(this.#ffmpeg, this.#context.receivePacketSync(this.#packet), doing)
    const bytes = new Uint8Array(this.#packet.data ?? [])
    this.#packet.unref()
    return bytes
  }

  close(): void {
    this.#packet.free()
    this.#converter.close()
    this.#context.freeContext()
  }
}

/** One picture; for more of the same shape, a `StillEncoder` is several times faster. */
export function still(
  ffmpeg: Ffmpeg,
  pixels: Uint8Array,
  options: StillOptions,
): Uint8Array<ArrayBuffer> {
  const encoder = new StillEncoder(ffmpeg, options)
  try {
    return encoder.encode(pixels)
  } finally {
    encoder.close()
  }
}
