// A large message of the server, compressed for viewers that asked for it in their hello. It is one
// binary message: a header, then the raw DEFLATE stream (RFC 1951; `deflate-raw` of a browser's
// DecompressionStream) of what would have been sent, JSON in UTF-8 or MessagePack.
//
//   0 u32 magic 'RCZ1'   4 u32 bytes of the message before   8 the stream
import { RollcastError } from '../base/errors.ts'

const MAGIC = 0x315a4352
const HEADER_BYTES = 8

export interface CompressedMessage {
  /** What the stream gives; a reader can refuse it before it takes the room. */
  readonly inflatedBytes: number
  readonly stream: Uint8Array
}

export function encodeCompressed({ inflatedBytes, stream }: CompressedMessage): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + stream.byteLength)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, MAGIC, true)
  view.setUint32(4, inflatedBytes, true)
  bytes.set(stream, HEADER_BYTES)
  return bytes
}

/** Whether a binary message is one of these. */
export const isCompressed = (bytes: Uint8Array): boolean =>
  bytes.byteLength >= HEADER_BYTES && viewOf(bytes).getUint32(0, true) === MAGIC

/** Throws BAD_INPUT for anything else; what the stream gives is not looked at. */
export function decodeCompressed(bytes: Uint8Array): CompressedMessage {
  if (!isCompressed(bytes)) {
    const found = `found ${bytes.byteLength} B that do not begin as one`
    throw new RollcastError('BAD_INPUT', `expected a compressed message, ${found}`)
  }
  return {
    inflatedBytes: viewOf(bytes).getUint32(4, true),
    stream: bytes.subarray(HEADER_BYTES),
  }
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
