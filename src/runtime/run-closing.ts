// How a run ends, once, with an event loop or without: last words first, then what waits in the heap
// goes into the ring, then the host drains and stops. One deadline, set by the first call, is for all
// of it: each part has what the parts before it have left.
import { type Clock, systemClock } from '../base/clock.ts'
import type { EventOf } from '../protocol/events.ts'
import type { RingInlet } from '../streams/ring/inlet.ts'
import { countUnread } from '../streams/ring/reader.ts'
import type { HostClient } from './host-client.ts'
import { type Problem, problemError } from './host-messages.ts'

type Reason = Exclude<EventOf<'run_ended'>['reason'], 'failed'>

/** Of the time for closing, the part after which what still waits in the heap is given up. */
const FLUSH_SHARE = 0.5
/** A host that has not ended so long after the time for closing hangs, on however busy a machine. */
const HANGS_MILLIS = 30_000

export interface RunClosingOptions {
  readonly host: Pick<HostClient, 'close' | 'closed' | 'closeSync' | 'unref'>
  readonly inlet: RingInlet
  readonly closeMillisMax: number
  /** Ends what is open; nothing is recorded after it. */
  readonly sayGoodbye: (reason: Reason) => void
  /** Called when all threads have stopped. */
  readonly cleanUp: () => void
  readonly clock?: Clock
}

export class RunClosing {
  readonly #options: RunClosingOptions
  readonly #clock: Clock
  #closing: Promise<void> | undefined
  /** When all is over, monotonic milliseconds; undefined before the first call. */
  #until: number | undefined

  constructor(options: RunClosingOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
  }

  /** Throws what kept the run from a clean end. A second call does nothing more. */
  close(reason: Reason): Promise<void> {
    this.#closing ??= this.#close(reason)
    return this.#closing
  }

  /** From `process.on('exit')`: no event loop any more. Goes on with what `close` has begun. */
  closeSync(reason: Reason): void {
    const { host, inlet } = this.#options
    this.#begin(reason)
    while (this.#isFlushing()) {
      const { writer } = inlet
      writer.waitReleased(writer.releasedPosition + 8, 50)
    }
    inlet.writer.close()
    host.closeSync(this.#left)
  }

  async #close(reason: Reason): Promise<void> {
    const { host, inlet, cleanUp } = this.#options
    this.#begin(reason)
    while (this.#isFlushing()) await new Promise(resolve => setTimeout(resolve, 5))
    inlet.writer.close()
    host.close(this.#left)
    const problem = await this.#endOfHost()
    cleanUp()
    if (problem === null) return
    throw problemError({ ...problem, message: problem.message + this.#unrecorded() })
  }

  /** What the host ended with; TIMEOUT when it hangs, as on a disk that does: it is left alone. */
  async #endOfHost(): Promise<Problem | null> {
    const { host } = this.#options
    const hangs = Promise.withResolvers<Problem>()
    const millis = Math.round(this.#left + HANGS_MILLIS)
    const cancel = this.#clock.schedule(millis, () => {
      const message = `expected the host's thread to end within ${millis} ms, found that it hangs`
      host.unref()
      hangs.resolve({ code: 'TIMEOUT', message })
    })
    const problem = await Promise.race([host.closed(), hangs.promise])
    cancel()
    return problem
  }

  #begin(reason: Reason): void {
    if (this.#until !== undefined) return
    const { inlet, closeMillisMax, sayGoodbye } = this.#options
    this.#until = this.#clock.monotonic() + closeMillisMax
    // The last words are not to wait for a disk that hangs.
    inlet.stopBlocking()
    sayGoodbye(reason)
  }

  /** Moves what waits in the heap. False when nothing does, nobody will fetch it, or time is up. */
  #isFlushing(): boolean {
    const { inlet, closeMillisMax } = this.#options
    if (inlet.flushSpill() || !inlet.writer.consumerExpected) return false
    return this.#left > closeMillisMax * (1 - FLUSH_SHARE)
  }

  get #left(): number {
    return Math.max(0, (this.#until ?? 0) - this.#clock.monotonic())
  }

  /** What was handed in and is on no record, once nobody records any more. */
  #unrecorded(): string {
    const { writer, counters } = this.#options.inlet
    const count =
      counters.dropped + counters.depth + countUnread(writer.words.buffer as SharedArrayBuffer)
    return count === 0 ? '' : `; ${count} events are on no record`
  }
}
