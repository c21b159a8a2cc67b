// A real storage behind a door that the test holds: commits can be held back, fail before or after
// they were carried out, never come back, or end with the process that asked for them.
import type { LogStorage, Write } from '../../../src/store/storage.ts'

/** What happens to the next commit. */
export type CommitFault = 'refused' | 'answerLost' | 'hangs' | 'answerHangs'

export class FaultyStorage implements LogStorage {
  readonly #inner: LogStorage
  #door: PromiseWithResolvers<void> | undefined
  #fault: CommitFault | undefined
  #dead = false
  #running = 0
  #closed = false
  /** True once a commit was answered with an error. */
  failed = false
  /** Commits that were answered with success. */
  committed = 0

  constructor(inner: LogStorage) {
    this.#inner = inner
  }

  /** Holds commits back until `release`. */
  hold(): void {
    this.#door ??= Promise.withResolvers()
  }

  release(): void {
    this.#door?.resolve()
    this.#door = undefined
  }

  get held(): boolean {
    return this.#door !== undefined
  }

  plan(fault: CommitFault): void {
    this.#fault = fault
  }

  /** The process has died: what is on its way to the disk arrives or does not, nobody is told. */
  async abandon(): Promise<void> {
    this.#dead = true
    while (this.#running > 0) await new Promise(resolve => setImmediate(resolve))
    await this.#inner.close()
  }

  /** Whether the real storage has something in hand. What it had when it was closed is given up. */
  get busy(): boolean {
    return !this.#closed && this.#running > 0
  }

  async commit(epoch: number, writes: readonly Write[]): Promise<boolean> {
    await this.#door?.promise
    const fault = this.#fault
    this.#fault = undefined
    if (fault === 'refused') throw this.#error()
    if (fault === 'hangs' || this.#dead) return await forever()
    const done = await this.#run(() => this.#inner.commit(epoch, writes))
    if (fault === 'answerLost') throw this.#error()
    if (fault === 'answerHangs' || this.#dead) return await forever()
    if (done) this.committed++
    else this.failed = true
    return done
  }

  #error(): Error {
    this.failed = true
    return new Error('EIO: planted fault')
  }

  async #run<T>(operation: () => Promise<T>): Promise<T> {
    this.#running++
    try {
      return await operation()
    } finally {
      this.#running--
    }
  }

  async sync(): Promise<void> {
    await this.#door?.promise
    if (this.#dead) await forever()
    await this.#run(() => this.#inner.sync())
  }

  begin = (epoch: number) => this.#inner.begin(epoch)
  get = (...args: Parameters<LogStorage['get']>) => this.#inner.get(...args)
  keys = (...args: Parameters<LogStorage['keys']>) => this.#inner.keys(...args)
  count = (...args: Parameters<LogStorage['count']>) => this.#inner.count(...args)
  refresh = () => this.#inner.refresh()
  epoch = () => this.#inner.epoch()
  space = () => this.#inner.space()
  copy = (directory: string) => this.#inner.copy(directory)

  async close(): Promise<void> {
    if (!this.#dead) await this.#inner.close()
    this.#closed = true
  }
}

const forever = (): Promise<never> => new Promise(() => {})
