// The event log beside its model (history.ts): producers hand in, in order or not, the storage does
// what it likes, and the log is opened again and again. What is done here is done to both, and they
// are compared after every step.
import { SimulatedClock } from '../../../src/base/clock.ts'
import { RollcastError } from '../../../src/base/errors.ts'
import type { Event } from '../../../src/protocol/events.ts'
import type { Position } from '../../../src/protocol/position.ts'
import type {
  Contribution,
  Durability,
  LogReader,
  LogWriter,
  OpenReport,
} from '../../../src/store/event-log.ts'
import { StorageReader } from '../../../src/store/log-reader.ts'
import { openWriter } from '../../../src/store/open-log.ts'
import type { LogStorage } from '../../../src/store/storage.ts'
import { verifyStorage } from '../../../src/store/verify.ts'
import { contribution, declarations, frame, metric } from '../../store/records.ts'
import type { Invariants } from '../campaign.ts'
import { FaultyStorage } from './faulty-storage.ts'
import { History, nameOf, type Sent } from './history.ts'
import { PromiseWatch } from './promise-watch.ts'
import { type Pruned, type Range, Reading } from './reading.ts'

/** Where the log lies: opened again and again. Plants are faults of negative controls. */
export interface LogPlace {
  storage(): LogStorage
  readonly durability?: Durability
  readonly plantWriter?: (writer: LogWriter) => LogWriter
  readonly plantReader?: (reader: LogReader) => LogReader
}

export interface AppendPlan {
  readonly producer: number
  readonly metrics: number
  readonly frames: number
  readonly padding: number
  readonly snapshot: boolean
}

/** Contributions of a producer whose first number the log still tells. */
const REMEMBERED = 16

export class LogWorld {
  readonly clock = new SimulatedClock()
  readonly #place: LogPlace
  readonly #invariants: Invariants
  readonly #history = new History()
  #storage!: FaultyStorage
  #writer!: LogWriter
  #watch!: PromiseWatch
  #ids = 0
  #pruned: Pruned = { before: 0, asked: 0 }
  #diskFull = false
  #shownSeq = 0

  constructor(place: LogPlace, invariants: Invariants) {
    this.#place = place
    this.#invariants = invariants
    invariants.begin()
  }

