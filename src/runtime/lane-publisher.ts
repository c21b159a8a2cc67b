// The trainer's end of the fast lane: the newest frames, for whoever watches now. What happens here
// changes nothing of what is recorded, and never throws; a frame that does not fit is counted, told
// once for its camera, and shown by way of the log.
import { describeError, RollcastError } from '../base/errors.ts'
import { bytesPerPixel, type FrameLayout } from '../protocol/events.ts'
import type { LaneHud } from '../protocol/lane.ts'
import type { LaneFrame } from '../streams/fast-lane/layout.ts'
import type { LaneStream } from '../streams/fast-lane/stream.ts'
import { LaneWriter } from '../streams/fast-lane/writer.ts'

export interface LanePublisherOptions {
  readonly lane: SharedArrayBuffer
  /** Told why frames of a camera are not published, once for each. */
  readonly onProblem: (problem: RollcastError) => void
  /** For fault tests: the lane takes nothing while this says so. */
  readonly isStuck?: (() => boolean) | undefined
}

export class LanePublisher {
  readonly #options: LanePublisherOptions
  readonly #writer: LaneWriter
  /** Bytes of a frame of the largest camera so far: slots are made for it. */
  #bytesMax = 0
  readonly #told = new Set<number>()
  #openEpisodes = 0

  constructor(options: LanePublisherOptions) {
    this.#options = options
    this.#writer = new LaneWriter(options.lane)
    this.#writer.paused = true
  }

  /** An episode has begun: frames may come. */
  noteBegan(): void {
    if (++this.#openEpisodes === 1) this.#writer.paused = false
  }

  /** The same has ended. While the trainer plays none it pauses: it learns, perhaps, or saves. */
  noteEnded(): void {
    if (--this.#openEpisodes === 0) this.#writer.paused = true
  }

  /** What is wanted of a camera's frames. */
  stream({ layout, width, height, format }: FrameLayout): LaneStream {
    this.#bytesMax = Math.max(this.#bytesMax, width * height * bytesPerPixel[format])
    return this.#writer.stream(layout)
  }

  /** Publishes a frame that is due, and the numbers beside it. */
  show(
    { layout, width, height, format }: FrameLayout,
    frame: Omit<LaneFrame, 'layout' | 'width' | 'height' | 'format'>,
    hud: Omit<LaneHud, 'layout' | 'episode' | 'step' | 'time'>,
  ): void {
    if (this.#options.isStuck?.()) return
    try {
      const { episode, step, time } = frame
      this.#writer.publishHud({ layout, episode, step, time, ...hud })
      this.#writer.publish({ layout, width, height, format, ...frame }, this.#bytesMax)
    } catch (error) {
      if (this.#told.has(layout)) return
      this.#told.add(layout)
      const message = `a frame is not shown: ${describeError(error)}`
      const problem = new RollcastError('UNAVAILABLE', message, { cause: error })
      this.#options.onProblem(error instanceof RollcastError ? error : problem)
    }
  }

  close(): void {
    this.#writer.close()
  }
}
