// The trainer's end of the ingress ring: everything that a trainer tells goes through here, in
// order, onto one ring. Nothing here throws, waits or awaits (unless `block` was chosen); what
// cannot be taken is counted, and the gap is an event of its own as soon as there is room.
import { describeError, RollcastError } from '../base/errors.ts'
import { EVENT_TIME_BYTES, packEvent, tagOf } from '../protocol/codec.ts'
import type { EventOf, GeneralEvent, Layout } from '../protocol/events.ts'
import { limits } from '../protocol/limits.ts'
import type { RingInlet } from '../streams/ring/inlet.ts'
import { LossGauge } from './loss-window.ts'

/** After its first time, a refusal of the same kind is reported once in so many, and at the end. */
const REFUSALS_PER_REPORT = 1000
/** A gap comes seldom alone: after the first the program is told of all that came in so long. */
const GAPS_TOLD_MILLIS = 10_000

/** Refusals of one agent and code. */
interface Refusal {
  readonly agent: string
  /** The newest of them. */
  problem: RollcastError
  count: number
  /** How many of them the log knows of. */
  told: number
}

/** The trainer's time runs with the monotonic clock and does not jump; all in milliseconds. */
export interface TrainerTime {
  /** Unix time of the monotonic clock's zero. */
  readonly origin: number
  monotonic(): number
}

/** The origin is read once: it is a getter, and a step has no time for it. */
const systemTime: TrainerTime = {
  origin: performance.timeOrigin,
  monotonic: () => performance.now(),
}

export interface IngressStart {
  readonly nextEpisode: number
  readonly nextLayout: number
  readonly time?: TrainerTime
}

export class Ingress {
  readonly inlet: RingInlet
  /** What is not yet durable of what went through here. */
  readonly loss: LossGauge
  readonly time: TrainerTime
  readonly #onProblem: (problem: RollcastError) => void
  readonly #refusals = new Map<string, Refusal>()
  #nextEpisode: number
  #nextLayout: number
  #closed = false
  /** A signal ends the program: that it goes on for a moment is nothing to tell. */
  #quiet = false
  #late = false
  /** Refused by the inlet and not yet told to the log. */
  #gapEvents = 0
  #gapBytes = 0
  /** Of gaps that the program has not been told of yet. */
  #untoldEvents = 0
  #untoldBytes = 0
  #gapsToldAt = Number.NEGATIVE_INFINITY

  constructor(inlet: RingInlet, start: IngressStart, onProblem: (problem: RollcastError) => void) {
    this.inlet = inlet
    this.loss = new LossGauge(inlet)
    this.time = start.time ?? systemTime
    this.#nextEpisode = start.nextEpisode
    this.#nextLayout = start.nextLayout
    this.#onProblem = onProblem
  }

  /** Unix milliseconds. */
  now(): number {
    return this.time.origin + this.time.monotonic()
  }

  newEpisode(): number {
    return this.#nextEpisode++
  }

  /** The number for the next layout; -1 when there are as many layouts as there may be. */
  get nextLayout(): number {
    return this.#nextLayout > limits.layoutsMax ? -1 : this.#nextLayout
  }

  get closed(): boolean {
    return this.#closed
  }

  /** True when something came after the end, and was not taken. */
  get late(): boolean {
    return this.#late
  }

