// Reads of the log for viewers are bursts of stateless work: a pool does them, so that neither the
// live path nor the host waits. Its one thread starts with the first query and ends when idle.
import { Piscina } from 'piscina'
import { describeError, RollcastError } from '../base/errors.ts'
import type { HistoryAnswer, HistoryQuery } from '../protocol/thread-messages.ts'
import type { OpenReaderOptions } from '../store/open-log.ts'
import { heapOf } from './actor-heap.ts'
import type { HistoryTask } from './history-worker.ts'

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
const IDLE_MILLIS = 30_000

export class HistoryPool {
  readonly #runDir: string | null
  readonly #reader: OpenReaderOptions
  #pool: Piscina | undefined

  /** `reader`: how this process opens the log. Null without a run. */
  constructor(runDir: string | null, reader: OpenReaderOptions) {
    this.#runDir = runDir
    this.#reader = reader
  }

  /** The answer, or `failed` with the reason; never throws. */
  async answer(query: HistoryQuery): Promise<HistoryAnswer> {
    if (this.#runDir === null) return failed(query, 'NOT_FOUND', 'there is no run yet')
    this.#pool ??= new Piscina({
      filename: new URL(`./history-worker.${extension}`, import.meta.url).href,
      minThreads: 0,
      maxThreads: 1,
      maxQueue: 256,
      idleTimeout: IDLE_MILLIS,
      resourceLimits: heapOf(),
    })
    const task: HistoryTask = { runDir: this.#runDir, reader: this.#reader, query }
    try {
      return (await this.#pool.run(task, { name: 'answer' })) as HistoryAnswer
    } catch (error) {
      const code = error instanceof RollcastError ? error.code : 'INTERNAL'
      return failed(query, code, describeError(error))
    }
  }

  async close(): Promise<void> {
    await this.#pool?.destroy()
  }
}

const failed = (query: HistoryQuery, code: string, message: string): HistoryAnswer => ({
  id: query.id,
  kind: 'failed',
  code,
  message,
})
