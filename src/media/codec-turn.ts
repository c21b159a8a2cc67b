// Encoders are opened and closed one after the other in all threads of the process. SVT-AV1 (3.1.2)
// keeps what it knows of the processors in one place for all its encoders: one that is closed frees
// it, while another that is being opened writes there, and that ends the process. FFmpeg's own lock
// covers opening and not closing.
import { getEnvironmentData, setEnvironmentData, threadId } from 'node:worker_threads'
import { systemClock } from '../base/clock.ts'

const NAME = 'rollcast.codec-turn'
const NOBODY = 0

/**
 * Who waits goes on after this long, whoever has the turn: a thread that died or hangs in a codec
 * may not stop the others, and one that is silent for three heartbeats is taken for stuck (S4).
 */
const WAIT_MILLIS_MAX = 1_000

/** One after the other in all threads that share `words`. */
export class CodecTurn {
  readonly #words: Int32Array
  readonly #waitMillisMax: number

  constructor(words: SharedArrayBuffer, waitMillisMax = WAIT_MILLIS_MAX) {
    this.#words = new Int32Array(words)
    this.#waitMillisMax = waitMillisMax
  }

  /** Does `work` when nobody else does; waits a second for that at most. Not within another. */
  take<T>(work: () => T): T {
    const self = threadId + 1
    const words = this.#words
    const deadline = systemClock.monotonic() + this.#waitMillisMax
    for (;;) {
      const holder = Atomics.compareExchange(words, 0, NOBODY, self)
      if (holder === NOBODY) break
      const left = deadline - systemClock.monotonic()
      if (left > 0) Atomics.wait(words, 0, holder, left)
      else if (Atomics.compareExchange(words, 0, holder, self) === holder) break
    }
    try {
      return work()
    } finally {
      // Unless another has taken it away.
      if (Atomics.compareExchange(words, 0, self, NOBODY) === self) Atomics.notify(words, 0, 1)
    }
  }
}

function sharedWords(): SharedArrayBuffer {
  const known = getEnvironmentData(NAME)
  if (known instanceof SharedArrayBuffer) return known
  const words = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)
  setEnvironmentData(NAME, words)
  return words
}

/**
 * The turn of this thread and of all threads that it starts once this module is loaded. Threads that
 * have none in common take turns with their own only: the main thread of a program that encodes in
 * several workers loads it first.
 */
export const codecTurn = new CodecTurn(sharedWords())
