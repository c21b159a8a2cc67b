// Reads of the log for viewers are bursts of stateless work: a pool does them, so that neither the
// live path nor the host waits. Its one thread starts with the first query and ends when idle.
import { Piscina } from 'piscina'
import { describeError, RollcastError } from '../base/errors.ts'
import type { HistoryAnswer, HistoryQuery } from '../protocol/thread-messages.ts'

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
const IDLE_MILLIS = 30_000

export class HistoryPool {
  readonly #runDir: string
  #pool: Piscina | undefined

  constructor(runDir: string) {
    this.#runDir = runDir
  }

  /** The answer, or `failed` with the reason; never throws. */
  async answer(query: HistoryQuery): Promise<HistoryAnswer> {
    this.#pool ??= new Piscina({
      filename: new URL(`./history-worker.${extension}`, import.meta.url).href,
      minThreads: 0,
      maxThreads: 1,
      maxQueue: 256,
      idleTimeout: IDLE_MILLIS,
    })
    try {
      return (await this.#pool.run({ runDir: this.#runDir, query })) as HistoryAnswer
    } catch (error) {
      const code = error instanceof RollcastError ? error.code : 'INTERNAL'
      return { id: query.id, kind: 'failed', code, message: describeError(error) }
    }
  }

  async close(): Promise<void> {
    await this.#pool?.destroy()
  }
}
