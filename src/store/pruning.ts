// Deletes pixels that were asked to go, a few in each transaction, so that commits of what is new
// come in between.
import type { RollcastError } from '../base/errors.ts'
import { readSeqKey } from './keys.ts'
import { metaWrite } from './meta.ts'
import type { LogStorage, Write } from './storage.ts'

/** Frames deleted in one transaction. */
const FRAMES_MAX = 64

interface Job {
  readonly beforeSeq: number
  readonly done: PromiseWithResolvers<number>
  count: number
}

export class Pruning {
  readonly #storage: LogStorage
  readonly #commit: (writes: readonly Write[]) => Promise<void>
  readonly #jobs: Job[] = []

  constructor(storage: LogStorage, commit: (writes: readonly Write[]) => Promise<void>) {
    this.#storage = storage
    this.#commit = commit
  }

  get waits(): boolean {
    return this.#jobs.length > 0
  }

  /** Resolves to how many frames numbered below `beforeSeq` had pixels. */
  request(beforeSeq: number): Promise<number> {
    const done = Promise.withResolvers<number>()
    this.#jobs.push({ beforeSeq, done, count: 0 })
    return done.promise
  }

  /** One transaction of the oldest job. */
  async step(): Promise<void> {
    const [job] = this.#jobs
    if (job === undefined) return
    this.#storage.refresh()
    const keys = this.#storage
      .keys('frames', { limit: FRAMES_MAX })
      .filter(key => readSeqKey(key) < job.beforeSeq)
    if (keys.length > 0) {
      const deletes = keys.map((key): Write => ({ table: 'frames', key }))
      const pruned = readSeqKey(keys.at(-1)!) + 1
      await this.#commit([...deletes, metaWrite('prunedBefore', pruned)])
      job.count += keys.length
    }
    if (keys.length === FRAMES_MAX) return
    this.#jobs.shift()
    job.done.resolve(job.count)
  }

  reject(error: RollcastError): void {
    for (const job of this.#jobs.splice(0)) job.done.reject(error)
  }
}
