// A message as the bytes that go into a socket: one WebSocket frame, header included, made once and
// written as it is to every viewer who gets it. A server's frames are not masked (RFC 6455, 5.2), so
// they are the same for all.
import { deflateRawSync } from 'node:zlib'
import { alignUp, KIB } from '../base/bytes.ts'
import { encodeCompressed } from '../protocol/compressed-message.ts'
import { type FrameMessage, pixelsOffset, writeFrameMessage } from '../protocol/frame-message.ts'
import type { Shareable } from './backlog.ts'

export interface PreparedMessage extends Shareable {
  /** Header and payload. */
  readonly frame: Uint8Array
  /** A view of the frame. */
  readonly payload: Uint8Array
  /** Whether the frame says so; otherwise it is text, in UTF-8. */
  readonly binary: boolean
}

const FINAL = 0x80
const TEXT = 1
const BINARY = 2
/** Lengths up to 125 stand in the header's second byte, others behind it in 2 or 8 bytes. */
const LENGTH_IN_2 = 126
const LENGTH_IN_8 = 127
const WORD_BYTES = 8

/** Smaller messages are sent as they are, also to viewers that asked for compressed ones. */
export const DEFLATED_BYTES_MIN = 4 * KIB
/** Level 6 takes twice the time to save a twentieth more (docs/decisions/0013-wire.md). */
const DEFLATE_LEVEL = 1

export function prepareText(text: string): PreparedMessage {
  const payloadBytes = Buffer.byteLength(text)
  const { frame, payload } = openFrame(TEXT, payloadBytes)
  payload.write(text, 'utf8')
  return { frame, payload, binary: false, holders: 0 }
}

/** Copies the bytes. */
export function prepareBinary(bytes: Uint8Array): PreparedMessage {
  const { frame, payload } = openFrame(BINARY, bytes.byteLength)
  payload.set(bytes)
  return { frame, payload, binary: true, holders: 0 }
}

/** Copies the pixels, once. */
export function prepareFrame(message: FrameMessage): PreparedMessage {
  const pixelsAt = pixelsOffset(message)
  const payloadBytes = pixelsAt + message.pixels.byteLength
  const { frame, payload } = openFrame(BINARY, payloadBytes, pixelsAt)
  writeFrameMessage(message, payload)
  return { frame, payload, binary: true, holders: 0 }
}

/** The message again, for viewers that asked for compressed ones. */
export function prepareDeflated({ payload }: PreparedMessage): PreparedMessage {
  const stream = deflateRawSync(payload, { level: DEFLATE_LEVEL })
  return prepareBinary(encodeCompressed({ inflatedBytes: payload.byteLength, stream }))
}

/**
 * `wordAt`: the byte of the payload that is to lie where a word begins. Memory that threads share is
 * copied in words only to such a place, and else byte by byte.
 */
function openFrame(
  opcode: number,
  payloadBytes: number,
  wordAt = 0,
): { frame: Buffer; payload: Buffer } {
  const lengthBytes = payloadBytes < LENGTH_IN_2 ? 0 : payloadBytes < 2 ** 16 ? 2 : 8
  const headerBytes = 2 + lengthBytes
  const marginBytes = alignUp(headerBytes + wordAt, WORD_BYTES) - (headerBytes + wordAt)
  // Not of the pool: it may wait in sockets for long, and would keep its neighbours.
  const memory = Buffer.allocUnsafeSlow(marginBytes + headerBytes + payloadBytes)
  const frame = memory.subarray(marginBytes)
  frame[0] = FINAL | opcode
  frame[1] = lengthBytes === 0 ? payloadBytes : lengthBytes === 2 ? LENGTH_IN_2 : LENGTH_IN_8
  if (lengthBytes === 2) frame.writeUInt16BE(payloadBytes, 2)
  if (lengthBytes === 8) frame.writeBigUInt64BE(BigInt(payloadBytes), 2)
  return { frame, payload: frame.subarray(headerBytes) }
}
