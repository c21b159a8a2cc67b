// A process that encodes noise for ever, or until the disk is full: then it says what happened.
import { describeError } from '../../src/base/errors.ts'
import { loadMedia } from '../../src/media/ffmpeg.ts'
import { begin } from './make-segment.ts'

const segment = begin(loadMedia(), process.argv[2] ?? '', { width: 64, height: 64 })
console.log('began')
let noise = 1
try {
  for (;;) {
    const pixels = new Uint8Array(64 * 64 * 3)
    for (let at = 0; at < pixels.length; at++) {
      noise = (Math.imul(noise, 1_103_515_245) + 12_345) | 0
      pixels[at] = noise >>> 16
    }
    segment.encode(pixels)
  }
} catch (error) {
  console.log(describeError(error))
}
