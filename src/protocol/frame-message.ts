// A frame on its way to a viewer: one binary message, fixed header, then the pixels as captured, or
// the bytes of a picture of them (frame-encoding.ts), as the format says: 0, 1, 2 are rgb8, rgba8,
// gray8, 64 is a JPEG and 65 a WebP file.
//
//   0 u32 magic 'RCF1'   4 u16 width    6 u16 height   8 u8 format  9 u8 mode  10 u16 agent's length
//  12 u32 episode       16 u32 step    20 u32 index   24 u32 request (0: pushed live)
//  28 u32 frames of the request in all 32 f64 time of capture       40 f64 time of sending
//  48 agent (UTF-8), then the pixels
import { RollcastError } from '../base/errors.ts'
import { bytesPerPixel, type FrameFormat, frameFormats } from './events.ts'
import { type PictureFormat, pictureFormats } from './frame-encoding.ts'
import { type Mode, modes } from './viewer-protocol.ts'

const MAGIC = 0x31464352
const HEADER_BYTES = 48
/** The code of the first picture format; below it are those of pixels. */
const FIRST_PICTURE = 64

export interface FrameMessage {
  readonly agent: string
  readonly episode: number
  /** The step after which the frame was taken. */
  readonly step: number
  /** Counts from 0 in the episode. */
  readonly index: number
  readonly width: number
  readonly height: number
  readonly format: FrameFormat | PictureFormat
  readonly mode: Mode
  /** The request that this frame answers; 0 for one that was pushed. */
  readonly request: number
  /** How many frames answer that request. */
  readonly requestFrames: number
  /** Unix milliseconds. */
  readonly captureTime: number
  readonly sendTime: number
  /** Rows from the top left without padding, or the picture's file. */
  readonly pixels: Uint8Array
}

const utf8 = new TextEncoder()

/** Where the pixels begin in the message of this frame. */
export const pixelsOffset = ({ agent }: FrameMessage): number =>
  HEADER_BYTES + utf8.encode(agent).byteLength

export function encodeFrameMessage(frame: FrameMessage): Uint8Array {
  const bytes = new Uint8Array(pixelsOffset(frame) + frame.pixels.byteLength)
  writeFrameMessage(frame, bytes)
  return bytes
}

/** Writes the message into as many bytes as it has. */
export function writeFrameMessage(frame: FrameMessage, bytes: Uint8Array): void {
  const agent = utf8.encode(frame.agent)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  view.setUint32(0, MAGIC, true)
  view.setUint16(4, frame.width, true)
  view.setUint16(6, frame.height, true)
  view.setUint8(8, codeOf(frame.format))
  view.setUint8(9, modes.indexOf(frame.mode))
  view.setUint16(10, agent.byteLength, true)
  view.setUint32(12, frame.episode, true)
  view.setUint32(16, frame.step, true)
  view.setUint32(20, frame.index, true)
  view.setUint32(24, frame.request, true)
  view.setUint32(28, frame.requestFrames, true)
  view.setFloat64(32, frame.captureTime, true)
  view.setFloat64(40, frame.sendTime, true)
  bytes.set(agent, HEADER_BYTES)
  bytes.set(frame.pixels, HEADER_BYTES + agent.byteLength)
}

/** Throws BAD_FRAME when the bytes are not a whole frame message. */
export function decodeFrameMessage(bytes: Uint8Array): FrameMessage {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.byteLength < HEADER_BYTES || view.getUint32(0, true) !== MAGIC) {
    throw new RollcastError('BAD_FRAME', `expected a frame message, found ${bytes.byteLength} B`)
  }
  const width = view.getUint16(4, true)
  const height = view.getUint16(6, true)
  const format = formatOf(view.getUint8(8))
  const mode = modes[view.getUint8(9)]
  const agentEnd = HEADER_BYTES + view.getUint16(10, true)
  const pixels = bytes.subarray(agentEnd)
  const expected =
    format === undefined ? 'pixels of a known format' : misfit(format, width, height, pixels)
  if (format === undefined || mode === undefined || expected !== undefined) {
    const found = bytes.byteLength - agentEnd
    throw new RollcastError('BAD_FRAME', `expected ${expected ?? 'a known mode'}, found ${found} B`)
  }
  return {
    agent: new TextDecoder().decode(bytes.subarray(HEADER_BYTES, agentEnd)),
    episode: view.getUint32(12, true),
    step: view.getUint32(16, true),
    index: view.getUint32(20, true),
    width,
    height,
    format,
    mode,
    request: view.getUint32(24, true),
    requestFrames: view.getUint32(28, true),
    captureTime: view.getFloat64(32, true),
    sendTime: view.getFloat64(40, true),
    pixels,
  }
}

const codeOf = (format: FrameMessage['format']): number => {
  const picture = pictureFormats.indexOf(format as PictureFormat)
  return picture < 0 ? frameFormats.indexOf(format as FrameFormat) : FIRST_PICTURE + picture
}

const formatOf = (code: number): FrameMessage['format'] | undefined =>
  code < FIRST_PICTURE ? frameFormats[code] : pictureFormats[code - FIRST_PICTURE]

/** What was expected, when it is not there. */
function misfit(
  format: FrameMessage['format'],
  width: number,
  height: number,
  bytes: Uint8Array,
): string | undefined {
  if (format === 'jpeg') return isJpeg(bytes) ? undefined : 'a JPEG file'
  if (format === 'webp') return isWebp(bytes) ? undefined : 'a WebP file'
  const expected = width * height * bytesPerPixel[format]
  return bytes.byteLength === expected ? undefined : `${expected} B of ${format} pixels`
}

const isJpeg = (bytes: Uint8Array): boolean => bytes[0] === 0xff && bytes[1] === 0xd8

const isWebp = (bytes: Uint8Array): boolean =>
  [0x52, 0x49, 0x46, 0x46].every((byte, at) => bytes[at] === byte) &&
  [0x57, 0x45, 0x42, 0x50].every((byte, at) => bytes[8 + at] === byte)
