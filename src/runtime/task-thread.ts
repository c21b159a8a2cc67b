// A thread for bursts of work, which starts with the first task and ends when it has been idle. While
// it loads or runs native code it must not be ended, or the whole process goes down with it: closing
// waits for what is being done, within a bound, and leaves a thread alone that does not come out.
import { Piscina } from 'piscina'
import { RollcastError } from '../base/errors.ts'
import { heapOf } from './actor-heap.ts'

const IDLE_MILLIS = 30_000

export interface TaskThreadOptions {
  /** The module that does the work. */
  readonly filename: string
  /** Tasks that may wait. */
  readonly queueMax: number
  /** How long closing waits for tasks that were begun. */
  readonly closeMillisMax: number
}

export class TaskThread {
  readonly #options: TaskThreadOptions
  readonly #running = new Set<Promise<unknown>>()
  #pool: Piscina | undefined
  #isClosed = false

  constructor(options: TaskThreadOptions) {
    this.#options = options
  }

  /** What the module's function `name` makes of the task. Rejects with CLOSED after `close`. */
  async run(task: unknown, name: string): Promise<unknown> {
    if (this.#isClosed) throw new RollcastError('CLOSED', 'the run ends')
    const { filename, queueMax } = this.#options
    this.#pool ??= new Piscina({
      ...{ filename, minThreads: 0, maxThreads: 1, maxQueue: queueMax },
      idleTimeout: IDLE_MILLIS,
      resourceLimits: heapOf(),
    })
    const running = this.#pool.run(task, { name })
    this.#running.add(running)
    try {
      return await running
    } finally {
      this.#running.delete(running)
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#pool === undefined) return
    const { closeMillisMax } = this.#options
    const patience = new Promise(resolve => setTimeout(resolve, closeMillisMax).unref())
    await Promise.race([Promise.allSettled(this.#running), patience])
    if (this.#running.size === 0) await this.#pool.destroy()
    else for (const thread of this.#pool.threads) thread.unref()
  }
}
