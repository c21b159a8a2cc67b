// What the trainer has recorded and what is not yet durable: all that the death of its process could
// cost (promise P2). Known on the trainer's thread alone, from marks that say how far the trainer had
// come and when: the log gives back the ring's room in order, so a mark that the released tail has
// passed is durable. A mark looks at nothing that the recorder writes to, which would have to come
// from its processor. Nothing is allocated after the start.
import type { RingInlet } from '../streams/ring/inlet.ts'
import { lowWord } from '../streams/ring/layout.ts'

/** How much, how many and how old. */
export interface LossWindow {
  readonly bytes: number
  readonly events: number
  readonly millis: number
}

/** Marks are not closer: what is measured is as exact. */
const MARK_MILLIS = 5
/** While so many are not durable, the oldest is what counts: no more are made. */
const MARKS_MAX = 64
/** More are not kept without asking which of them are durable. */
const UNSETTLED_MARKS_MAX = 16

/** Of two positions less than 2^31 apart, by their low words: whether `released` is not before `mark`. */
const isReached = (mark: number, released: number): boolean => ((released - mark) | 0) >= 0

export class LossGauge {
  readonly #inlet: RingInlet
  /** Marks, oldest first, in a circle: low words of ring positions, committed records, times. */
  readonly #positions = new Int32Array(MARKS_MAX)
  readonly #counts = new Float64Array(MARKS_MAX)
  readonly #times = new Float64Array(MARKS_MAX)
  #first = 0
  #size = 0
  #newestPosition: number
  #newestTime = Number.NEGATIVE_INFINITY
  /** Records that were committed at the newest mark that is durable. */
  #durableCount = 0

  constructor(inlet: RingInlet) {
    this.#inlet = inlet
    this.#newestPosition = inlet.writer.headWord
  }

  /** What has just been recorded was at `now` (monotonic milliseconds). Cheap, most of the time. */
  mark(now: number): void {
    if (now - this.#newestTime < MARK_MILLIS) return
    this.#mark(now)
  }

  #mark(now: number): void {
    if (this.#size >= UNSETTLED_MARKS_MAX) this.#settle()
    const { headWord } = this.#inlet.writer
    // What is on the heap has no position yet; the ring before it is full of marks that count.
    if (this.#size === MARKS_MAX || this.#inlet.spilledBytes > 0) return
    if (headWord === this.#newestPosition) return
    const at = (this.#first + this.#size++) % MARKS_MAX
    this.#positions[at] = headWord
    this.#counts[at] = this.#inlet.committed
    this.#times[at] = now
    this.#newestPosition = headWord
    this.#newestTime = now
  }

  #settle(): void {
    const released = lowWord(this.#inlet.writer.releasedPosition)
    while (this.#size > 0 && isReached(this.#positions[this.#first]!, released)) {
      this.#durableCount = this.#counts[this.#first]!
      this.#first = (this.#first + 1) % MARKS_MAX
      this.#size--
    }
  }

  /** Bytes exactly, events at most (those of the last few milliseconds count as not durable). */
  measure(now: number): LossWindow {
    this.#mark(now)
    this.#settle()
    const { writer, spilledBytes, committed } = this.#inlet
    const bytes = writer.position - writer.releasedPosition + spilledBytes
    if (bytes === 0) {
      this.#durableCount = committed
      return { bytes, events: 0, millis: 0 }
    }
    const millis = this.#size === 0 ? 0 : now - this.#times[this.#first]!
    return { bytes, events: committed - this.#durableCount, millis }
  }
}
