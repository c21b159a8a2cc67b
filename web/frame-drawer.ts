// Draws frames as they come, newest first, at the display's cadence: at most two between two of its
// ticks, at once when there were fewer since the last, and what comes meanwhile replaces what waits.
// Two, because with one a single frame that is late keeps every later one waiting for its tick.
// Knows no browser: it runs in the drawing thread, in the page where there is none, and in tests.
import { hasPixels } from '../src/protocol/frame-encoding.ts'
import type { FrameMessage } from '../src/protocol/frame-message.ts'

/** What of a frame is drawn. */
export type Drawable = Pick<FrameMessage, 'width' | 'height' | 'format' | 'pixels'>

export interface DrawerOptions<Picture, F extends Drawable> {
  readonly decode: (frame: F) => Promise<Picture>
  /** Draws the frame: its picture, or its pixels when that is null. */
  readonly draw: (frame: F, picture: Picture | null) => void
  /** Resolves at the next tick of the display. */
  readonly nextTick: () => Promise<unknown>
  readonly onDrawn: (frame: F) => void
  /** The frame cannot be drawn; the next one may. */
  readonly onFailed: (frame: F, error: unknown) => void
}

const DRAWS_A_TICK_MAX = 2

export class FrameDrawer<Picture, F extends Drawable> {
  readonly #options: DrawerOptions<Picture, F>
  #waiting: F | null = null
  #isWorking = false
  #tick: Promise<unknown> | null = null
  /** Since the last tick. */
  #draws = 0

  constructor(options: DrawerOptions<Picture, F>) {
    this.#options = options
  }

  /** Draws the frame unless a newer one comes first. */
  show(frame: F): void {
    this.#waiting = frame
    if (!this.#isWorking) void this.#work()
  }

  async #work(): Promise<void> {
    this.#isWorking = true
    for (let frame = this.#take(); frame !== null; frame = this.#take()) {
      try {
        await this.#show(frame)
      } catch (error) {
        this.#options.onFailed(frame, error)
      }
    }
    this.#isWorking = false
  }

  async #show(frame: F): Promise<void> {
    const { decode, draw, nextTick, onDrawn } = this.#options
    const picture = hasPixels(frame) ? null : await decode(frame)
    if (this.#draws >= DRAWS_A_TICK_MAX) await this.#tick
    // Pixels cost nothing before they are drawn; a picture that has been decoded is shown.
    const newer = picture === null ? this.#take() : null
    const shown = newer !== null && hasPixels(newer) ? newer : frame
    if (newer !== null && shown === frame) this.#waiting ??= newer
    draw(shown, picture)
    this.#draws++
    this.#tick ??= nextTick().then(() => {
      this.#tick = null
      this.#draws = 0
    })
    onDrawn(shown)
  }

  #take(): F | null {
    const frame = this.#waiting
    this.#waiting = null
    return frame
  }
}
