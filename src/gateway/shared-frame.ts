// One frame for any number of viewers: its pixels become a message once, and so does each picture
// that was made of it; nothing is made that nobody is sent. Its pixels' memory is used for another
// frame when nobody keeps this one any more: whoever does so beyond a call says it (F17).
import { assert } from '../base/assert.ts'
import { isShared } from '../base/bytes.ts'
import type { PictureFormat } from '../protocol/frame-encoding.ts'
import type { RecordedFrame } from '../protocol/thread-messages.ts'
import type { Mode } from '../protocol/viewer-protocol.ts'
import type { Backlog } from './backlog.ts'
import { frameMessage } from './messages.ts'
import { SharedMessage } from './shared-message.ts'

export interface SharedFrameOptions {
  /** Counts the frames that were shown: of two, the one with the higher number is the newer. */
  readonly serial: number
  readonly mode: Mode
  readonly now: () => number
  /** Told of the pixels, unless they lie in memory that has a bound of its own. */
  readonly backlog: Pick<Backlog, 'add'>
  /** Called once, when nobody keeps it any more: its pixels may change then. */
  readonly onReleased: () => void
}

export class SharedFrame {
  /** What it says of itself. */
  readonly frame: Omit<RecordedFrame, 'pixels'>
  readonly serial: number
  /** With its pixels as they are. Sent while it is kept, or not at all. */
  readonly raw: SharedMessage
  readonly #options: SharedFrameOptions
  readonly #pixels: Uint8Array
  readonly #pictures = new Map<string, SharedMessage>()
  #holds = 1

  /** Kept by who makes it. */
  constructor({ pixels, ...frame }: RecordedFrame, options: SharedFrameOptions) {
    this.frame = frame
    this.serial = options.serial
    this.#options = options
    this.#pixels = pixels
    options.backlog.add(ownBytes(pixels))
    this.raw = this.#messageOf(pixels.byteLength, () => ({ pixels: this.pixels }))
  }

  /** They do not change while the frame is kept, and are not looked at any more after that. */
  get pixels(): Uint8Array {
    assert(this.#holds > 0, 'whoever looks at the pixels of a frame keeps it')
    return this.#pixels
  }

  get pixelBytes(): number {
    return this.#pixels.byteLength
  }

  /** Keeps it until `release`. */
  hold(): void {
    assert(this.#holds > 0, 'a frame that was let go of is gone')
    this.#holds++
  }

  release(): void {
    assert(this.#holds > 0, 'a frame is released as often as it was held')
    if (--this.#holds > 0) return
    this.#options.backlog.add(-ownBytes(this.#pixels))
    this.#options.onReleased()
  }

  /** The message of a picture that has been made; undefined before that. */
  picture(as: PictureFormat, quality: number): SharedMessage | undefined {
    return this.#pictures.get(`${as}/${quality}`)
  }

  /** Takes the picture's file; returns its message. */
  add(as: PictureFormat, quality: number, bytes: Uint8Array): SharedMessage {
    const message = this.#messageOf(bytes.byteLength, () => ({ format: as, pixels: bytes }))
    this.#pictures.set(`${as}/${quality}`, message)
    return message
  }

  #messageOf(
    byteLength: number,
    content: () => { readonly format?: PictureFormat; readonly pixels: Uint8Array },
  ): SharedMessage {
    const { mode, now } = this.#options
    const build = () => frameMessage(mode, { ...this.frame, ...content() }, now(), 0, 0)
    return SharedMessage.frame('frames', build, byteLength)
  }
}

/** Threads share the lane's memory, which is there in any case. */
const ownBytes = (pixels: Uint8Array): number => (isShared(pixels) ? 0 : pixels.byteLength)

/** Where one frame waits, and is kept meanwhile. */
export class FramePlace {
  #shared: SharedFrame | undefined

  /** The frame that waits here. */
  get shared(): SharedFrame | undefined {
    return this.#shared
  }

  /** Lets go of the one that waited. */
  put(shared: SharedFrame | undefined): void {
    shared?.hold()
    this.#shared?.release()
    this.#shared = shared
  }

  /** Empties the place; a frame that waited is kept until `use` returns. Whether there was one. */
  take(use: (shared: SharedFrame) => void): boolean {
    const shared = this.#shared
    this.#shared = undefined
    if (shared === undefined) return false
    use(shared)
    shared.release()
    return true
  }
}
