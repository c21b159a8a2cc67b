// Reads of the log for viewers are bursts of stateless work: a thread of their own does them, so that
// neither the live path nor the host waits.
import { entryFile } from '../base/entries.ts'
import { describeError, RollcastError } from '../base/errors.ts'
import type { HistoryAnswer, HistoryQuery } from '../protocol/thread-messages.ts'
import type { OpenReaderOptions } from '../store/open-log.ts'
import type { HistoryTask } from './history-worker.ts'
import { TaskThread } from './task-thread.ts'

/** Its first answer waits until LMDB is loaded, which takes long on a busy machine. */
const CLOSE_MILLIS_MAX = 2_000

export class HistoryPool {
  readonly #runDir: string | null
  readonly #reader: OpenReaderOptions
  readonly #thread = new TaskThread({
    filename: entryFile('runtime/history-worker').href,
    queueMax: 256,
    closeMillisMax: CLOSE_MILLIS_MAX,
  })

  /** `reader`: how this process opens the log. Null without a run. */
  constructor(runDir: string | null, reader: OpenReaderOptions) {
    this.#runDir = runDir
    this.#reader = reader
  }

  /** The answer, or `failed` with the reason; never throws. */
  async answer(query: HistoryQuery): Promise<HistoryAnswer> {
    if (this.#runDir === null) return failed(query, 'NOT_FOUND', 'there is no run yet')
    const task: HistoryTask = { runDir: this.#runDir, reader: this.#reader, query }
    try {
      return (await this.#thread.run(task, 'answer')) as HistoryAnswer
    } catch (error) {
      const code = error instanceof RollcastError ? error.code : 'INTERNAL'
      return failed(query, code, describeError(error))
    }
  }

  /** Waits for questions that are being answered, for two seconds at most. */
  close(): Promise<void> {
    return this.#thread.close()
  }
}

const failed = (query: HistoryQuery, code: string, message: string): HistoryAnswer => ({
  id: query.id,
  kind: 'failed',
  code,
  message,
})
