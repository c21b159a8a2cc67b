// Whether an encoder works, found out by encoding: that it is compiled in says nothing about its
// hardware, and that it opens says nothing about its order of frames.
import { type Clock, systemClock } from '../base/clock.ts'
import type { Ffmpeg } from './ffmpeg.ts'
import { Mp4Writer } from './mp4-writer.ts'
import { type PictureShape, pictureBytes } from './picture.ts'
import type { EncoderSetting } from './profiles.ts'
import { VideoEncoder } from './video-encoder.ts'

export interface EncoderTrial extends PictureShape {
  readonly fps: number
  readonly clock?: Clock
}

const NOWHERE = '/dev/null'

/**
 * Encodes `pictures` pictures into a file that is thrown away and gives the milliseconds for one,
 * opening aside. Stops early when more than `millisMax` each have gone by. Throws what the encoder
 * or the file throws.
 */
export function tryEncoder(
  ffmpeg: Ffmpeg,
  setting: EncoderSetting,
  { width, height, format, fps, clock = systemClock }: EncoderTrial,
  pictures: number,
  millisMax = Number.POSITIVE_INFINITY,
): number {
  const shape = { width, height, format }
  let writer: Mp4Writer | undefined
  const encoder = new VideoEncoder(ffmpeg, { ...shape, fps, setting }, packet =>
    writer?.write(packet),
  )
  try {
    writer = new Mp4Writer(ffmpeg, NOWHERE, {
      fps,
      faststart: false,
      describe: parameters => parameters.fromContext(encoder.context),
    })
    const reel = [0, 1, 2, 3].map(number => testPicture(shape, number))
    const started = clock.monotonic()
    const each = (): number => (clock.monotonic() - started) / pictures
    for (let sent = 0; sent < pictures; sent++) {
      encoder.send(reel[sent % reel.length]!)
      if (each() > millisMax) return each() * (pictures / (sent + 1))
    }
    encoder.flush()
    writer.finish()
    return each()
  } finally {
    writer?.close()
    encoder.close()
  }
}

/** Something between a game and a camera: slopes that move, and a little noise. */
function testPicture(shape: PictureShape, number: number): Uint8Array {
  const pixels = new Uint8Array(pictureBytes(shape))
  let noise = number + 1
  for (let at = 0; at < pixels.length; at++) {
    noise = (Math.imul(noise, 1_103_515_245) + 12_345) | 0
    pixels[at] = ((at >> 3) + 5 * number + ((noise >>> 16) & 7)) & 255
  }
  return pixels
}
