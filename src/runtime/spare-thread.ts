// A thread that has loaded every actor and waits to become one. Loading takes longer than all the
// rest of a restart, and much longer on a busy machine: with a spare at hand a restart does without.
// It costs about 30 MB; there is never more than one. Both of its ends are in this file.
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import type { ActorDefinition } from '../actors/run-actor.ts'
import { type Clock, systemClock } from '../base/clock.ts'
import type { ActorStart } from '../protocol/thread-messages.ts'
import { actorHeap } from './actor-heap.ts'

/** What the thread is started with; tells it from an actor's. */
const ROLE = 'rollcast:spare'
/** Loading waits until a run has started, and until who took the last spare runs. */
const AFTER_START_MILLIS = 1_000
const AFTER_TAKE_MILLIS = 100

type Message = { readonly become: ActorStart } | 'end'

export class SpareThread {
  readonly #clock: Clock
  #worker: Worker | undefined
  #loaded = false
  #cancel: (() => void) | undefined

  constructor(clock: Clock = systemClock) {
    this.#clock = clock
  }

  /** From soon on there is always one. To be called once, when the run has started. */
  keep(): void {
    this.#loadAfter(AFTER_START_MILLIS)
  }

  /** The thread, which from now on is the actor of `start`; undefined when there is none yet. */
  take(start: ActorStart): Worker | undefined {
    const worker = this.#loaded ? this.#worker : undefined
    if (worker === undefined) return undefined
    worker.off('error', this.#forget)
    worker.off('exit', this.#forget)
    this.#forget()
    worker.ref()
    worker.postMessage({ become: start } satisfies Message)
    this.#loadAfter(AFTER_TAKE_MILLIS)
    return worker
  }

  close(): void {
    this.#cancel?.()
    this.#worker?.postMessage('end' satisfies Message)
  }

  #loadAfter(millis: number): void {
    this.#cancel = this.#clock.schedule(millis, () => this.#load())
  }

  #load(): void {
    const worker = new Worker(new URL(import.meta.url), {
      workerData: ROLE,
      name: ROLE,
      resourceLimits: actorHeap,
    })
    this.#worker = worker
    worker.unref()
    worker.once('message', () => {
      this.#loaded = true
    })
    // Without a spare a restart is slower, and that is all.
    worker.on('error', this.#forget)
    worker.on('exit', this.#forget)
  }

  readonly #forget = (): void => {
    this.#worker = undefined
    this.#loaded = false
  }
}

/** The thread's own end. */
async function standBy(): Promise<void> {
  const { threadEndpoint } = await import('../actors/endpoint.ts')
  const { runActor } = await import('../actors/run-actor.ts')
  const definitions: Readonly<Record<string, ActorDefinition<never>>> = {
    recorder: (await import('../actors/recorder/actor.ts')).recorder,
    encoder: (await import('../actors/encoder/actor.ts')).encoder,
    aggregator: (await import('../actors/aggregator/actor.ts')).aggregator,
    broadcaster: (await import('../actors/broadcaster/actor.ts')).broadcaster,
    player: (await import('../replay/actor.ts')).player,
  }
  parentPort?.once('message', (message: Message) => {
    const definition = message === 'end' ? undefined : definitions[message.become.name]
    if (message === 'end' || definition === undefined) parentPort?.close()
    else runActor(threadEndpoint(message.become), definition)
  })
  parentPort?.postMessage('loaded')
}

if (!isMainThread && workerData === ROLE) await standBy()
