// Pictures of frames are made by a thread of their own, so that neither who sends them to viewers
// nor who encodes video waits for one (V11). It starts with the first picture that is wanted and
// ends some time after the last: without viewers it does not exist.
import { movableOf } from '../base/bytes.ts'
import { entryFile } from '../base/entries.ts'
import { describeError, RollcastError } from '../base/errors.ts'
import type { StillAnswer, StillOrder } from '../protocol/thread-messages.ts'
import { TaskThread } from './task-thread.ts'

/** A thread inside FFmpeg must not be ended; one that does not come out of it is left alone. */
const CLOSE_MILLIS_MAX = 1_000

export class PreviewPool {
  readonly #thread = new TaskThread({
    filename: entryFile('runtime/preview-worker').href,
    queueMax: 64,
    closeMillisMax: CLOSE_MILLIS_MAX,
    // node-av frees memory in its event loop's turns.
    yields: true,
  })

  /** The picture, or `failed` with the reason; never throws. Moves pixels that nobody shares. */
  async answer(order: StillOrder): Promise<StillAnswer> {
    try {
      return (await this.#thread.run(order, 'makeStill', movableOf(order.pixels))) as StillAnswer
    } catch (error) {
      const code = error instanceof RollcastError ? error.code : 'INTERNAL'
      return { id: order.id, kind: 'failed', code, message: describeError(error) }
    }
  }

  /** Waits for pictures that are being made, for a second at most. */
  close(): Promise<void> {
    return this.#thread.close()
  }
}
