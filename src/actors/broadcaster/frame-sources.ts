// Where the frames of each camera come from: the fast lane, or (F10) the log's writer when the lane
// has brought none for too long although frames were recorded. Pure; every time is handed in.
import type { FrameLayout } from '../../protocol/events.ts'
import type { FrameSource } from '../../protocol/lane.ts'

/** How long frames may be recorded without one on the lane. */
export const STALE_MILLIS = 1000
/** At low rates the lane brings one only now and then: so many intervals more are granted. */
const STALE_INTERVALS = 2

/** What distinguishes cameras; the same after the trainer has declared it anew. */
export const cameraKey = ({ agent, camera }: Pick<FrameLayout, 'agent' | 'camera'>): string =>
  `${agent}/${camera}`

interface Source {
  readonly fps: number
  readonly byLog: boolean
}

class CameraSource {
  fps = 0
  byLog = false
  /** Times of frames, by the trainer's clock: the newest shown, and the newest recorded. */
  shownTime = Number.NEGATIVE_INFINITY
  recordedTime = Number.NEGATIVE_INFINITY
  /** Since when frames are recorded that the lane has not brought; our own clock. */
  lackingSince: number | undefined
}

export class FrameSources {
  readonly #cameras = new Map<string, CameraSource>()

  /** How many frames a second are wanted; 0: none. */
  want(key: string, fps: number): void {
    const camera = this.#camera(key)
    if (fps === 0) {
      camera.byLog = false
      camera.lackingSince = undefined
    }
    camera.fps = fps
  }

  /** A frame taken at `time` is on its way to the log. */
  noteRecorded(key: string, time: number, now: number): void {
    const camera = this.#camera(key)
    camera.recordedTime = Math.max(camera.recordedTime, time)
    if (camera.fps > 0 && time > camera.shownTime) camera.lackingSince ??= now
  }

  /** The lane has brought a frame; whether it is new. The log's are not needed any more. */
  takeFromLane(key: string, time: number, now: number): boolean {
    const camera = this.#camera(key)
    camera.byLog = false
    camera.lackingSince = camera.recordedTime > time ? now : undefined
    return this.#isNew(camera, time)
  }

  /** The log's writer has sent a frame; whether it is new. */
  takeFromLog(key: string, time: number): boolean {
    return this.#isNew(this.#camera(key), time)
  }

  /** What is wanted of a camera, and whether the log has to help out. */
  source(key: string, now: number): Source {
    const camera = this.#camera(key)
    const { fps, lackingSince } = camera
    if (fps > 0 && lackingSince !== undefined) {
      const patience = STALE_MILLIS + (1000 * STALE_INTERVALS) / fps
      if (now - lackingSince > patience) camera.byLog = true
    }
    return camera
  }

  /** Where frames come from as a whole. */
  get summary(): FrameSource {
    const wanted = [...this.#cameras.values()].filter(({ fps }) => fps > 0)
    if (wanted.length === 0) return 'none'
    return wanted.some(({ byLog }) => byLog) ? 'log' : 'lane'
  }

  #isNew(camera: CameraSource, time: number): boolean {
    if (time <= camera.shownTime) return false
    camera.shownTime = time
    return true
  }

  #camera(key: string): CameraSource {
    const known = this.#cameras.get(key)
    if (known !== undefined) return known
    const made = new CameraSource()
    this.#cameras.set(key, made)
    return made
  }
}
