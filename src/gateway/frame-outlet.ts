// The frames of one agent for one viewer, in the encoding that it wants. Newest first: while its socket is full,
// or a picture for it is being made, the newest frame waits here and gives way to the next.
//
// Invariant: what is sent only goes forward, though pictures take their time and pixels do not, and
// a picture may be of a newer frame than was asked for.
import { type Encoding, encodingFor, type PictureFormat } from '../protocol/frame-encoding.ts'
import type { Lane } from './lane.ts'
import type { Previews, Wish } from './previews.ts'
import type { SharedFrame } from './shared-frame.ts'
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
  #waiting: SharedFrame | undefined
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
      this.#send(shared, shared.raw)
    } else if (this.#wish === undefined && lane.drained) this.#ask(shared, as)
    else {
      if (this.#waiting !== undefined) this.#options.onDropped()
      this.#waiting = shared
    }
  }

  /** The socket has room again, or a picture has come. */
  room(): void {
    const waiting = this.#waiting
    if (waiting === undefined || this.#wish !== undefined || !this.#options.lane.drained) return
    this.#waiting = undefined
    this.offer(waiting)
  }

  /** Forgets what is on its way: another agent is followed, or nothing. */
  reset(): void {
    if (this.#waiting !== undefined) this.#options.onDropped()
    this.#waiting = undefined
    if (this.#wish !== undefined) this.#wish.cancelled = true
    this.#wish = undefined
  }

  #encodingOf({ frame }: SharedFrame): 'raw' | PictureFormat {
    const { taste, previews } = this.#options
    if (taste.encoding === 'auto' && !previews.able) return 'raw'
    return encodingFor(taste.encoding, frame.pixels.byteLength)
  }

  #ask(shared: SharedFrame, as: PictureFormat): void {
    const wish: Wish = {
      cancelled: false,
      deliver: (delivered, message, problem) => {
        this.#wish = undefined
        if (problem !== undefined) this.#options.onProblem(problem)
        this.#send(delivered, message)
        this.room()
      },
    }
    this.#wish = wish
    const { previews, taste } = this.#options
    previews.want(shared, as, taste.quality, wish)
  }

  #send({ serial }: SharedFrame, message: SharedMessage): void {
    this.#sentSerial = serial
    const { lane, agent, onReplaced } = this.#options
    if (lane.latest(`frame/${agent}`, message)) onReplaced()
  }
}
