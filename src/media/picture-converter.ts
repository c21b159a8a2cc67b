// From pixels to what an encoder takes, and from what a decoder gives back to pixels. One frame is
// used again and again: an encoder that still holds it gets a copy made by FFmpeg.
import type { SwsFlags } from 'node-av/constants'
import type { Frame, SoftwareScaleContext } from 'node-av/lib'
import { assert } from '../base/assert.ts'
import { bytesPerPixel } from '../protocol/events.ts'
import { check, type Ffmpeg, type PixelFormat, pixelFormat } from './ffmpeg.ts'
import { checkPicture, type PictureShape, pixelFormatNames } from './picture.ts'

/**
 * A frame with room for a picture, with the margins that FFmpeg's fast code runs into. (node-av's
 * `fromBuffer` and `fromVideoBuffer` make frames without: whatever converts into one of those
 * damages the heap.)
 */
function newFrame(ffmpeg: Ffmpeg, width: number, height: number, format: PixelFormat): Frame {
  const frame = new ffmpeg.lib.Frame()
  frame.alloc()
  frame.width = width
  frame.height = height
  frame.format = format
  check(ffmpeg, frame.getBuffer(), `room for a picture of ${width}x${height}`)
  return frame
}

/**
 * The bytes of a frame with one plane. They are a view of FFmpeg's memory and do not keep it alive:
 * to be asked for each time, and never kept.
 */
function packedPlane(frame: Frame, rowBytes: number): { plane: Buffer; stride: number } {
  const plane = frame.data?.[0]
  const stride = frame.linesize[0]
  assert(plane && stride && stride >= rowBytes, 'a frame has room for its picture')
  return { plane, stride }
}

/**
 * Makes frames of one pixel format out of pictures of one shape. Where colour has half the resolution,
 * a sample of it is the mean of its four pixels (of pictures of 4x4 and more): FFmpeg has vector code
 * for that, and none for what it does when it is told nothing.
 */
export class PictureConverter {
  readonly #ffmpeg: Ffmpeg
  readonly #shape: PictureShape
  readonly #source: Frame
  readonly #target: Frame
  /** Absent when the pixels are what is wanted. */
  readonly #scaler: SoftwareScaleContext | undefined

  constructor(ffmpeg: Ffmpeg, shape: PictureShape, target: PixelFormat) {
    const { width, height } = shape
    const source = pixelFormat(ffmpeg, pixelFormatNames[shape.format])
    this.#ffmpeg = ffmpeg
    this.#shape = shape
    this.#source = newFrame(ffmpeg, width, height, source)
    if (source === target) {
      this.#target = this.#source
      return
    }
    this.#target = newFrame(ffmpeg, width, height, target)
    this.#scaler = new ffmpeg.lib.SoftwareScaleContext()
    const { SWS_AREA, SWS_FULL_CHR_H_INP } = ffmpeg.constants
    const flags = (SWS_AREA | SWS_FULL_CHR_H_INP) as SwsFlags
    this.#scaler.getContext(width, height, source, width, height, target, flags)
  }

  /** The picture as a frame, which is the same one at the next call. BAD_FRAME for a wrong size. */
  frame(pixels: Uint8Array, pts: number): Frame {
    checkPicture(this.#shape, pixels)
    check(this.#ffmpeg, this.#target.makeWritable(), 'a copy of a picture')
    this.#fill(pixels)
    if (this.#scaler) {
      const converted = this.#scaler.scaleFrameSync(this.#target, this.#source)
      check(this.#ffmpeg, converted, 'converting the pixels of a picture')
    }
    this.#target.pts = BigInt(pts)
    return this.#target
  }

  #fill(pixels: Uint8Array): void {
    const { width, height, format } = this.#shape
    const rowBytes = width * bytesPerPixel[format]
    const bytes = Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength)
    const { plane, stride } = packedPlane(this.#source, rowBytes)
    // Most sizes have no margins: then one call copies all rows, where the calls would cost as much.
    const runs = stride === rowBytes ? 1 : height
    const runBytes = pixels.byteLength / runs
    for (let run = 0; run < runs; run++) {
      bytes.copy(plane, run * stride, run * runBytes, (run + 1) * runBytes)
    }
  }

  close(): void {
    this.#scaler?.freeContext()
    if (this.#target !== this.#source) this.#target.free()
    this.#source.free()
  }
}

/** Reads frames of any pixel format as rgb8. */
export class PictureReader {
  readonly #ffmpeg: Ffmpeg
  #scaler: SoftwareScaleContext | undefined
  #rgb: Frame | undefined

  constructor(ffmpeg: Ffmpeg) {
    this.#ffmpeg = ffmpeg
  }

  /** The pixels, in memory of their own. All frames are of one size and format. */
  pixels(frame: Frame): Uint8Array {
    const { width, height } = frame
    if (this.#rgb === undefined || this.#scaler === undefined) {
      const rgb = pixelFormat(this.#ffmpeg, pixelFormatNames.rgb8)
      const format = frame.format as PixelFormat
      this.#rgb = newFrame(this.#ffmpeg, width, height, rgb)
      this.#scaler = new this.#ffmpeg.lib.SoftwareScaleContext()
      this.#scaler.getContext(width, height, format, width, height, rgb)
    }
    const converted = this.#scaler.scaleFrameSync(this.#rgb, frame)
    check(this.#ffmpeg, converted, 'converting a decoded picture')
    const rowBytes = width * bytesPerPixel.rgb8
    const { plane, stride } = packedPlane(this.#rgb, rowBytes)
    const pixels = new Uint8Array(height * rowBytes)
    for (let row = 0; row < height; row++) {
      const at = row * stride
      pixels.set(plane.subarray(at, at + rowBytes), row * rowBytes)
    }
    return pixels
  }

  close(): void {
    this.#scaler?.freeContext()
    this.#rgb?.free()
  }
}
