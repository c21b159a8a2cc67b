// Pixels and their shape, as the trainer hands them in: rows from the top left, without padding.
import { RollcastError } from '../base/errors.ts'
import { bytesPerPixel, type FrameFormat } from '../protocol/events.ts'

export interface PictureShape {
  readonly width: number
  readonly height: number
  readonly format: FrameFormat
}

/** FFmpeg's names of the frame formats. */
export const pixelFormatNames: Readonly<Record<FrameFormat, string>> = {
  rgb8: 'rgb24',
  rgba8: 'rgba',
  gray8: 'gray',
}

export const pictureBytes = ({ width, height, format }: PictureShape): number =>
  width * height * bytesPerPixel[format]

/** Throws BAD_FRAME unless `pixels` is a whole picture of that shape. */
export function checkPicture(shape: PictureShape, pixels: Uint8Array): void {
  const { width, height, format } = shape
  const bytes = pictureBytes(shape)
  if (pixels.byteLength === bytes) return
  throw new RollcastError(
    'BAD_FRAME',
    `expected ${bytes} B of ${width}x${height} ${format}, found ${pixels.byteLength} B`,
  )
}

/** Of a video or a picture file: grey has three equal ones, and transparency is left out. */
export const CHANNELS = 3

/** The pixels with three channels. */
export function asRgb(format: FrameFormat, pixels: Uint8Array): Uint8Array {
  if (format === 'rgb8') return pixels
  const from = bytesPerPixel[format]
  const rgb = new Uint8Array((pixels.length / from) * CHANNELS)
  for (let pixel = 0, to = 0; pixel < pixels.length; pixel += from) {
    for (let channel = 0; channel < CHANNELS; channel++) {
      rgb[to++] = pixels[format === 'gray8' ? pixel : pixel + channel]!
    }
  }
  return rgb
}
