// A program's end of the host: starts its thread, waits for it, and ends it. Nothing here needs
// the program's event loop once the run has started, but to hear that the host has died.
import { Worker } from 'node:worker_threads'
import { systemClock } from '../base/clock.ts'
import { entryFile } from '../base/entries.ts'
import { describeError } from '../base/errors.ts'
import type { CrashKind, SystemNotice } from '../protocol/thread-messages.ts'
import { heapOf } from './actor-heap.ts'
import { ControlWords, createControlWords, letGo } from './control-words.ts'
import {
  type HostDetail,
  type HostMessage,
  type HostStart,
  type Problem,
  problemError,
} from './host-messages.ts'
import type { ActorName } from './topology.ts'

/** How long the host's thread may take to end when it has nothing to do any more. */
const GONE_MILLIS_MAX = 2_000

export class HostClient {
  readonly #worker: Worker
  readonly #control: ControlWords
  readonly #ring: SharedArrayBuffer | undefined
  readonly #closeMillisMax: number
  readonly #started = Promise.withResolvers<HostDetail>()
  readonly #ended = Promise.withResolvers<Problem | null>()
  #status: SystemNotice | undefined
  #hasEnded = false
  /** What the host died of. */
  #death: string | undefined
  onStatus: (status: SystemNotice) => void = () => {}
  /** What an actor has noted. */
  onNote: (facts: Readonly<Record<string, unknown>>) => void = () => {}
  /** Actors were stopped before they had finished. */
  onLate: (actors: readonly ActorName[]) => void = () => {}

  constructor(start: Omit<HostStart, 'control' | 'timeOrigin'>) {
    const control = createControlWords()
    const workerData: HostStart = { ...start, control, timeOrigin: performance.timeOrigin }
    this.#control = new ControlWords(control)
    this.#ring = start.trainer?.ring
    this.#closeMillisMax = start.closeMillisMax
    this.#worker = new Worker(entryFile('runtime/host-thread'), {
      workerData,
      name: 'rollcast:host',
      resourceLimits: heapOf(),
    })
    this.#worker.on('message', (message: HostMessage) => this.#take(message))
    this.#worker.on('error', error => this.#lose(describeError(error)))
    this.#worker.on('exit', () => this.#lose('it ended'))
    this.#ended.promise.then(problem => {
      const message = problem ?? { code: 'CLOSED', message: 'the run ended before it had started' }
      this.#started.reject(problemError(message))
    })
    // Whoever awaits `started` hears of it; a program that does not is not to be ended by it.
    this.#started.promise.catch(() => {})
  }

  /** Resolves when every actor runs; rejects with why they do not. */
  get started(): Promise<HostDetail> {
    return this.#started.promise
  }

  /** Resolves when everything has stopped; to null after a clean end. */
  get ended(): Promise<Problem | null> {
    return this.#ended.promise
  }

  /** From now on the host does not keep the program alive. */
  unref(): void {
    this.#worker.unref()
  }

  get status(): SystemNotice | undefined {
    return this.#status
  }

  /** For fault tests; obeyed only by a host that was started with `faults`. */
  crash(actor: ActorName, how: CrashKind): void {
    this.#worker.postMessage({ type: 'crash', actor, how })
  }

  /** Asks for the end within `millisMax` (default `closeMillisMax`); the first call counts. */
  close(millisMax = this.#closeMillisMax): void {
    this.#control.askToClose(millisMax)
  }

  /** As `ended`, and keeps the program alive until then, but not for a thread that hangs. */
  async closed(): Promise<Problem | null> {
    this.#worker.ref()
    const problem = await this.#ended.promise
    setTimeout(() => this.#worker.unref(), GONE_MILLIS_MAX).unref()
    return problem
  }

  /** The same without an event loop, for `process.on('exit')`. True when it ended in time. */
  closeSync(millisMax: number): boolean {
    this.close(millisMax)
    return this.#control.waitEndedSync(millisMax)
  }

  #take(message: HostMessage): void {
    if (message.type === 'started') this.#started.resolve(message.detail)
    else if (message.type === 'ended') this.#end(message.problem)
    else if (message.type === 'dying') this.#noteDeath(message.message)
    else if (message.type === 'late') this.onLate(message.actors)
    else if (message.type === 'noted') this.onNote(message.facts)
    else {
      const { status } = message
      // An error comes by a line of its own, before what the host had said last.
      this.#status = this.#death === undefined ? status : afterDeath(status, this.#death)
      this.onStatus(this.#status)
    }
  }

  #end(problem: Problem | null): void {
    this.#hasEnded = true
    const death = this.#death
    this.#ended.resolve(death === undefined ? problem : { code: 'INTERNAL', message: death })
  }

  /** Its thread has ended without a word, and all that it had started with it. */
  #lose(how: string): void {
    if (this.#hasEnded) return
    letGo(this.#control, this.#ring)
    this.#noteDeath(how)
    this.#end(null)
  }

  #noteDeath(how: string): void {
    if (this.#death !== undefined) return
    this.#death = `the host died, nothing is recorded any more: ${how}`
    if (this.#status) this.#take({ type: 'status', status: this.#status })
  }
}

const afterDeath = (status: SystemNotice, problem: string): SystemNotice => ({
  ...{ ...status, time: systemClock.now(), healthy: false, problem },
  actors: status.actors.map(actor => ({ ...actor, state: 'gone' })),
})
