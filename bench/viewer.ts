// A viewer of a run in a thread of its own: it takes what it gets and measures how old it is.
import { Worker } from 'node:worker_threads'
import { RollcastError } from '../src/base/errors.ts'

/** Sent to the viewer's thread. */
export type ViewerCommand =
  /** Answered by a report once the end of `episode` has arrived. */
  { readonly type: 'report'; readonly episode: number } | { readonly type: 'close' }

export interface ViewerStart {
  /** The page's address. */
  readonly url: string
  readonly maxFps: number
  /** Added to `monotonicMillis()` gives the trainer's own time of an event. */
  readonly clockOffset: number
}

export interface Ages {
  readonly count: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** What arrived since the last report. Ages are milliseconds. */
export interface ViewerReport {
  readonly states: Ages
  readonly frames: Ages
  readonly bytes: number
  /** Steps of the episode that ended, as its end said. */
  readonly episodeSteps: number
}

export type ViewerMessage =
  | { readonly type: 'connected' }
  | { readonly type: 'report'; readonly report: ViewerReport }
  | { readonly type: 'failed'; readonly problem: string }

const PATIENCE_MILLIS = 30_000

/** CLOCK_MONOTONIC, the same in every thread and process of this machine. */
export const monotonicMillis = (): number => Number(process.hrtime.bigint()) / 1e6

export class Viewer {
  readonly #worker: Worker
  #waiting: PromiseWithResolvers<ViewerMessage> | undefined
  #problem: RollcastError | undefined

  private constructor(worker: Worker) {
    this.#worker = worker
    worker.on('message', (message: ViewerMessage) => {
      if (message.type === 'failed') this.#fail(message.problem)
      else this.#waiting?.resolve(message)
    })
    worker.on('error', error => this.#fail(String(error)))
  }

  /** Resolves when the viewer is connected and has been greeted. */
  static async connect(url: string, maxFps: number): Promise<Viewer> {
    const clockOffset = performance.timeOrigin + performance.now() - monotonicMillis()
    const start: ViewerStart = { url, maxFps, clockOffset }
    const entry = new URL('./viewer.thread.ts', import.meta.url)
    const viewer = new Viewer(new Worker(entry, { workerData: start }))
    await viewer.#next('the greeting')
    return viewer
  }

  /** What arrived since the last report, up to and including the end of `episode`. */
  async report(episode: number): Promise<ViewerReport> {
    const answer = this.#next(`the end of episode ${episode}`)
    this.#worker.postMessage({ type: 'report', episode } satisfies ViewerCommand)
    const message = await answer
    if (message.type !== 'report') throw new RollcastError('INTERNAL', 'expected a report')
    return message.report
  }

  async close(): Promise<void> {
    const ended = new Promise(resolve => this.#worker.once('exit', resolve))
    this.#worker.postMessage({ type: 'close' } satisfies ViewerCommand)
    await ended
  }

  async #next(what: string): Promise<ViewerMessage> {
    if (this.#problem) throw this.#problem
    const waiting = Promise.withResolvers<ViewerMessage>()
    this.#waiting = waiting
    const timer = setTimeout(() => {
      waiting.reject(new RollcastError('TIMEOUT', `the viewer waits for ${what}`))
    }, PATIENCE_MILLIS)
    return waiting.promise.finally(() => clearTimeout(timer))
  }

  #fail(problem: string): void {
    this.#problem = new RollcastError('UNAVAILABLE', `the viewer: ${problem}`)
    this.#waiting?.reject(this.#problem)
  }
}
