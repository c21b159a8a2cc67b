// The picture for who comes while a trainer pauses: nothing is on its way then that would bring one. It
// is read from the log, once for all who want it at that time, and one after the other, so that those
// who ask about the past hardly wait for it.
import type { RecordedFrame } from '../protocol/thread-messages.ts'
import type { History, Stage } from './publication.ts'
import type { SharedFrame } from './shared-frame.ts'

export interface NewestPicturesOptions {
  readonly stage: Stage
  readonly history: History
  /** Makes one frame for all who use it, kept until it is released; undefined for one not to be shown. */
  readonly share: (frame: RecordedFrame) => SharedFrame | undefined
}

type Use = (shared: SharedFrame) => void

export class NewestPictures {
  readonly #options: NewestPicturesOptions
  /** Who waits for the frame of an event. */
  readonly #waiting = new Map<number, Use[]>()
  #lastRead: Promise<void> = Promise.resolve()

  constructor(options: NewestPicturesOptions) {
    this.#options = options
  }

  /** Calls `use` when the newest recorded frame of the agent has been read; never where there is none. */
  ask(agent: string, use: Use): void {
    const seq = this.#options.stage.newestFrame(agent)
    if (seq === undefined) return
    const waiting = this.#waiting.get(seq)
    if (waiting) waiting.push(use)
    else {
      this.#waiting.set(seq, [use])
      this.#lastRead = this.#lastRead.then(() => this.#read(seq))
    }
  }

  async #read(seq: number): Promise<void> {
    const { history, share } = this.#options
    // Whoever waits did not ask for it and is not told why there is none.
    const { frame } = await history.frame(seq).catch(() => ({ frame: null }))
    const uses = this.#waiting.get(seq) ?? []
    this.#waiting.delete(seq)
    const shared = frame === null ? undefined : share(frame)
    if (shared === undefined) return
    for (const use of uses) use(shared)
    shared.release()
  }
}
