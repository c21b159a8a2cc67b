// Reads the WebSocket frames of one connection as cheaply as it can be done: a server's frames are not
// masked, so that a message is a slice of what was read, and only its length is looked at.
import { COUNTED_BYTES } from './crowd.ts'

const BINARY = 2
const CLOSE = 8
const PING = 9

export interface FrameTakers {
  /** Told of each text message of a length that counts; its bytes unless they came in pieces. */
  onCounted(bytes: Buffer | undefined): void
  /** A close frame has come. */
  onClose(): void
  onPing(): void
}

export class FrameReader {
  /** Of the close frame; 1006 when none has come. */
  closeCode = 1006
  readonly #takers: FrameTakers
  readonly #header = Buffer.allocUnsafe(10)
  #headerBytes = 0
  /** Of the payload that came in pieces. */
  #left = 0
  #counts = false

  constructor(takers: FrameTakers) {
    this.#takers = takers
  }

  read(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) {
      if (this.#left > 0) {
        const piece = Math.min(this.#left, bytes.length - at)
        this.#left -= piece
        at += piece
        if (this.#left === 0 && this.#counts) this.#takers.onCounted(undefined)
        continue
      }
      this.#header[this.#headerBytes++] = bytes[at++]!
      const length = lengthOf(this.#header, this.#headerBytes)
      if (length === undefined) continue
      this.#headerBytes = 0
      const { min, max } = COUNTED_BYTES
      const opcode = this.#header[0]! & 15
      this.#counts = length >= min && length <= max && opcode !== BINARY
      if (opcode === PING) this.#takers.onPing()
      if (opcode === CLOSE && at + 2 <= bytes.length) {
        this.closeCode = bytes.readUInt16BE(at)
        this.#takers.onClose()
      }
      if (at + length <= bytes.length) {
        if (this.#counts) this.#takers.onCounted(bytes.subarray(at, at + length))
        at += length
      } else this.#left = length
    }
  }
}

/** The payload's length, once its header is whole. */
function lengthOf(header: Buffer, bytes: number): number | undefined {
  if (bytes < 2) return undefined
  const short = header[1]! & 127
  if (short < 126) return short
  if (short === 126) return bytes < 4 ? undefined : header.readUInt16BE(2)
  return bytes < 10 ? undefined : header.readUIntBE(4, 6)
}
