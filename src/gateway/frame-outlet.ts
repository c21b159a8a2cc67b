// The frames of one agent for one viewer, in the encoding that it wants. Newest first: while there
// is no room in its socket, or a picture for it is being made, the newest frame waits here and gives
// way to the next.
//
// Invariant: what is sent only goes forward, though pictures take their time and pixels do not, and
// a picture may be of a newer frame than was asked for.
import { type Encoding, encodingFor, type PictureFormat } from '../protocol/frame-encoding.ts'
import type { Lane } from './lane.ts'
import type { Previews, Wish } from './previews.ts'
import { FramePlace, type SharedFrame } from './shared-frame.ts'
import type { SharedMessage } from './shared-message.ts'

/** What the viewer wants its frames to be. */
export interface FrameTaste {
  encoding: Encoding
  quality: number
}

export interface FrameOutletOptions {
  readonly agent: string
  readonly taste: Readonly<FrameTaste>
  readonly lane: Lane
  readonly previews: Previews
  /** Called for each frame that gave way to a newer one, or was given up. */
  readonly onDropped: () => void
  /** Called when the lane gave up a frame of this viewer; that is counted there. */
  readonly onReplaced: () => void
  /** Told of each frame why it comes as pixels and not as the viewer wants it. */
  readonly onProblem: (problem: string) => void
}

export class FrameOutlet {
  readonly #options: FrameOutletOptions
  readonly #waiting = new FramePlace()
  #wish: Wish | undefined
  /** Of the newest frame that was sent. */
  #sentSerial = 0

  constructor(options: FrameOutletOptions) {
    this.#options = options
  }

  offer(shared: SharedFrame): void {
    const { lane, previews } = this.#options
    if (shared.serial <= this.#sentSerial) {
      this.#options.onDropped()
      return
    }
    const as = this.#encodingOf(shared)
    const problem = as === 'raw' ? undefined : previews.problemOf(shared, as)
    if (problem !== undefined) this.#options.onProblem(problem)
    if (as === 'raw' || problem !== undefined) {
      this.reset()
      this.#sendPixels(shared)
    } else if (this.#wish === undefined && lane.roomy) this.#ask(shared, as)
    else this.#wait(shared)
  }

  /** The socket has room again, or a picture has come. Whether a frame had waited for that. */
  room(): boolean {
    if (this.#wish !== undefined || !this.#options.lane.roomy) return false
    return this.#waiting.take(shared => this.offer(shared))
  }

  /** Forgets what is on its way: another agent is followed, or nothing. */
  reset(): void {
    if (this.#waiting.shared !== undefined) this.#options.onDropped()
    this.#waiting.put(undefined)
    if (this.#wish !== undefined) this.#wish.cancelled = true
    this.#wish = undefined
  }

  /** Of two that wait the newer one does. */
  #wait(shared: SharedFrame): void {
    const { shared: waiting } = this.#waiting
    if (waiting !== undefined) this.#options.onDropped()
    if (waiting === undefined || waiting.serial < shared.serial) this.#waiting.put(shared)
  }

  #encodingOf({ pixelBytes }: SharedFrame): 'raw' | PictureFormat {
    const { taste, previews } = this.#options
    if (taste.encoding === 'auto' && !previews.able) return 'raw'
    return encodingFor(taste.encoding, pixelBytes)
  }

  #ask(shared: SharedFrame, as: PictureFormat): void {
    const wish: Wish = {
      cancelled: false,
      deliver: (delivered, message, problem) => {
        this.#wish = undefined
        if (problem !== undefined) this.#options.onProblem(problem)
        if (message === delivered.raw) this.#sendPixels(delivered)
        else this.#send(delivered, message)
        this.room()
      },
    }
    this.#wish = wish
    const { previews, taste } = this.#options
    previews.want(shared, as, taste.quality, wish)
  }

  /** The lane does not keep them: what has to wait for room does so here. */
  #sendPixels(shared: SharedFrame): void {
    if (this.#options.lane.roomy) this.#send(shared, shared.raw)
    else this.#wait(shared)
  }

  #send({ serial }: SharedFrame, message: SharedMessage): void {
    this.#sentSerial = serial
    const { lane, agent, onReplaced } = this.#options
    if (lane.latest(`frame/${agent}`, message)) onReplaced()
  }
}
