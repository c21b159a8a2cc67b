// Words of shared memory between the trainer's thread and the host: whether the trainer wants the
// run to end, and where it stands. Works while either event loop sleeps, and in `process.on('exit')`.
import { declareConsumerGone } from '../streams/ring/layout.ts'

const CLOSE = 0
const STATE = 1
const CLOSE_MILLIS = 2

export const states = { starting: 0, recording: 1, closed: 2, failed: 3 } as const

export type RunStateWord = (typeof states)[keyof typeof states]

export const createControlWords = (): SharedArrayBuffer => new SharedArrayBuffer(16)

export class ControlWords {
  readonly #words: Int32Array

  constructor(shared: SharedArrayBuffer) {
    this.#words = new Int32Array(shared)
  }

  /** The trainer's side: it is to take `millisMax` at most. The first word counts. */
  askToClose(millisMax: number): void {
    if (Atomics.load(this.#words, CLOSE) !== 0) return
    Atomics.store(this.#words, CLOSE_MILLIS, Math.floor(millisMax))
    Atomics.store(this.#words, CLOSE, 1)
    Atomics.notify(this.#words, CLOSE)
  }

  /** The host's side: resolves when the trainer has asked, to how long it may take. */
  async closeAsked(): Promise<number> {
    await Atomics.waitAsync(this.#words, CLOSE, 0).value
    return Atomics.load(this.#words, CLOSE_MILLIS)
  }

  get state(): RunStateWord {
    return Atomics.load(this.#words, STATE) as RunStateWord
  }

  enter(state: RunStateWord): void {
    Atomics.store(this.#words, STATE, state)
    Atomics.notify(this.#words, STATE)
  }

  /** Blocks the thread until the run has ended, or for `timeoutMillis`. True when it has. */
  waitEndedSync(timeoutMillis: number): boolean {
    const until = performance.now() + timeoutMillis
    while (!this.ended) {
      const left = until - performance.now()
      if (left <= 0) return false
      Atomics.wait(this.#words, STATE, this.state, left)
    }
    return true
  }

  get ended(): boolean {
    return this.state === states.closed || this.state === states.failed
  }
}

/**
 * The host's thread is at its end: whoever waits for it, or for a recorder of its, is let go. Nothing
 * when the run has ended before. `ring`: the trainer's, if there is a trainer.
 */
export function letGo(control: ControlWords, ring: SharedArrayBuffer | undefined): void {
  if (control.ended) return
  if (ring) declareConsumerGone(ring)
  control.enter(states.failed)
}
