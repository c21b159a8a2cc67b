// One frame for any number of viewers: its pixels become a message once, and so does each picture
// that was made of it; nothing is made that nobody is sent.
import type { PictureFormat } from '../protocol/frame-encoding.ts'
import type { LiveFrame } from '../protocol/thread-messages.ts'
import type { Mode } from '../protocol/viewer-messages.ts'
import { frameMessage } from './messages.ts'
import { SharedMessage } from './shared-message.ts'

export class SharedFrame {
  /** Its pixels must not change any more. */
  readonly frame: LiveFrame
  /** Counts the frames that were shown: of two, the one with the higher number is the newer. */
  readonly serial: number
  /** With its pixels as they are. */
  readonly raw: SharedMessage
  readonly #mode: Mode
  readonly #now: () => number
  readonly #pictures = new Map<string, SharedMessage>()

  constructor(serial: number, frame: LiveFrame, mode: Mode, now: () => number) {
    this.serial = serial
    this.frame = frame
    this.#mode = mode
    this.#now = now
    const build = () => frameMessage(mode, frame, now(), 0, 0)
    this.raw = SharedMessage.frame('frames', build, frame.pixels.byteLength)
  }

  /** The message of a picture that has been made; undefined before that. */
  picture(as: PictureFormat, quality: number): SharedMessage | undefined {
    return this.#pictures.get(`${as}/${quality}`)
  }

  /** Takes the picture's file; returns its message. */
  add(as: PictureFormat, quality: number, bytes: Uint8Array): SharedMessage {
    const { frame } = this
    const build = () => ({
      ...frameMessage(this.#mode, frame, this.#now(), 0, 0),
      format: as,
      pixels: bytes,
    })
    const message = SharedMessage.frame('frames', build, bytes.byteLength)
    this.#pictures.set(`${as}/${quality}`, message)
    return message
  }
}
