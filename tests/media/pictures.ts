// Pictures for tests of video: slopes that move, so that each frame is told apart from its
// neighbours and a codec keeps it well; and how far a decoded one is from what went in.
import { type DecodedFrame, decodeFrames } from '../../src/media/examine-video.ts'
import type { Ffmpeg } from '../../src/media/ffmpeg.ts'
import type { PictureShape } from '../../src/media/picture.ts'
import { bytesPerPixel } from '../../src/protocol/events.ts'

/** Picture `number` of a stream. */
export function picture({ width, height, format }: PictureShape, number: number): Uint8Array {
  const channels = bytesPerPixel[format]
  const pixels = new Uint8Array(width * height * channels)
  const shade = (number * 37) % 120
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const across = shade + (x * 100) / width
      const down = shade + (y * 100) / height
      pixels[at++] = across
      if (channels === 1) continue
      pixels[at++] = down
      pixels[at++] = 20 + (across + down) / 2
      if (channels === 4) pixels[at++] = (x + y) & 255
    }
  }
  return pixels
}

/** The numbers of the pictures that a video shows, in order; below 60. */
export const picturesIn = (ffmpeg: Ffmpeg, path: string, shape: PictureShape): number[] =>
  [...decodeFrames(ffmpeg, path)].map(decoded => {
    const likeness = Array.from({ length: 60 }, (_, number) =>
      psnr(decoded, picture(shape, number), shape),
    )
    return likeness.indexOf(Math.max(...likeness))
  })

/** Mean square error of a decoded frame against the colours of what was encoded, as PSNR in dB. */
export function psnr(decoded: DecodedFrame, original: Uint8Array, shape: PictureShape): number {
  const channels = bytesPerPixel[shape.format]
  let squares = 0
  for (let at = 0; at < decoded.pixels.length; at++) {
    const pixel = Math.floor(at / 3)
    const channel = channels === 1 ? 0 : at % 3
    squares += (decoded.pixels[at]! - original[pixel * channels + channel]!) ** 2
  }
  return 10 * Math.log10(255 ** 2 / (squares / decoded.pixels.length))
}