  /** Says once that calls come after the end. */
  tellLate(): void {
    if (this.#late) return
    this.#late = true
    if (this.#quiet) return
    this.tell(new RollcastError('CLOSED', 'the run is closed: nothing more is recorded'))
  }

  /** The last words: what is still owed to the log, then the end. Nothing is taken afterwards. */
  end(reason: EventOf<'run_ended'>['reason']): void {
    for (const refusal of this.#refusals.values()) this.#report(refusal, true)
    this.write({ type: 'run_ended', reason }, true)
    this.#tellGaps()
    this.#closed = true
    this.#quiet = reason === 'signal'
  }

  /** Room for a body of `bytes`; its offset in the inlet's views, or -1 when it was refused. */
  claim(bytes: number, critical = false): number {
    if (this.#closed) return -1
    this.#settleGap(critical)
    return this.inlet.claim(bytes, critical)
  }

  /** Writes one event of a general kind; false when it was refused. */
  write(event: GeneralEvent, critical = false): boolean {
    if (this.#closed) return false
    this.#settleGap(critical)
    return this.#put(event, critical)
  }

  #put(event: GeneralEvent, critical: boolean): boolean {
    const time = this.now()
    const packed = packEvent(event)
    const at = this.inlet.claim(EVENT_TIME_BYTES + packed.byteLength, critical)
    if (at < 0) return false
    this.inlet.floats[at >>> 3] = time
    this.inlet.bytes.set(packed, at + EVENT_TIME_BYTES)
    this.inlet.commit(tagOf(event.type))
    return true
  }

  /** Declares the layout that was given `nextLayout`; false, with the number still free, if refused. */
  declare(layout: Layout): boolean {
    const written = this.write({ type: 'layout_declared', ...layout }, true)
    if (written) this.#nextLayout++
    return written
  }

  /** Something that the trainer handed in cannot be recorded: counted, told, never thrown. */
  refuse(agent: string, problem: RollcastError): void {
    const key = `${agent} ${problem.code}`
    const refusal = this.#refusals.get(key) ?? { agent, problem, count: 0, told: 0 }
    this.#refusals.set(key, refusal)
    refusal.problem = problem
    refusal.count++
    if (refusal.count === 1 || refusal.count % REFUSALS_PER_REPORT === 0) this.#report(refusal)
    if (refusal.count === 1) this.tell(problem)
  }

  /** Tells the log of the refusals that it does not know of; what it cannot take stays owed. */
  #report(refusal: Refusal, critical = false): void {
    const { agent, problem, told } = refusal
    const count = refusal.count - told
    if (count === 0) return
    const { code, message } = problem
    const written = this.write({ type: 'input_refused', agent, code, message, count }, critical)
    if (written) refusal.told = refusal.count
  }

  /** Tells the program of a problem. Its handler may do what it likes; the trainer goes on. */
  tell(problem: RollcastError): void {
    try {
      this.#onProblem(problem)
    } catch (error) {
      process.emitWarning(`onProblem threw: ${describeError(error)}`, { type: 'RollcastWarning' })
    }
  }

  /**
   * Marks what the inlet has refused by a gap event, as soon as there is room for one. A critical
   * record uses the reserve for the gap before it too, so that its place in the log is true.
   */
  #settleGap(critical: boolean): void {
    const lost = this.inlet.takeLost()
    if (lost) {
      this.#gapEvents += lost.count
      this.#gapBytes += lost.bytes
    }
    if (this.#gapEvents === 0) return
    const [events, bytes] = [this.#gapEvents, this.#gapBytes]
    if (!this.#put({ type: 'gap_found', cause: 'ring_full', events, bytes }, critical)) {
      // Still no room: the gap goes on growing. Its own refusal is no event that was lost.
      this.inlet.takeLost()
      return
    }
    this.#gapEvents = 0
    this.#gapBytes = 0
    this.#untoldEvents += events
    this.#untoldBytes += bytes
    if (this.time.monotonic() - this.#gapsToldAt >= GAPS_TOLD_MILLIS) this.#tellGaps()
  }

  #tellGaps(): void {
    const [events, bytes] = [this.#untoldEvents, this.#untoldBytes]
    if (events === 0) return
    this.#untoldEvents = 0
    this.#untoldBytes = 0
    this.#gapsToldAt = this.time.monotonic()
    const what = events === 1 ? '1 event' : `${events} events`
    const message = `${what} (${bytes} B) came while the ring and its spill were full`
    this.tell(new RollcastError('UNAVAILABLE', message, { temporary: true }))
  }
}

/** The problem as a RollcastError, whatever was thrown. */
export function problemOf(error: unknown, what: string): RollcastError {
  if (error instanceof RollcastError) return error
  return new RollcastError('BAD_INPUT', `${what} could not be recorded: ${describeError(error)}`, {
    cause: error,
  })
}
