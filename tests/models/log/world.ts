// The event log beside its model. The model is the list of what was handed in, in order; everything
// that the log shows has to be a prefix of it, and everything that was acknowledged has to be in
// that prefix, whatever the storage does and however often the log is opened again.
import { SimulatedClock } from '../../../src/base/clock.ts'
import { RollcastError } from '../../../src/base/errors.ts'
import type { Envelope, Event } from '../../../src/protocol/events.ts'
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
import { contribution, declarations, frame, metric, pixelsOf } from '../../store/records.ts'
import type { Invariants } from '../campaign.ts'
import { FaultyStorage } from './faulty-storage.ts'
import { PromiseWatch } from './promise-watch.ts'

/** Where the log lies: opened again and again. Plants are faults of negative controls. */
export interface LogPlace {
  storage(): LogStorage
  readonly durability?: Durability
  readonly plantWriter?: (writer: LogWriter) => LogWriter
  readonly plantReader?: (reader: LogReader) => LogReader
}

/** A contribution that was handed in. */
interface Sent {
  readonly contribution: Contribution
  readonly firstSeq: number
  readonly lastSeq: number
  /** What its events are, in short. */
  readonly names: readonly string[]
  acked: boolean
}

export interface AppendPlan {
  readonly producer: number
  readonly metrics: number
  readonly frames: number
  readonly padding: number
  readonly snapshot: boolean
}

const nameOf = (event: Event): string => {
  if (event.type === 'metrics_sampled') return `m${event.globalStep}`
  if (event.type === 'frame_captured') return `f${event.index}`
  return event.type
}

/** Contributions of a producer whose first number the log still tells. */
const REMEMBERED = 16

export class LogWorld {
  readonly clock = new SimulatedClock()
  readonly #place: LogPlace
  readonly #invariants: Invariants
  #sent: Sent[] = []
  #storage!: FaultyStorage
  #writer!: LogWriter
  #watch!: PromiseWatch
  #ids = 0
  #prunedBefore = 0
  /** Frames below this were asked to go; whether they have is not known. */
  #pruneAsked = 0
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

