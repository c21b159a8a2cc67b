// One episode of one camera as one MP4 file. As many frames go out as came in, the first is a key
// frame, and the file is in its place whole or not at all.
import { assert } from '../base/assert.ts'
import { RollcastError } from '../base/errors.ts'
import type { EncoderChoice } from './choose-encoder.ts'
import type { Ffmpeg } from './ffmpeg.ts'
import { Mp4Writer } from './mp4-writer.ts'
import type { PictureShape } from './picture.ts'
import { asideOf, putInPlace, removeAside } from './place-file.ts'
import { type EncoderFaults, VideoEncoder } from './video-encoder.ts'

export interface SegmentOptions extends PictureShape {
  /** Frames a second, a whole number from 1. */
  readonly fps: number
  readonly choice: EncoderChoice
  /** For tests. */
  readonly faults?: EncoderFaults
}

/** A finished segment. Its pictures have three channels, whatever the format of the frames was. */
export interface SegmentResult {
  readonly frames: number
  readonly bytes: number
  readonly width: number
  readonly height: number
  readonly fps: number
  /** The canonical name, such as `av1`. */
  readonly codec: string
  readonly pixelFormat: string
}

/** A segment being encoded. After an error, `finish` or `discard` it is over. */
export class Segment {
  readonly #ffmpeg: Ffmpeg
  readonly #path: string
  readonly #options: SegmentOptions
  readonly #encoder: VideoEncoder
  readonly #writer: Mp4Writer
  #over = false

  /** `openSegment` is the way in. */
  constructor(ffmpeg: Ffmpeg, path: string, options: SegmentOptions) {
    const { choice, faults, ...shape } = options
    this.#ffmpeg = ffmpeg
    this.#path = path
    this.#options = options
    const given = { ...shape, setting: choice, ...(faults && { faults }) }
    this.#encoder = new VideoEncoder(ffmpeg, given, packet => this.#writer.write(packet))
    try {
      this.#writer = new Mp4Writer(ffmpeg, asideOf(path), {
        fps: options.fps,
        faststart: true,
        describe: parameters => parameters.fromContext(this.#encoder.context),
      })
    } catch (error) {
      this.#encoder.close()
      removeAside(path)
      throw error
    }
  }

  /** Frames taken so far. */
  get frames(): number {
    return this.#encoder.sent
  }

  /**
   * Encodes the next frame. BAD_FRAME for one of another size, which changes nothing; any other
   * error ends the segment and leaves nothing of it.
   */
  encode(pixels: Uint8Array): void {
    assert(!this.#over, 'a segment that is over takes no frame')
    this.#orDiscard(() => this.#encoder.send(pixels))
  }

  /**
   * Flushes the encoder and puts the file in its place, durably. BAD_INPUT when there is no frame.
   * After an error nothing is left.
   */
  finish(): SegmentResult {
    assert(!this.#over, 'a segment is finished once')
    return this.#orDiscard(() => {
      const { width, height, fps } = this.#options
      const { pixelFormat, context } = this.#encoder
      const codec = this.#ffmpeg.lib.avGetCodecName(context.codecId) ?? ''
      if (this.frames === 0) {
        throw new RollcastError(
          'BAD_INPUT',
          `${this.#path}: expected at least one frame, found none`,
        )
      }
      this.#encoder.flush()
      this.#writer.finish()
      const { frames } = this.#writer
      assert(frames === this.frames, 'every frame that came in is in the file')
      this.#close()
      const bytes = putInPlace(this.#path)
      return { frames, bytes, width, height, fps, codec, pixelFormat }
    })
  }

  /** Ends the segment and leaves nothing of it. Nothing happens when it is over already. */
  discard(): void {
    if (this.#over) return
    this.#close()
    removeAside(this.#path)
  }

  #orDiscard<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      if (error instanceof RollcastError && error.code === 'BAD_FRAME') throw error
      this.discard()
      // It may have been closed before it could be put in its place.
      removeAside(this.#path)
      throw error
    }
  }

  #close(): void {
    this.#over = true
    this.#writer.close()
    this.#encoder.close()
  }
}

/**
 * Begins the segment at `path`; a file that is there stays until `finish` replaces it. Throws what
 * `VideoEncoder` and `Mp4Writer` throw, and leaves nothing then.
 */
export function openSegment(ffmpeg: Ffmpeg, path: string, options: SegmentOptions): Segment {
  const { fps } = options
  assert(Number.isInteger(fps) && fps >= 1, 'frames a second are a whole number from 1')
  return new Segment(ffmpeg, path, options)
}
