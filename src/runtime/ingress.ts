// The trainer's end of the ingress ring: everything that a trainer tells goes through here, in
// order, onto one ring. Nothing here throws, waits or awaits (unless `block` was chosen); what
// cannot be taken is counted, and the gap is an event of its own as soon as there is room.
import { RollcastError } from '../base/errors.ts'
import { encodeEvent, RECORD_HEADER_BYTES, tagOf } from '../protocol/codec.ts'
import type { Event, EventOf, Layout } from '../protocol/events.ts'
import { limits } from '../protocol/limits.ts'
import type { RingInlet } from '../streams/ring/inlet.ts'

/** After its first time, a refusal of the same kind is reported once in so many. */
const REFUSALS_PER_REPORT = 1000

export interface IngressStart {
  readonly nextEpisode: number
  readonly nextLayout: number
}

export class Ingress {
  readonly inlet: RingInlet
  readonly #onProblem: (problem: RollcastError) => void
  readonly #refusals = new Map<string, number>()
  #nextEpisode: number
  #nextLayout: number
  #closed = false
  #toldClosed = false
  /** Refused by the inlet and not yet told to the log. */
  #gapEvents = 0
  #gapBytes = 0

  constructor(inlet: RingInlet, start: IngressStart, onProblem: (problem: RollcastError) => void) {
    this.inlet = inlet
    this.#nextEpisode = start.nextEpisode
    this.#nextLayout = start.nextLayout
    this.#onProblem = onProblem
  }

  /** Unix milliseconds; runs with the monotonic clock, so it does not jump. */
  now(): number {
    return performance.timeOrigin + performance.now()
  }

  newEpisode(): number {
    return this.#nextEpisode++
  }

  /** Takes the next layout number; -1 when there are as many layouts as there may be. */
  newLayout(): number {
    return this.#nextLayout > limits.layoutsMax ? -1 : this.#nextLayout++
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Says once that calls come after the end. */
  tellClosed(): void {
    if (this.#toldClosed) return
    this.#toldClosed = true
    this.tell(new RollcastError('CLOSED', 'the run is closed: nothing more is recorded'))
  }

  /** From now on nothing is taken. */
  close(): void {
    this.#closed = true
  }

  /** Room for a body of `bytes`; its offset in the inlet's views, or -1 when it was refused. */
  claim(bytes: number, critical = false): number {
    if (this.#closed) return -1
    const lost = this.inlet.takeLost()
    if (lost || this.#gapEvents > 0) this.#markGap(lost)
    return this.inlet.claim(bytes, critical)
  }

  /** Writes one event of a general kind; false when it was refused. */
  write(event: Exclude<Event, { type: 'unknown' }>, critical = false): boolean {
    const record = encodeEvent(event, this.now())
    const bodyLength = new DataView(record.buffer, record.byteOffset).getUint32(0, true)
    const at = this.claim(bodyLength, critical)
    if (at < 0) return false
    const body = record.subarray(RECORD_HEADER_BYTES, RECORD_HEADER_BYTES + bodyLength)
    this.inlet.bytes.set(body, at)
    this.inlet.commit(tagOf(event.type))
    return true
  }

  declare(layout: Layout): boolean {
    return this.write({ type: 'layout_declared', ...layout } as EventOf<'layout_declared'>, true)
  }

  /** Something that the trainer handed in cannot be recorded: counted, told, never thrown. */
  refuse(agent: string, problem: RollcastError): void {
    const key = `${agent} ${problem.code}`
    const count = (this.#refusals.get(key) ?? 0) + 1
    this.#refusals.set(key, count)
    if (count !== 1 && count % REFUSALS_PER_REPORT !== 0) return
    const { code, message } = problem
    const since = count === 1 ? 1 : REFUSALS_PER_REPORT - (count === REFUSALS_PER_REPORT ? 1 : 0)
    this.write({ type: 'input_refused', agent, code, message, count: since })
    if (count === 1) this.tell(problem)
  }

  /** Tells the program of a problem. Its handler may do what it likes; the trainer goes on. */
  tell(problem: RollcastError): void {
    try {
      this.#onProblem(problem)
    } catch (error) {
      process.emitWarning(`onProblem threw: ${String(error)}`, { type: 'RollcastWarning' })
    }
  }

  #markGap(lost: { readonly count: number; readonly bytes: number } | undefined): void {
    this.#gapEvents += lost?.count ?? 0
    this.#gapBytes += lost?.bytes ?? 0
    const [events, bytes] = [this.#gapEvents, this.#gapBytes]
    const record = encodeEvent({ type: 'gap_found', cause: 'ring_full', events, bytes }, this.now())
    const body = record.subarray(RECORD_HEADER_BYTES)
    const at = this.inlet.claim(body.byteLength)
    if (at < 0) {
      // Still no room: the gap goes on growing. Its own refusal is no event that was lost.
      this.inlet.takeLost()
      return
    }
    this.inlet.bytes.set(body, at)
    this.inlet.commit(tagOf('gap_found'))
    this.#gapEvents = 0
    this.#gapBytes = 0
    const message = `${events} events (${bytes} B) came while the ring and its spill were full`
    this.tell(new RollcastError('UNAVAILABLE', message, { temporary: true }))
  }
}

/** The problem as a RollcastError, whatever was thrown. */
export function problemOf(error: unknown, what: string): RollcastError {
  if (error instanceof RollcastError) return error
  return new RollcastError('BAD_INPUT', `${what} could not be recorded: ${String(error)}`, {
    cause: error,
  })
}