  get #emittedSeq(): number {
    return this.#sent.at(-1)?.lastSeq ?? 0
  }

  #lastOf(producer: string): number {
    return (
      this.#sent.findLast(one => one.contribution.producer === producer)?.contribution.position ?? 0
    )
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
    const after = this.#lastOf(producer)
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
    const numbered = firstSeq === this.#emittedSeq + 1 && count === events.length
    this.#invariants.holds(1, numbered, () => `${count} events from ${firstSeq} on`)
    this.#invariants.holds(5, !duplicate, () => `${producer} at ${position} is no duplicate`)
    const sent: Sent = {
      ...{ contribution: whole, firstSeq, lastSeq: firstSeq + count - 1 },
      ...{ names: events.map(nameOf), acked: false },
    }
    this.#sent.push(sent)
    this.#watch.add(`append of ${firstSeq}`, appended.durable, at => this.#acknowledge(sent, at))
  }

  #acknowledge(sent: Sent, { seq }: Position): void {
    this.#invariants.note(2, seq >= sent.lastSeq, () => `acknowledged ${sent.lastSeq} at ${seq}`)
    this.#invariants.note(8, !this.#storage.failed, () => `${sent.lastSeq} after an I/O error`)
    const before = this.#sent.slice(0, this.#sent.indexOf(sent))
    this.#invariants.note(
      2,
      before.every(one => one.acked),
      () => `${sent.lastSeq} out of order`,
    )
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
    const all = this.#sent.filter(one => one.contribution.producer === name)
    const one = all.at(-1 - back)
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
    const last = this.#lastOf(name)
    const after = how === 'overtakes' ? last + 1 : last - 1
    if (after < 0 || this.#writer.failure) return
    this.#refuses(5, { ...contribution([metric(-1)], last + 2, name), after }, 'OUT_OF_ORDER')
    await this.#step()
  }

  flush(): Promise<void> {
    const emitted = this.#emittedSeq
    this.#watch.add('a flush', this.#writer.flush(), ({ seq }) =>
      this.#invariants.note(2, seq >= emitted, () => `flushed ${seq} of ${emitted}`),
    )
    return this.#step()
  }

  prune(share: number): Promise<void> {
    const before = Math.floor(share * (this.#writer.durable.seq + 1))
    this.#pruneAsked = Math.max(this.#pruneAsked, before)
    this.#watch.add('pruning', this.#writer.pruneFrames(before), () => {
      this.#prunedBefore = Math.max(this.#prunedBefore, before)
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

  async read(from: number, length: number, reverse: boolean): Promise<void> {
    const reader = new StorageReader(this.#storage)
    this.#checkReader(this.#place.plantReader?.(reader) ?? reader, from, length, reverse)
    await this.#step()
  }

  #checkReader(reader: LogReader, from: number, length: number, reverse: boolean): void {
    const durable = reader.durable().seq
    const known = durable >= this.#writer.durable.seq && durable >= this.#shownSeq
    this.#invariants.holds(7, known, () => `durable ${durable} after ${this.#shownSeq}`)
    this.#shownSeq = durable
    const whole = durable === 0 || this.#sent.some(({ lastSeq }) => lastSeq === durable)
    this.#invariants.holds(3, whole, () => `${durable} is in the middle of a contribution`)
    const names = this.#sent.flatMap(one => one.names).slice(0, durable)
    const fromSeq = 1 + Math.floor(from * durable)
    const toSeq = Math.min(durable, fromSeq + length)
    const expected = names.slice(fromSeq - 1, toSeq)
    const read = this.#whole(() => [...reader.events({ fromSeq, toSeq, reverse })])
    if (reverse) read.reverse()
    const seqs = read.every(({ seq }, i) => seq === fromSeq + i)
    this.#invariants.holds(1, seqs, () => `read ${read.map(({ seq }) => seq)} from ${fromSeq} on`)
    const found = read.map(({ event }) => nameOf(event))
    const same = found.join() === expected.join()
    this.#invariants.holds(3, same, () => `read ${found}, expected ${expected}`)
    for (const envelope of read) this.#checkFrame(reader, envelope)
  }

  #checkFrame(reader: LogReader, { seq, event }: Envelope): void {
    if (event.type !== 'frame_captured') return
    const pixels = this.#whole(() => reader.frame(seq))
    const gone = pixels === undefined
    const intact = !gone && Buffer.compare(pixels, pixelsOf(event.index)) === 0
    const right = seq < this.#prunedBefore ? gone : intact || (gone && seq < this.#pruneAsked)
    this.#invariants.holds(4, right, () => `frame ${seq}: ${gone ? 'no' : 'other'} pixels`)
  }

  /** What `read` gives; damage is a broken invariant here, because nobody damaged anything. */
  #whole<T>(read: () => T): T {
    let problem = ''
    try {
      return read()
    } catch (error) {
      problem = String(error)
      throw error
    } finally {
      this.#invariants.holds(4, problem === '', () => problem)
    }
  }

  /** Closes as one should, and opens again. */
  async reopen(): Promise<void> {
    this.#storage.release()
    await this.#close()
    const failed = this.#writer.failure !== undefined
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
    const { cleanClose } = await this.#openAgain()
    this.#invariants.holds(2, !cleanClose, () => 'a crash was taken for a clean end')
  }

  async #openAgain(): Promise<OpenReport> {
    const before = this.#sent
    const { epoch } = this.#writer
    const report = await this.#open()
    const positions: Partial<Record<string, number>> = report.positions
    const isThere = ({ contribution: { producer, position } }: Sent): boolean =>
      position <= (positions[producer] ?? -1)
    this.#sent = before.filter(isThere)
    const prefix = this.#sent.every((one, i) => one === before[i])
    this.#invariants.holds(3, prefix, () => 'something newer survived something older')
    const lost = before.slice(this.#sent.length).filter(one => one.acked)
    this.#invariants.holds(2, lost.length === 0, () => `lost ${lost.map(one => one.lastSeq)}`)
    const { lastSeq, cutEvents } = report
    const whole = lastSeq === this.#emittedSeq && cutEvents === 0
    this.#invariants.holds(3, whole, () => `${lastSeq} events, expected ${this.#emittedSeq}`)
    this.#invariants.holds(6, report.epoch > epoch, () => `epoch ${report.epoch} after ${epoch}`)
    this.#shownSeq = lastSeq
    // What is on the disk now has to stay there, whether or not anybody was told of it then.
    for (const one of this.#sent) one.acked = true
    if (lastSeq === 0) this.#append(declarations, 'declarer')
    return report
  }

  async #step(): Promise<void> {
    await this.#watch.settle()
    const { durable } = this.#writer
    const covered = this.#sent.every(one => !one.acked || one.lastSeq <= durable.seq)
    this.#invariants.note(2, covered, () => `more is acknowledged than ${durable.seq}`)
  }

  /** The last look: all of it, from the outside. */
  async finish(): Promise<void> {
    this.#storage.release()
    await this.#watch.settleAll()
    await this.crash()
    await this.flush()
    const reader = new StorageReader(this.#storage)
    this.#checkReader(this.#place.plantReader?.(reader) ?? reader, 0, this.#emittedSeq, false)
    const { ok, problems } = verifyStorage(this.#storage)
    this.#invariants.holds(4, ok, () => JSON.stringify(problems))
    const snapshot = this.#sent.findLast(one => one.contribution.snapshot)?.contribution.snapshot
    const found = reader.snapshot('fold')?.position
    this.#invariants.holds(2, found === snapshot?.position, () => `snapshot of ${found}`)
    await this.#close()
  }
}

const snapshotAt = (position: number) => ({
  ...{ name: 'fold', version: 1, position, bytes: new Uint8Array([position & 255]) },
})
