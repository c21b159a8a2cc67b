// The frames of one camera in one episode, as the log announces them, and which of them a row shows.
import { assert } from '../base/assert.ts'
import { RollcastError } from '../base/errors.ts'
import type { Envelope, FrameCaptured } from '../protocol/events.ts'

/** A frame as the log announces it. */
export type PlacedFrame = Pick<Envelope<FrameCaptured>, 'seq' | 'event'>

interface TrackedFrame extends PlacedFrame {
  /** Steps of the episode that had been taken before it. */
  readonly stepsBefore: number
}

/** All frames have the shape of the first. */
export class CameraTrack {
  readonly agent: string
  readonly camera: string
  readonly episode: number
  readonly width: number
  readonly height: number
  readonly format: FrameCaptured['format']
  readonly #frames: TrackedFrame[] = []

  constructor({ agent, camera, episode, width, height, format }: FrameCaptured) {
    this.agent = agent
    this.camera = camera
    this.episode = episode
    this.width = width
    this.height = height
    this.format = format
  }

  get length(): number {
    return this.#frames.length
  }

  /** Takes the next frame. BAD_INPUT for one of another shape, or when one is missing before it. */
  add({ seq, event }: Envelope<FrameCaptured>, stepsBefore: number): void {
    const due = this.length
    if (event.index !== due) {
      throw this.#bad(`expected frame ${due}, found frame ${event.index}: frames were lost`)
    }
    const shape = `${this.width}x${this.height} ${this.format}`
    const found = `${event.width}x${event.height} ${event.format}`
    if (found !== shape) throw this.#bad(`frame ${due}: expected ${shape}, found ${found}`)
    this.#frames.push({ seq, event, stepsBefore })
  }

  /**
   * For each of `rows` steps the frame that belongs to it. A camera that gave a frame before the
   * first step shows what each step was decided by: the last frame before it. Any other shows what
   * each step led to: the last frame before the next step. So a step without a frame of its own
   * shows the one before it again. BAD_INPUT when there is none yet.
   */
  framesOfRows(rows: number): Int32Array {
    const first = this.#frames[0]
    assert(first !== undefined, 'a track has a frame')
    const ahead = first.stepsBefore === 0 ? 0 : 1
    if (first.stepsBefore > 1) {
      throw this.#bad(
        `expected a frame of the first step, found the first at ${first.stepsBefore - 1}`,
      )
    }
    const shown = new Int32Array(rows)
    let frame = 0
    for (let row = 0; row < rows; row++) {
      while ((this.#frames[frame + 1]?.stepsBefore ?? Number.POSITIVE_INFINITY) <= row + ahead)
        frame++
      shown[row] = frame
    }
    return shown
  }

  frame(index: number): PlacedFrame {
    const frame = this.#frames[index]
    assert(frame !== undefined, 'a frame of the track')
    return frame
  }

  #bad(message: string): RollcastError {
    return new RollcastError('BAD_INPUT', `camera ${this.camera}: ${message}`)
  }
}
