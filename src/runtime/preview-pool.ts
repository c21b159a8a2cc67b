// Pictures of frames are made by a thread of their own, so that neither who sends them to viewers
// nor who encodes video waits for one (V11). It starts with the first picture that is wanted and
// ends some time after the last: without viewers it does not exist.
import { Piscina } from 'piscina'
import { describeError } from '../base/errors.ts'
import type { StillAnswer, StillOrder } from '../protocol/thread-messages.ts'
import { heapOf } from './actor-heap.ts'

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
const IDLE_MILLIS = 30_000
/** A thread inside FFmpeg must not be ended; one that does not come out of it is left alone. */
const CLOSE_MILLIS_MAX = 1_000

export class PreviewPool {
  #pool: Piscina | undefined
  /** Pictures that are being made. */
  readonly #making = new Set<Promise<StillAnswer>>()
  #isClosed = false

  /** The picture, or `failed` with the reason; never throws. Moves the order's pixels. */
  async answer(order: StillOrder): Promise<StillAnswer> {
    const { id } = order
    if (this.#isClosed) return { id, kind: 'failed', code: 'CLOSED', message: 'the run ends' }
    const making = this.#make(order)
    this.#making.add(making)
    return making.finally(() => this.#making.delete(making))
  }

  /** Waits for pictures that are being made, for a second at most. */
  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#pool === undefined) return
    const patience = new Promise(resolve => setTimeout(resolve, CLOSE_MILLIS_MAX).unref())
    await Promise.race([Promise.all(this.#making), patience])
    if (this.#making.size === 0) await this.#pool.destroy()
    else for (const thread of this.#pool.threads) thread.unref()
  }

  async #make(order: StillOrder): Promise<StillAnswer> {
    this.#pool ??= new Piscina({
      filename: new URL(`./preview-worker.${extension}`, import.meta.url).href,
      minThreads: 0,
      maxThreads: 1,
      maxQueue: 64,
      // Between two pictures the thread's event loop has its turn: node-av frees memory there.
      atomics: 'disabled',
      idleTimeout: IDLE_MILLIS,
      resourceLimits: heapOf(),
    })
    try {
      const options = { name: 'makeStill', transferList: [order.pixels.buffer] }
      return (await this.#pool.run(order, options)) as StillAnswer
    } catch (error) {
      return { id: order.id, kind: 'failed', code: 'INTERNAL', message: describeError(error) }
    }
  }
}
