// A frame as a trainer hands it in, and what is wrong with it if it cannot be recorded (V2: a camera
// keeps the size and format of its first frame).
import { RollcastError, typeName } from '../base/errors.ts'
import { FRAME_HEADER_BYTES } from '../protocol/codec.ts'
import {
  bytesPerPixel,
  type FrameFormat,
  type FrameLayout,
  frameFormats,
} from '../protocol/events.ts'
import { limits } from '../protocol/limits.ts'

/** A picture of `width * height` pixels, row by row from the top left, without padding. */
export interface FrameInput {
  width: number
  height: number
  data: Uint8Array | Uint8ClampedArray
  /** Default `rgb8`. */
  format?: FrameFormat
  /** Default `main`. */
  camera?: string
}

/** What a frame's pixels are handed in as; anything else would be copied as something else. */
export const isPixels = (data: unknown): boolean =>
  data instanceof Uint8Array || data instanceof Uint8ClampedArray

/** Throws BAD_FRAME with what was expected and found. `payloadBytesMax`: what the ring takes. */
export function checkFrame(
  agent: string,
  camera: string,
  frame: FrameInput,
  known: FrameLayout | undefined,
  payloadBytesMax: number,
): void {
  const { width, height, data, format = 'rgb8' } = frame
  const where = `agent ${agent}, camera ${String(camera)}`
  const bad = (expected: string, found: string): RollcastError =>
    new RollcastError('BAD_FRAME', `${where}: expected ${expected}, found ${found}`)
  const isName = typeof camera === 'string' && camera.length >= 1 && camera.length <= 64
  if (!isName) throw bad('a camera`s name of 1 to 64 characters', typeof camera)
  if (!frameFormats.includes(format)) throw bad(`one of ${frameFormats.join(', ')}`, String(format))
  const isSize = (n: number): boolean => Number.isInteger(n) && n >= 1 && n <= 65535
  if (!isSize(width) || !isSize(height)) throw bad('1 to 65535 pixels a side', `${width}x${height}`)
  if (!isPixels(data)) throw bad('the pixels as a Uint8Array', typeName(data))
  const bytes = width * height * bytesPerPixel[format]
  if (data.byteLength !== bytes) throw bad(`${bytes} B of ${format} pixels`, `${data.byteLength} B`)
  const bytesMax = Math.min(limits.recordBytesMax, payloadBytesMax) - FRAME_HEADER_BYTES
  if (bytes > bytesMax) throw bad(`at most ${bytesMax} B a frame`, `${bytes} B`)
  if (known) {
    const first = `${known.width}x${known.height} ${known.format} as its first frame`
    throw bad(first, `${width}x${height} ${format}`)
  }
}
