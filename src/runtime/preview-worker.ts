// The preview pool's work: one picture of one frame. Encoders are kept, because to open one takes
// longer than a picture.
import { describeError, RollcastError } from '../base/errors.ts'
import { type Ffmpeg, loadMedia } from '../media/ffmpeg.ts'
import { StillEncoder } from '../media/still.ts'
import type { StillAnswer, StillOrder } from '../protocol/thread-messages.ts'

/** One for each size, format, kind and quality; past them the one used longest ago is closed. */
const ENCODERS_MAX = 16

const encoders = new Map<string, StillEncoder>()
let ffmpeg: Ffmpeg | undefined

export function makeStill(order: StillOrder): StillAnswer {
  const { id, pixels } = order
  try {
    return { id, kind: 'still', bytes: encoderOf(order).encode(pixels) }
  } catch (error) {
    const code = error instanceof RollcastError ? error.code : 'INTERNAL'
    const message = error instanceof RollcastError ? error.message : describeError(error)
    return { id, kind: 'failed', code, message }
  }
}

function encoderOf({ width, height, format, as, quality }: StillOrder): StillEncoder {
  const key = [width, height, format, as, quality].join('/')
  const kept = encoders.get(key)
  encoders.delete(key)
  ffmpeg ??= loadMedia()
  const encoder = kept ?? new StillEncoder(ffmpeg, { width, height, format, as, quality })
  encoders.set(key, encoder)
  if (encoders.size > ENCODERS_MAX) {
    const oldest = encoders.keys().next().value!
    encoders.get(oldest)?.close()
    encoders.delete(oldest)
  }
  return encoder
}
