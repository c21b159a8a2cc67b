// The newest frames of a run that is being recorded, for those who watch. While somebody does, it
// tells the trainer ten times a second, and more often at first, which cameras are wanted and how
// often, and takes what the fast lane brings; while nobody does, it has no wish and does nothing (V11).
import type { Clock } from '../../base/clock.ts'
import type { FrameLayout } from '../../protocol/events.ts'
import type { LiveFrame } from '../../protocol/thread-messages.ts'
import type { LaneFrame } from '../../streams/fast-lane/layout.ts'
import { LaneReader, type TakenFrame } from '../../streams/fast-lane/reader.ts'
import { cameraKey, FrameSources } from './frame-sources.ts'

const REVIEW_MILLIS = 100
/**
 * Who has just come says a moment later what it wants, and of a broadcaster that starts over the
 * cameras are known a moment later: until a frame is shown that somebody wants, for a second, it looks
 * more often.
 */
const FIRST_REVIEW_MILLIS = 5
const FIRST_MILLIS_MAX = 1_000
/** A wait for frames ends after so long, should a wake-up be lost. */
const WAIT_MILLIS = 250

export interface FrameFeedOptions {
  readonly clock: Clock
  readonly lane: SharedArrayBuffer
  /** The cameras that the trainer has declared so far. */
  readonly cameras: () => readonly FrameLayout[]
  /** How many frames a second viewers want of a camera. */
  readonly wantedFps: () => (camera: FrameLayout) => number
  /** `onReleased` is to be called when nobody needs the pixels any more. */
  readonly show: (frame: LiveFrame, onReleased: () => void) => void
  readonly onError: (error: unknown) => void
}

export class FrameFeed {
  readonly #options: FrameFeedOptions
  readonly #reader: LaneReader
  readonly #sources = new FrameSources()
  readonly #cameras = new Map<number, FrameLayout>()
  #watched = false
  /** The loop that takes frames runs, or is about to end. */
  #taking = false
  /** Reviews are soon until then, or until a frame is shown that is wanted. */
  #soonUntil = Number.NEGATIVE_INFINITY
  #cancelReview = (): void => {}

  constructor(options: FrameFeedOptions) {
    this.#options = options
    this.#reader = new LaneReader(options.lane)
  }

  /** Somebody watches from now on, or nobody. */
  set watched(watched: boolean) {
    if (watched === this.#watched) return
    this.#watched = watched
    this.#reader.watched = watched
    this.#soonUntil = this.#options.clock.monotonic() + FIRST_MILLIS_MAX
    this.#cancelReview()
    this.#review()
    if (watched && !this.#taking) this.#take().catch(this.#options.onError)
    if (!watched) this.#reader.wake()
  }

  /** A frame is on its way to the log. */
  noteRecorded(camera: Pick<FrameLayout, 'agent' | 'camera'>, time: number): void {
    if (!this.#watched) return
    this.#sources.noteRecorded(cameraKey(camera), time, this.#options.clock.monotonic())
  }

  /** Takes a frame that came by way of the log. */
  takeFromLog(frame: LiveFrame): void {
    if (this.#sources.takeFromLog(cameraKey(frame), frame.time)) this.#show(frame, () => {})
  }

  close(): void {
    this.watched = false
  }

  /** Says what is wanted now, and by which way. */
  #review(): void {
    const { clock, cameras, wantedFps } = this.#options
    const now = clock.monotonic()
    const fpsOf = this.#watched ? wantedFps() : () => 0
    for (const camera of cameras()) this.#cameras.set(camera.layout, camera)
    // Also of those that the feed has forgotten because it started over.
    for (const camera of this.#cameras.values()) {
      const key = cameraKey(camera)
      this.#sources.want(key, fpsOf(camera))
      const { fps, byLog } = this.#sources.source(key, now)
      this.#reader.wish(camera.layout, fps)
      this.#reader.wishByLog(camera.layout, byLog)
    }
    this.#reader.source = this.#sources.summary
    const millis = now < this.#soonUntil ? FIRST_REVIEW_MILLIS : REVIEW_MILLIS
    if (this.#watched) this.#cancelReview = clock.schedule(millis, () => this.#review())
  }

  async #take(): Promise<void> {
    this.#taking = true
    while (this.#watched) {
      for (const frame of this.#reader.take()) this.#takeFromLane(frame)
      await this.#reader.wait(WAIT_MILLIS)
    }
    this.#taking = false
  }

  #takeFromLane(taken: TakenFrame): void {
    const { layout, ...frame } = taken
    const camera = this.#cameras.get(layout)
    if (camera === undefined || !isOf(camera, frame) || !this.#isNew(camera, frame)) {
      this.#reader.release(taken)
      return
    }
    const { agent, format } = camera
    this.#show({ ...frame, agent, camera: camera.camera, format, mode: 'live' }, () =>
      this.#reader.release(taken),
    )
  }

  #isNew(camera: FrameLayout, { time }: Pick<LaneFrame, 'time'>): boolean {
    return this.#sources.takeFromLane(cameraKey(camera), time, this.#options.clock.monotonic())
  }

  #show(frame: LiveFrame, onReleased: () => void): void {
    // The lane has an older one for whoever comes, who may not have said yet that it wants any.
    if (this.#sources.summary !== 'none') this.#soonUntil = Number.NEGATIVE_INFINITY
    this.#options.show(frame, onReleased)
    this.#reader.noteShown()
  }
}

/** Whether a frame looks as its camera's do. */
const isOf = (
  camera: FrameLayout,
  { width, height, format }: Pick<LaneFrame, 'width' | 'height' | 'format'>,
): boolean => camera.width === width && camera.height === height && camera.format === format
