// Pictures of frames are made by a thread of their own, so that neither who sends them to viewers
// nor who encodes video waits for one (V11). The broadcaster talks to it directly; here it is only
// started, when pictures are wanted, and asked to end, when they are not any more.
//
// Invariant: what the broadcaster sends while there is no thread waits in the ports that are kept
// here, and moves with them.
import { type MessagePort, type ResourceLimits, Worker } from 'node:worker_threads'
import { entryFile } from '../base/entries.ts'
import type { ChannelStatus } from '../protocol/thread-messages.ts'
import type { MessagePortLike } from '../streams/port.ts'
import { heapOf } from './actor-heap.ts'
import type { Previews } from './host-links.ts'
import type { FromPreviews, PreviewStart, ToPreviews } from './preview-worker.ts'
import { endsOf, type Topology } from './topology.ts'

/** A thread inside FFmpeg must not be ended; one that does not come out of it is left alone. */
const CLOSE_MILLIS_MAX = 1_000

export class PreviewThread implements Previews {
  onLost = (): void => {}
  readonly #start: PreviewStart
  readonly #heap: ResourceLimits
  /** Ends of channels that no thread has yet. */
  readonly #ports = new Map<string, MessagePortLike>()
  #worker: Worker | undefined
  #counters: readonly ChannelStatus[] = []
  /** Those that have not ended yet, whoever they work for. */
  readonly #threads = new Set<Worker>()
  #isClosed = false

  constructor(topology: Topology, heap: ResourceLimits = heapOf()) {
    this.#start = endsOf(topology, 'previews')
    this.#heap = heap
  }

  connect(channel: string, port: MessagePortLike): void {
    this.#ports.get(channel)?.close()
    this.#ports.set(channel, port)
    if (this.#worker) this.#handOver(this.#worker)
  }

  start(): void {
    if (this.#worker !== undefined || this.#isClosed) return
    const worker = this.#tryThread()
    // Without one no picture is made; the broadcaster asks again when it has heard nothing for a while.
    if (worker === undefined) return
    this.#worker = worker
    this.#threads.add(worker)
    worker.on('message', ({ counters }: FromPreviews) => {
      if (this.#worker === worker) this.#counters = counters
    })
    // What it dies of is told by the pictures that do not come.
    worker.on('error', () => {})
    worker.once('exit', () => {
      this.#threads.delete(worker)
      if (this.#worker !== worker) return
      this.#forget()
      if (!this.#isClosed) this.onLost()
    })
    this.#handOver(worker)
  }

  stop(): void {
    this.#worker?.postMessage({ type: 'stop' } satisfies ToPreviews)
    this.#forget()
  }

  counters(): readonly ChannelStatus[] {
    return this.#counters
  }

  /** Waits for the picture that is being made, for a second at most. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.stop()
    for (const port of this.#ports.values()) port.close()
    const { promise: late, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, CLOSE_MILLIS_MAX)
    const ended = [...this.#threads].map(thread => new Promise(end => thread.once('exit', end)))
    await Promise.race([Promise.all(ended), late])
    clearTimeout(timer)
    for (const thread of this.#threads) thread.unref()
  }

  /** Undefined where the system has no thread for it (a limit of processes, memory): that throws. */
  #tryThread(): Worker | undefined {
    const options = { workerData: this.#start, name: 'rollcast:previews' }
    try {
      return new Worker(entryFile('runtime/preview-worker'), {
        ...options,
        resourceLimits: this.#heap,
      })
    } catch {
      return undefined
    }
  }

  #forget(): void {
    this.#worker = undefined
    this.#counters = []
  }

  #handOver(worker: Worker): void {
    for (const [channel, port] of this.#ports) {
      const message: ToPreviews = { type: 'connect', channel, port: port as MessagePort }
      worker.postMessage(message, [port as MessagePort])
    }
    this.#ports.clear()
  }
}
