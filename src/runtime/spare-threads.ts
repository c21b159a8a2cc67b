// Threads that load the actors of a run and wait to become one. Loading takes longer than all the rest of a
// restart, and much longer on a busy machine: with a spare at hand a restart does without. There are
// two, because one death often brings the next. Each costs about 30 MB. Both of their ends are in
// this file.
import {
  isMainThread,
  type MessagePort,
  parentPort,
  type ResourceLimits,
  Worker,
  workerData,
} from 'node:worker_threads'
import type { ActorDefinition } from '../actors/run-actor.ts'
import { type Clock, systemClock } from '../base/clock.ts'
import type { ActorCommand, ActorStart } from '../protocol/thread-messages.ts'
import { type ActorKind, type ActorName, kindOf } from './topology.ts'

/** What the thread is started with; the role tells it from an actor's. */
interface SpareStart {
  readonly role: typeof ROLE
  readonly kinds: readonly ActorKind[]
}
const ROLE = 'rollcast:spare'
const SPARES = 2
/** Loading waits until a run has started, and until who took the last spare has loaded its log. */
const AFTER_START_MILLIS = 2_500
const AFTER_TAKE_MILLIS = 50
/** One loads after the other. */
const AFTER_LOAD_MILLIS = 200
const AFTER_FAILURE_MILLIS = 2_500
/** How long closing waits for one that loads, which takes long on a busy machine. */
const CLOSE_MILLIS_MAX = 2_000

type First = { readonly become: ActorStart } | 'end'

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
    worker.postMessage({ become: start } satisfies First)
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
      worker.postMessage('end' satisfies First)
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
    const workerData: SpareStart = { role: ROLE, kinds: this.#kinds }
    const options = { workerData, name: ROLE, resourceLimits: this.#heap }
    try {
      return new Worker(new URL(import.meta.url), options)
    } catch {
      return undefined
    }
  }
}

// --- the thread's own end -----------------------------------------------------------------------

const definitions: Readonly<Record<ActorKind, () => Promise<ActorDefinition<never>>>> = {
  recorder: async () => (await import('../actors/recorder/actor.ts')).recorder,
  encoder: async () => (await import('../actors/encoder/actor.ts')).encoder,
  aggregator: async () => (await import('../actors/aggregator/actor.ts')).aggregator,
  broadcaster: async () => (await import('../actors/broadcaster/actor.ts')).broadcaster,
  dataset: async () => (await import('../export/actor.ts')).dataset,
  player: async () => (await import('../replay/actor.ts')).player,
}

async function standBy(port: MessagePort, { kinds }: SpareStart): Promise<void> {
  const first = Promise.withResolvers<First>()
  let isTold = false
  /** What comes while the actor is not there yet. */
  const early: ActorCommand[] = []
  let listener = (command: ActorCommand): void => void early.push(command)
  port.on('message', (message: First | ActorCommand) => {
    if (isTold) return listener(message as ActorCommand)
    isTold = true
    first.resolve(message as First)
  })
  const { threadEndpoint } = await import('../actors/endpoint.ts')
  const { runActor } = await import('../actors/run-actor.ts')
  for (const kind of kinds) if (!isTold) await definitions[kind]()
  const told = await first.promise
  const load = told === 'end' ? undefined : definitions[kindOf(told.become.name as ActorName)]
  if (told === 'end' || load === undefined) return port.close()
  const endpoint = threadEndpoint(told.become, next => {
    listener = next
    for (const command of early.splice(0)) next(command)
  })
  runActor(endpoint, await load())
}

const given = workerData as SpareStart | null
if (!isMainThread && given?.role === ROLE && parentPort) await standBy(parentPort, given)
