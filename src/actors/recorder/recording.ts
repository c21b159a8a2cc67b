// What comes out of the ring becomes part of the log, and is shown as it does. The ring's room is
// given back when that is durable. While the log cannot be written to, the trainer goes on: what it
// hands over is shown, counted as lost and discarded.
import { encodeEvent, type Layouts } from '../../protocol/codec.ts'
import { countEncoders } from '../../protocol/encoder-names.ts'
import type { Position } from '../../protocol/position.ts'
import type { LogWriter } from '../../store/event-log.ts'
import type { OpenLog } from '../../store/open-log.ts'
import type { RingReader } from '../../streams/ring/reader.ts'
import type { ActorScope } from '../run-actor.ts'
import type { RecorderConfig } from './contract.ts'
import type { Intake } from './logic.ts'
import { Losses } from './losses.ts'
import { openingEvents } from './opening.ts'
import { Outlets } from './outlets.ts'

export interface RecordingOptions {
  readonly scope: ActorScope<RecorderConfig>
  readonly pid: number
  readonly ring: RingReader
  /** Those that the trainer has declared, also while the disk was full. */
  readonly layouts: Layouts
  /** The log that is written to now. */
  readonly log: () => OpenLog
}

export class Recording {
  readonly ring: RingReader
  readonly layouts: Layouts
  readonly losses: Losses
  readonly #scope: ActorScope<RecorderConfig>
  readonly #pid: number
  readonly #log: () => OpenLog
  /** How many of the layouts the host has been told about the encoders of. */
  #layoutsTold = 0
  #outlets: Outlets | undefined
  /** The ring's position that was handed to the log last: what comes next follows it. */
  #handed: number

  constructor({ scope, pid, ring, layouts, log }: RecordingOptions) {
    this.#scope = scope
    this.#pid = pid
    this.ring = ring
    this.layouts = layouts
    this.#log = log
    const { config } = scope
    this.#handed = log().writer.position(this.#producer) ?? 0
    // It discarded what it could not record, and could not say so either.
    const isUntold = config.gap !== undefined && ring.releasedPosition > this.#handed
    this.#tellEncoders()
    this.#tellOpening()
    this.losses = new Losses(layouts, isUntold ? config.gap : undefined)
    if (!isUntold) return
    this.#handed = ring.releasedPosition
    this.#tellGap()
  }

  /** Whether anybody sees what is shown. */
  get isWatched(): boolean {
    return this.#outlets?.isWatched ?? false
  }

  /** From here on it is shown what is taken in. */
  show(): void {
    this.#outlets = new Outlets(this.#scope)
    this.#outlets.announce(this.#log().writer.durable)
  }

  announce(position: Position): void {
    this.#outlets?.announce(position)
  }

  /** Appends and shows live what was appended. */
  append(writer: LogWriter, contribution: Parameters<LogWriter['append']>[0]) {
    const appended = writer.append(contribution)
    const { firstSeq, count } = appended
    const { records } = contribution
    if (count > 0) this.#outlets?.show({ epoch: writer.epoch, firstSeq, count, records })
    return appended
  }

  /** Takes what came out of the ring, up to `position`. */
  hand(intake: Intake, position: number): void {
    this.#outlets?.showFrames(intake.newestFrames)
    const { writer } = this.#log()
    if (hasStopped(writer)) this.#handUnrecorded(writer, intake, position)
    else this.#handRecorded(writer, intake, position)
    this.#tellEncoders()
  }

  /** The log is another one now, which can be written to again. */
  resume(): void {
    this.losses.end()
    this.#tellGap()
    this.announce(this.#log().writer.durable)
  }

  get #producer(): string {
    return producerOf(this.ring)
  }

  /** Told by every recorder of the run, because its first one may have died too soon. */
  #tellOpening(): void {
    const { config, clock } = this.#scope
    const { report, writer } = this.#log()
    const records = openingEvents(report, config, { pid: this.#pid, now: clock.now() }).map(event =>
      encodeEvent(event, clock.now()),
    )
    this.append(writer, {
      producer: `recorder:${this.ring.ringId}`,
      position: 1,
      records: new Uint8Array(Buffer.concat(records)),
      count: records.length,
    })
  }

  /** The encoders that the run's cameras need. */
  #tellEncoders(): void {
    if (this.layouts.size === this.#layoutsTold) return
    this.#layoutsTold = this.layouts.size
    this.#scope.note({ encoders: countEncoders(this.layouts.all()) })
  }

  #handRecorded(writer: LogWriter, intake: Intake, position: number): void {
    const { ring } = this
    const { records, count, frames, isAwaited } = intake
    const appended = this.append(writer, {
      producer: this.#producer,
      position,
      after: this.#handed,
      records,
      count,
      frames,
      isAwaited,
    })
    this.#handed = position
    const told = appended.durable.then(
      () => ring.release(position),
      () => {
        // Else it is all in the ring, for the next recorder.
        if (!hasStopped(writer)) return
        this.#lose(intake)
        ring.discard(position)
      },
    )
    // Of a recorder that was cut off, the ring takes nothing any more.
    told.catch(this.#scope.fail)
  }

  #handUnrecorded(writer: LogWriter, intake: Intake, position: number): void {
    this.#lose(intake)
    this.#handed = position
    const { records, count } = intake
    const firstSeq = this.losses.number(count, writer.nextSeq)
    this.#outlets?.show({ epoch: writer.epoch, firstSeq, count, records })
    this.ring.discard(position)
  }

  #lose(intake: Intake): void {
    this.#scope.note({ gap: this.losses.add(intake) })
  }

  /** Marks the gap where it is: in the trainer's own sequence, between what is on record of it. */
  #tellGap(): void {
    const { writer, report } = this.#log()
    const gap = this.losses.takeGap()
    const records = gap.records(report, this.layouts, this.#scope.clock.now())
    if (records.length === 0) return
    const { durable } = this.append(writer, {
      producer: this.#producer,
      after: writer.position(this.#producer) ?? 0,
      position: this.#handed,
      records: new Uint8Array(Buffer.concat(records)),
      count: records.length,
    })
    durable.then(
      () => {
        if (this.losses.isTold) this.#scope.note({ gap: null })
      },
      // The log failed again: it is still to be told, with what is lost from here on.
      () => this.#scope.note({ gap: this.losses.giveBack(gap) }),
    )
  }
}

/** Nothing is recorded any more, or until there is room; not so when the writer is to be replaced. */
export const hasStopped = ({ failure }: LogWriter): boolean =>
  failure !== undefined && !failure.temporary

/** Under which name the log knows what came out of this ring, and how far. */
export const producerOf = ({ ringId }: RingReader): string => `trainer:${ringId}`
