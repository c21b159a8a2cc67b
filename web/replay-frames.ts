// The frames of the episode being replayed, in the order they were taken, bounded in bytes: past
// the bound every second one is let go, and from then on only every second one is kept.
import type { FrameMessage } from '../src/protocol/frame-message.ts'

/** Bytes of pixels that one replay may hold: 1900 frames of 160x210 RGB. */
const REPLAY_BYTES_MAX = 192 * 1024 * 1024

export class ReplayFrames {
  readonly #bytesMax: number
  #frames: FrameMessage[] = []
  #bytes = 0
  #stride = 1

  constructor(bytesMax = REPLAY_BYTES_MAX) {
    this.#bytesMax = bytesMax
  }

  /** How many are held. */
  get size(): number {
    return this.#frames.length
  }

  /** One of how many frames is kept; 1 means that all are. */
  get stride(): number {
    return this.#stride
  }

  /** Adds the next frame; frames come in the order of their index. */
  add(frame: FrameMessage): void {
    if (frame.index % this.#stride !== 0) return
    this.#frames.push(frame)
    this.#bytes += frame.pixels.byteLength
    while (this.#bytes > this.#bytesMax && this.#frames.length > 1) this.#thin()
  }

  /** The last frame taken at or before `step`, or the first one there is; null when empty. */
  at(step: number): FrameMessage | null {
    let low = 0
    let high = this.#frames.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#frames[middle]!.step <= step) low = middle + 1
      else high = middle
    }
    return this.#frames[Math.max(0, low - 1)] ?? null
  }

  #thin(): void {
    this.#stride *= 2
    this.#frames = this.#frames.filter(frame => frame.index % this.#stride === 0)
    this.#bytes = this.#frames.reduce((sum, frame) => sum + frame.pixels.byteLength, 0)
  }
}