  async #open(): Promise<OpenReport> {
    this.#diskFull = false
    this.#storage = new FaultyStorage(this.#place.storage())
    const options = {
      clock: this.clock,
      durability: this.#place.durability ?? 'group',
      faults: { freeBytes: () => (this.#diskFull ? 0 : Number.MAX_SAFE_INTEGER) },
    }
    const { writer, report } = await openWriter(this.#storage, options, async () => {})
    this.#writer = this.#place.plantWriter?.(writer) ?? writer
    this.#watch = new PromiseWatch(this.clock, this.#storage, this.#invariants)
    this.#followDurable(this.#writer, this.#storage)
    return report
  }

  async start(): Promise<void> {
    await this.#open()
    this.#append(declarations, 'declarer')
  }

  #followDurable(writer: LogWriter, storage: FaultyStorage): void {
    let last = writer.durable.seq
    writer.onDurable(({ epoch, seq }) => {
      this.#invariants.note(7, seq >= last, () => `durable ${seq} after ${last}`)
      this.#invariants.note(6, epoch === writer.epoch, () => `epoch ${epoch}, not ${writer.epoch}`)
      this.#invariants.note(8, !storage.failed, () => `${seq} is durable after an I/O error`)
      last = seq
    })
  }

  append(plan: AppendPlan): Promise<void> {
    const events = [
      ...Array.from({ length: plan.metrics }, () => metric(this.#ids++, plan.padding)),
      ...Array.from({ length: plan.frames }, () => frame(1, this.#ids++)),
    ]
    this.#append(events, `producer-${plan.producer}`, plan.snapshot)
    return this.#step()
  }

  #append(events: readonly Event[], producer: string, snapshot = false): void {
    const after = this.#history.position(producer)
    const position = after + 1 + (this.#ids % 3)
    const { nextSeq } = this.#writer
    const whole: Contribution = {
      ...contribution(events, position, producer),
      after,
      ...(snapshot ? { snapshot: snapshotAt(nextSeq) } : {}),
    }
    if (this.#writer.failure) {
      this.#refuses(8, whole, this.#writer.failure.code)
      return
    }
    const appended = this.#writer.append(whole)
    const { firstSeq, count, duplicate } = appended
    const numbered = firstSeq === this.#history.lastSeq + 1 && count === events.length
    this.#invariants.holds(1, numbered, () => `${count} events from ${firstSeq} on`)
    this.#invariants.holds(5, !duplicate, () => `${producer} at ${position} is no duplicate`)
    const sent: Sent = {
      ...{ contribution: whole, firstSeq, lastSeq: firstSeq + count - 1 },
      ...{ names: events.map(nameOf), acked: false },
    }
    this.#history.add(sent)
    this.#watch.add(`append of ${firstSeq}`, appended.durable, at => this.#acknowledge(sent, at))
  }

  #acknowledge(sent: Sent, { seq }: Position): void {
    this.#invariants.note(2, seq >= sent.lastSeq, () => `acknowledged ${sent.lastSeq} at ${seq}`)
    this.#invariants.note(8, !this.#storage.failed, () => `${sent.lastSeq} after an I/O error`)
    const inOrder = this.#history.isNext(sent)
    this.#invariants.note(2, inOrder, () => `${sent.lastSeq} out of order`)
    sent.acked = true
  }

  #refuses(invariant: number, one: Contribution, code: string): void {
    const { nextSeq } = this.#writer
    let found = 'it was taken in'
    try {
      this.#writer.append(one)
    } catch (error) {
      found = error instanceof RollcastError ? error.code : String(error)
    }
    const refused = found === code && this.#writer.nextSeq === nextSeq
    this.#invariants.holds(invariant, refused, () => `${one.producer}: expected ${code}: ${found}`)
  }

  /** The producer is not sure about what it handed in `back` contributions ago. */
  async resend(producer: number, back: number): Promise<void> {
    const name = `producer-${producer}`
    const one = this.#history.of(name).at(-1 - back)
    if (one === undefined || this.#writer.failure) return
    const again = this.#writer.append(one.contribution)
    const firstSeq = back < REMEMBERED ? one.firstSeq : 0
    const known = again.duplicate && again.count === 0 && again.firstSeq === firstSeq
    this.#invariants.holds(5, known, () => `${name}, ${back} back: ${JSON.stringify(again)}`)
    this.#watch.add('a duplicate', again.durable, at =>
      this.#invariants.note(2, one.acked && at.seq >= one.lastSeq, () => 'a duplicate was first'),
    )
    await this.#step()
  }

  /** A contribution overtakes another, or begins before the last one's end. */
  async disorder(producer: number, how: 'overtakes' | 'overlaps'): Promise<void> {
    const name = `producer-${producer}`
    const last = this.#history.position(name)
    const after = how === 'overtakes' ? last + 1 : last - 1
    if (after < 0 || this.#writer.failure) return
    this.#refuses(5, { ...contribution([metric(-1)], last + 2, name), after }, 'OUT_OF_ORDER')
    await this.#step()
  }

  flush(): Promise<void> {
    const emitted = this.#history.lastSeq
    this.#watch.add('a flush', this.#writer.flush(), ({ seq }) =>
      this.#invariants.note(2, seq >= emitted, () => `flushed ${seq} of ${emitted}`),
    )
    return this.#step()
  }

  prune(share: number): Promise<void> {
    const before = Math.floor(share * (this.#writer.durable.seq + 1))
    this.#pruned = { ...this.#pruned, asked: Math.max(this.#pruned.asked, before) }
    this.#watch.add('pruning', this.#writer.dropFrames({ beforeSeq: before }), () => {
      this.#pruned = { ...this.#pruned, before: Math.max(this.#pruned.before, before) }
    })
    return this.#step()
  }

  advance(millis: number): Promise<void> {
    this.clock.advance(millis)
    return this.#step()
  }

  async disturb(
    how: Parameters<FaultyStorage['plan']>[0] | 'hold' | 'release' | 'full' | 'fenced',
  ) {
    if (how === 'hold') this.#storage.hold()
    else if (how === 'release') this.#storage.release()
    else if (how === 'full') this.#diskFull = true
    else if (how === 'fenced') await this.#storage.begin(this.#storage.epoch() + 1)
    else this.#storage.plan(how)
    await this.#step()
  }

  async read(range: Range): Promise<void> {
    this.#read(range)
    await this.#step()
  }

  #read(range: Range): StorageReader {
    const reader = new StorageReader(this.#storage)
    const shown = this.#place.plantReader?.(reader) ?? reader
    const seen = Math.max(this.#shownSeq, this.#writer.durable.seq)
    const reading = new Reading(shown, this.#history, this.#invariants)
    this.#shownSeq = reading.check(range, seen, this.#pruned)
    return reader
  }

  /** Closes as one should, and opens again. */
  async reopen(): Promise<void> {
    this.#storage.release()
    await this.#close()
    const failed = this.#writer.failure !== undefined
    this.#invariants.saw(failed ? 'failures' : 'cleanEnds')
    const { cleanClose } = await this.#openAgain()
    this.#invariants.holds(2, failed || cleanClose, () => 'a clean end was forgotten')
  }

  async #close(): Promise<void> {
    this.#watch.add('close', this.#writer.close(), () => {})
    await this.#watch.settleAll()
  }

  /** The process dies and another one opens the log. */
  async crash(): Promise<void> {
    this.#storage.release()
    await this.#storage.abandon()
    this.#invariants.saw('crashes')
    const { cleanClose } = await this.#openAgain()
    this.#invariants.holds(2, !cleanClose, () => 'a crash was taken for a clean end')
  }

  async #openAgain(): Promise<OpenReport> {
    const { epoch } = this.#writer
    const report = await this.#open()
    const { lost, isPrefix } = this.#history.survive(report.positions)
    this.#invariants.holds(3, isPrefix, () => 'something newer survived something older')
    this.#invariants.holds(2, lost.length === 0, () => `lost ${lost.map(one => one.lastSeq)}`)
    const { lastSeq, cutEvents } = report
    const whole = lastSeq === this.#history.lastSeq && cutEvents === 0
    this.#invariants.holds(3, whole, () => `${lastSeq} events, expected ${this.#history.lastSeq}`)
    this.#invariants.holds(6, report.epoch > epoch, () => `epoch ${report.epoch} after ${epoch}`)
    this.#shownSeq = lastSeq
    if (lastSeq === 0) this.#append(declarations, 'declarer')
    return report
  }

  async #step(): Promise<void> {
    await this.#watch.settle()
    const { durable } = this.#writer
    const covered = this.#history.acknowledgedWithin(durable.seq)
    this.#invariants.note(2, covered, () => `more is acknowledged than ${durable.seq}`)
  }

  /** The last look: all of it, from the outside. */
  async finish(): Promise<void> {
    this.#storage.release()
    await this.#watch.settleAll()
    await this.crash()
    await this.flush()
    const reader = this.#read({ from: 0, length: this.#history.lastSeq, reverse: false })
    const { ok, problems } = verifyStorage(this.#storage)
    this.#invariants.holds(4, ok, () => JSON.stringify(problems))
    const found = reader.snapshot('fold')?.position
    const kept = found === this.#history.snapshot?.position
    this.#invariants.holds(2, kept, () => `snapshot of ${found}`)
    await this.#close()
  }
}

const snapshotAt = (position: number) => ({
  ...{ name: 'fold', version: 1, position, bytes: new Uint8Array([position & 255]) },
})
