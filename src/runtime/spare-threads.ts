// Threads that load the actors of a run and wait to become one. Loading takes longer than all the rest of a
// restart, and much longer on a busy machine: with a spare at hand a restart does without. There are
// two, because one death often brings the next. Each costs about 30 MB. Their own end is spare-thread.
import { type ResourceLimits, Worker } from 'node:worker_threads'
import { type Clock, systemClock } from '../base/clock.ts'
import { entryFile } from '../base/entries.ts'
import type { ActorStart } from '../protocol/thread-messages.ts'
import type { FirstWord, SpareStart } from './spare-thread.ts'
import type { ActorKind } from './topology.ts'

const SPARES = 2
/** Loading waits until a run has started, and until who took the last spare has loaded its log. */
const AFTER_START_MILLIS = 2_500
const AFTER_TAKE_MILLIS = 50
/** One loads after the other. */
const AFTER_LOAD_MILLIS = 200
const AFTER_FAILURE_MILLIS = 2_500
/** How long closing waits for one that loads, which takes long on a busy machine. */
const CLOSE_MILLIS_MAX = 2_000

export class SpareThreads {
  readonly #heap: ResourceLimits
  readonly #clock: Clock
  readonly #workers: Worker[] = []
  #kinds: readonly ActorKind[] = []
  #cancel: (() => void) | undefined

  constructor(heap: ResourceLimits, clock: Clock = systemClock) {
    this.#heap = heap
    this.#clock = clock
  }

  /**
   * From soon on there are always some, which have loaded these kinds; any other would load when it is
   * taken. To be called once, when the run has started.
   */
  keep(kinds: readonly ActorKind[]): void {
    this.#kinds = kinds
    this.#loadAfter(AFTER_START_MILLIS)
  }

  /** The oldest one, which becomes the actor of `start` as soon as it can; undefined without one. */
  take(start: ActorStart): Worker | undefined {
    const worker = this.#workers.shift()
    if (worker === undefined) return undefined
    worker.removeAllListeners()
    worker.ref()
    worker.postMessage({ become: start } satisfies FirstWord)
    this.#loadAfter(AFTER_TAKE_MILLIS)
    return worker
  }

  /**
   * Resolves when all have ended, or after two seconds. One that is ended from outside while it loads
   * LMDB takes the whole process down, and a thread that ends does that to those it has started: so
   * this thread goes on until the last of them has come out by itself.
   */
  async close(): Promise<void> {
    this.#cancel?.()
    const ends = this.#workers.splice(0).map(worker => {
      worker.ref()
      worker.postMessage('end' satisfies FirstWord)
      return new Promise(resolve => worker.once('exit', resolve))
    })
    const patience = Promise.withResolvers<void>()
    const cancel = this.#clock.schedule(CLOSE_MILLIS_MAX, patience.resolve)
    await Promise.race([Promise.all(ends), patience.promise])
    cancel()
  }

  #loadAfter(millis: number): void {
    this.#cancel?.()
    this.#cancel = this.#clock.schedule(millis, () => this.#load())
  }

  #load(): void {
    if (this.#workers.length >= SPARES) return
    const worker = this.#tryThread()
    // Without a spare a restart is slower, and that is all.
    if (worker === undefined) {
      this.#loadAfter(AFTER_FAILURE_MILLIS)
      return
    }
    this.#workers.push(worker)
    if (this.#workers.length < SPARES) this.#loadAfter(AFTER_LOAD_MILLIS)
    worker.unref()
    const forget = (): void => {
      const index = this.#workers.indexOf(worker)
      if (index >= 0) this.#workers.splice(index, 1)
    }
    worker.on('error', forget)
    worker.on('exit', forget)
  }

  /** Undefined where the system has no thread for it (a limit of processes, memory): that throws. */
  #tryThread(): Worker | undefined {
    const workerData: SpareStart = { kinds: this.#kinds }
    const options = { workerData, name: 'rollcast:spare', resourceLimits: this.#heap }
    try {
      return new Worker(entryFile('runtime/spare-thread'), options)
    } catch {
      return undefined
    }
  }
}
