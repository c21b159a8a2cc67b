// Four words of shared memory between the trainer's thread and the host: what the trainer wants,
// and where the run stands. Works while either event loop sleeps, and in `process.on('exit')`.
const COMMAND = 0
const STATE = 1

export const commands = { none: 0, close: 1, closeNow: 2 } as const
export const states = { starting: 0, recording: 1, closed: 2, failed: 3 } as const

export type RunCommandWord = (typeof commands)[keyof typeof commands]
export type RunStateWord = (typeof states)[keyof typeof states]

export const createControlWords = (): SharedArrayBuffer => new SharedArrayBuffer(16)

export class ControlWords {
  readonly #words: Int32Array

  constructor(shared: SharedArrayBuffer) {
    this.#words = new Int32Array(shared)
  }

  get command(): RunCommandWord {
    return Atomics.load(this.#words, COMMAND) as RunCommandWord
  }

  /** The trainer's side. A stronger command is never replaced by a weaker one. */
  give(command: RunCommandWord): void {
    if (command <= this.command) return
    Atomics.store(this.#words, COMMAND, command)
    Atomics.notify(this.#words, COMMAND)
  }

  /** The host's side: resolves when the command is no longer `last`. */
  async nextCommand(last: RunCommandWord): Promise<RunCommandWord> {
    await Atomics.waitAsync(this.#words, COMMAND, last).value
    return this.command
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
