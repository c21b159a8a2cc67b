// How a run ends, once, with an event loop or without: last words first, then what waits in the heap
// goes into the ring, then the host drains and stops. No longer than its deadline.
import type { EventOf } from '../protocol/events.ts'
import type { RingInlet } from '../streams/ring/inlet.ts'
import { countUnread } from '../streams/ring/reader.ts'
import type { HostClient } from './host-client.ts'
import { problemError } from './host-messages.ts'

type Reason = Exclude<EventOf<'run_ended'>['reason'], 'failed'>

export interface RunClosingOptions {
  readonly host: HostClient
  readonly inlet: RingInlet
  readonly closeMillisMax: number
  /** Ends what is open; nothing is recorded after it. */
  readonly sayGoodbye: (reason: Reason) => void
  /** Called when all threads have stopped. */
  readonly cleanUp: () => void
}

export class RunClosing {
  readonly #options: RunClosingOptions
  #closing: Promise<void> | undefined

  constructor(options: RunClosingOptions) {
    this.#options = options
  }

  /** Throws what kept the run from a clean end. A second call does nothing more. */
  close(reason: Reason): Promise<void> {
    this.#closing ??= this.#close(reason)
    return this.#closing
  }

  /** From `process.on('exit')`: no event loop any more. */
  closeSync(reason: Reason): void {
    const { host, inlet, sayGoodbye } = this.#options
    if (this.#closing) {
      host.closeSync()
      return
    }
    sayGoodbye(reason)
    const until = this.#deadline
    while (!inlet.flushSpill() && performance.now() < until) {
      const { writer } = inlet
      writer.waitReleased(writer.releasedPosition + 8, 50)
    }
    inlet.writer.close()
    host.closeSync()
  }

  async #close(reason: Reason): Promise<void> {
    const { host, inlet, sayGoodbye, cleanUp } = this.#options
    sayGoodbye(reason)
    const until = this.#deadline
    while (!host.hasEnded && !inlet.flushSpill() && performance.now() < until) {
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    inlet.writer.close()
    host.close()
    const problem = await host.closed()
    cleanUp()
    if (problem === null) return
    throw problemError({ ...problem, message: problem.message + this.#unrecorded() })
  }

  get #deadline(): number {
    return performance.now() + this.#options.closeMillisMax
  }

  /** What was handed in and is on no record, once nobody records any more. */
  #unrecorded(): string {
    const { writer, counters } = this.#options.inlet
    const count =
      counters.dropped + counters.depth + countUnread(writer.words.buffer as SharedArrayBuffer)
    return count === 0 ? '' : `; ${count} events are on no record`
  }
}
