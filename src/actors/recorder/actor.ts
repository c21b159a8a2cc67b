// The recorder: the log's only writer. It empties the ingress ring, numbers what it finds, shows
// it live at once, and gives the ring's room back only when it is durable: a recorder that dies
// leaves everything in the ring for the next one. The ring's position is committed with the
// records, so that nothing is ever recorded twice.
import { KIB, MIB } from '../../base/bytes.ts'
import { RollcastError } from '../../base/errors.ts'
import { recorderMachine } from '../../machines/recorder.machine.ts'
import { encodeEvent, Layouts } from '../../protocol/codec.ts'
import { limits } from '../../protocol/limits.ts'
import type { FactBatch } from '../../protocol/thread-messages.ts'
import type { LogWriter, OpenReport } from '../../store/event-log.ts'
import { type OpenLog, type OpenOptions, openLog } from '../../store/open-log.ts'
import { RingReader } from '../../streams/ring/reader.ts'
import type { ActorDefinition, ActorInstance, ActorScope } from '../run-actor.ts'
import type { RecorderConfig, RecorderDetail, RecorderHeartbeat } from './contract.ts'
import { Gap } from './gap.ts'
import { type Intake, IntakeBuffer, quarantinedRecord } from './logic.ts'
import { inFlightBytesMax, openingEvents } from './opening.ts'
import { Outlets } from './outlets.ts'

/** While the trainer is busy the ring is looked at this often: nobody needs to be woken. */
const POLL_MILLIS = 10
/** The same while somebody watches, or so much comes that it must not pile up. */
const CLOSE_POLL_MILLIS = 2
const CLOSE_POLL_BYTES = 128 * KIB
/** After so long without an event the recorder sleeps until it is woken. */
const IDLE_MILLIS = 20
/** A sleep ends after so long, should a wake-up be lost. */
const WAIT_MILLIS = 250
/** Bytes taken out of the ring before what was taken is appended. */
const INTAKE_BYTES_MAX = 1 * MIB
/** While the disk is full, room is looked for this often. */
const LOOK_FOR_ROOM_MILLIS = 250

/** What a recorder needs of the world around it; a simulation hands in another one. */
export interface RecorderWorld {
  readonly pid: number
  readonly openLog: typeof openLog
  /** Resolves at the ring's next record, at its producer's end, or after `timeoutMillis`. */
  waitForData(ring: RingReader, timeoutMillis: number): Promise<unknown>
}

export const recorderIn = (world: RecorderWorld): ActorDefinition<RecorderConfig> => ({
  machine: recorderMachine,
  create: scope => new Recorder(scope, world),
})

export const recorder = recorderIn({
  pid: process.pid,
  openLog,
  waitForData: (ring, timeoutMillis) => ring.waitForData(timeoutMillis),
})

class Recorder implements ActorInstance {
  readonly #scope: ActorScope<RecorderConfig>
  readonly #world: RecorderWorld
  #log: OpenLog | undefined
  #ring: RingReader | undefined
  /** Those that the trainer has declared, also while the disk was full. */
  #layouts = new Layouts()
  #intake = new IntakeBuffer(this.#layouts)
  /** How many of them the host has been told about the cameras of. */
  #layoutsTold = 0
  #outlets: Outlets | undefined
  #running = false
  #closed = false
  #loop: Promise<void> = Promise.resolve()
  #ingressDrained = false
  #lostEvents = 0
  /** What is lost while the disk is full, until the log can be written to again. */
  #gap = new Gap()
  /** Resolves to whether it can; undefined while it can. */
  #room: PromiseWithResolvers<boolean> | undefined
  /** The ring's position that was handed to the log last: what comes next follows it. */
  #handed = 0
  /** Numbers go on for viewers after the log has failed; nothing of them is on record. */
  #provisionalSeq = 0

  constructor(scope: ActorScope<RecorderConfig>, world: RecorderWorld) {
    this.#scope = scope
    this.#world = world
  }

  readonly commands = {
    open: () => this.#open(),
    recover: () => this.#recover(),
    run: () => this.#run(),
    seal: () => this.#seal(),
    waitForRoom: () => this.#waitForRoom(),
    drain: () => this.#drain(),
    close: () => this.#close(),
  }

  detail(): RecorderDetail {
    const { report, writer } = this.#opened
    const largest = Math.max(0, ...report.layouts.map(layout => layout.layout))
    return {
      epoch: writer.epoch,
      nextEpisode: (report.lastEpisode ?? 0) + 1,
      nextLayout: largest + 1,
      report,
    }
  }

  lag(): number {
    const log = this.#log
    return log ? Math.max(0, log.writer.nextSeq - 1 - log.writer.durable.seq) : 0
  }

  heartbeat(): RecorderHeartbeat | null {
    const writer = this.#log?.writer
    if (writer === undefined) return null
    return {
      durable: writer.durable,
      newest: { epoch: writer.epoch, seq: Math.max(writer.nextSeq - 1, this.#provisionalSeq) },
      failure: writer.failure?.message ?? null,
      lostEvents: this.#lostEvents,
      commits: writer.stats().recentCommits,
    }
  }

  get #opened(): OpenLog {
    if (this.#log === undefined) throw new RollcastError('CLOSED', 'the log is not open')
    return this.#log
  }

  get #producer(): string {
    return `trainer:${this.#ring?.ringId ?? 0}`
  }

  async #open(): Promise<undefined> {
    const { config, restarts, clock } = this.#scope
    const faults = { beforeCommit: (ordinal: number) => this.#beforeCommit(ordinal) }
    const { durability, lockName, freeBytesMin = limits.freeBytesMin } = config
    const placement = config.logPlacement ?? 'thread'
    const ringBytes = config.ring.byteLength
    const options: OpenOptions = {
      ...{ clock, durability, placement, check: restarts === 0, lockName, freeBytesMin, faults },
      // Whatever the ring holds may wait for the disk: what was told is never refused here.
      pendingBytesMax: Math.max(limits.pendingBytesMax, 2 * ringBytes),
      inFlightBytesMax: inFlightBytesMax(ringBytes),
    }
    let log: OpenLog | undefined
    while (log === undefined) {
      try {
        log = await this.#world.openLog(config.runDir, options)
      } catch (error) {
        // The one before was waiting for room when it died.
        if (restarts === 0 || !isFull(error) || this.#closed) throw error
        await this.#pause(LOOK_FOR_ROOM_MILLIS)
      }
    }
    if (this.#closed) {
      // Told to stop meanwhile: what was opened too late is not kept.
      await log.writer.close()
      return undefined
    }
    this.#adopt(log)
    return undefined
  }

  #adopt(log: OpenLog): void {
    this.#log = log
    log.writer.onDurable(position => this.#outlets?.announce(position))
    log.writer.onFailure(error => {
      // The process that writes has died, not the disk: the next recorder starts another.
      if (error.temporary) return this.#scope.fail(error)
      // Full, and nothing was tried: there may be room again.
      const type = error.code === 'DISK_FULL' && log.again ? 'diskFull' : 'diskFailed'
      // The machine of one that stops hears nothing any more: no other recorder may try again (P7).
      if (this.#closed && type === 'diskFailed') this.#noteSealed(false)
      this.#scope.send({ type, reason: error.message } as { type: string })
    })
  }

  /** Faults that a test planted. */
  #beforeCommit(ordinal: number): Promise<void> | undefined {
    const { commitDelayMillis = 0, commitFailsAt = Number.POSITIVE_INFINITY } = this.#scope.config
    if (ordinal >= commitFailsAt) throw new Error('EIO: planted fault')
    return commitDelayMillis > 0 ? this.#pause(commitDelayMillis) : undefined
  }

  #recover(): undefined {
    const { config } = this.#scope
    const { report, writer } = this.#opened
    this.#layouts = new Layouts(report.layouts)
    this.#intake = new IntakeBuffer(this.#layouts)
    const ring = new RingReader(config.ring)
    this.#ring = ring
    const committed = writer.position(this.#producer) ?? 0
    this.#handed = committed
    if (committed > ring.releasedPosition) {
      this.#ring = new RingReader(config.ring, { startPosition: committed })
    }
    this.#layoutsTold = 0
    this.#tellCameras()
    this.#tellOpening(report, writer)
    // It discarded what it could not record, and could not say so either.
    if (config.gap && ring.releasedPosition > committed) {
      this.#handed = ring.releasedPosition
      this.#gap = new Gap(config.gap)
      for (const layout of config.gap.layouts) this.#layouts.add(layout)
      this.#tellGap(this.#opened)
    }
    return undefined
  }

  /** Told by every recorder of the run, because its first one may have died too soon. */
  #tellOpening(report: OpenReport, writer: LogWriter): void {
    const { config, clock } = this.#scope
    const records = openingEvents(report, config, { pid: this.#world.pid, now: clock.now() }).map(
      event => encodeEvent(event, clock.now()),
    )
    this.#append(writer, {
      producer: `recorder:${this.#ring?.ringId ?? 0}`,
      position: 1,
      records: new Uint8Array(Buffer.concat(records)),
      count: records.length,
    })
  }

  #run(): undefined {
    // It never stopped while it waited for room.
    if (this.#running) return undefined
    const scope = this.#scope
    const { writer } = this.#opened
    this.#outlets = new Outlets(scope)
    this.#outlets?.announce(writer.durable)
    for (const channel of scope.receives.filter(name => name.endsWith('.facts'))) {
      // Together in one transaction, not one after the other: each waits for a flush.
      const options = { overlapping: true }
      scope.receive<FactBatch>(channel, batch => this.#takeFacts(batch), options)
    }
    this.#running = true
    this.#loop = this.#empty()
    void this.#loop.catch(scope.fail)
    return undefined
  }

  /**
   * Resolves when the facts are durable: only then may their maker forget them. While the disk is
   * full they wait; when the log has failed for good they are nobody's any more.
   */
  async #takeFacts(batch: FactBatch): Promise<void> {
    for (;;) {
      const { writer } = this.#opened
      try {
        if (!hasStopped(writer)) return void (await this.#append(writer, batch).durable)
      } catch (error) {
        if (!hasStopped(writer)) throw error
      }
      if (!(await this.#room?.promise)) return
    }
  }

  /** Appends and shows live what was appended. */
  #append(writer: LogWriter, contribution: Parameters<LogWriter['append']>[0]) {
    const appended = writer.append(contribution)
    const { firstSeq, count } = appended
    const { records } = contribution
    if (count > 0) this.#outlets?.show({ epoch: writer.epoch, firstSeq, count, records })
    return appended
  }

  async #empty(): Promise<void> {
    const ring = this.#ring
    if (ring === undefined) return
    let idleSince = this.#scope.clock.monotonic()
    while (this.#running) {
      const took = this.#takeIn(ring)
      const now = this.#scope.clock.monotonic()
      if (took > 0) idleSince = now
      if (took >= INTAKE_BYTES_MAX) await this.#scope.clock.turn()
      else if (now - idleSince < IDLE_MILLIS) await this.#pause(this.#pollMillis(took))
      else {
        this.#noteDrained(ring)
        if (ring.producerClosed) await this.#pause(CLOSE_POLL_MILLIS)
        else await this.#world.waitForData(ring, WAIT_MILLIS)
      }
    }
  }

  /**
   * Each look costs the trainer's machine a wake-up, or three with those who are told of it. A trainer
   * that closes waits for what it has said last.
   */
  #pollMillis(took: number): number {
    const isClose =
      took >= CLOSE_POLL_BYTES || this.#outlets?.isWatched || this.#ring?.producerClosed
    return isClose ? CLOSE_POLL_MILLIS : POLL_MILLIS
  }

  /** Takes in what the ring holds, within bounds; returns how many bytes. */
  #takeIn(ring: RingReader): number {
    const from = ring.position
    // Where the last recorder died, one record at a time: the next death tells which it is.
    const suspects = from < (this.#scope.suspect?.to ?? 0)
    const bytesMax = suspects ? 1 : INTAKE_BYTES_MAX
    while (this.#intake.bytes < bytesMax) {
      const place = ring.position
      if (!ring.read()) break
      const why = this.#scope.handling(place, ring.position)
      if (why) this.#intake.addRecord(quarantinedRecord(why, this.#scope.clock.now()))
      else this.#intake.add(ring.bytes, ring.tag, ring.byteOffset, ring.lengthBytes)
    }
    const { bytes, count } = this.#intake
    if (count === 0) return 0
    // One that was cut off and wakes up finds the next one's ring.
    ring.checkOwner()
    this.#scope.handling(from, ring.position)
    this.#hand(ring, this.#intake.take(), ring.position)
    this.#scope.handled()
    this.#tellCameras()
    return bytes
  }

  /** Each camera has an encoder of its own. */
  #tellCameras(): void {
    if (this.#layouts.size === this.#layoutsTold) return
    this.#layoutsTold = this.#layouts.size
    this.#scope.note({ cameras: this.#layouts.cameras().length })
  }

  #hand(ring: RingReader, intake: Intake, position: number): void {
    this.#outlets?.showFrames(intake.newestFrames)
    const { writer } = this.#opened
    if (hasStopped(writer)) {
      this.#handUnrecorded(ring, intake, position)
      return
    }
    const { records, count, frames, isAwaited } = intake
    const appended = this.#append(writer, {
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
      () => this.#release(ring, position),
      () => {
        // Else it is all in the ring, for the next recorder.
        if (!hasStopped(writer)) return
        this.#lose(intake)
        this.#discard(ring, position)
      },
    )
    // Of a recorder that was cut off, the ring takes nothing any more.
    told.catch(this.#scope.fail)
  }

  /** The log has failed: the trainer goes on, and what is not recorded is counted. */
  #lose(intake: Intake): void {
    this.#lostEvents += intake.count
    this.#gap.add(intake, this.#layouts)
    this.#scope.note({ gap: this.#gap.state(this.#layouts) })
  }

  #handUnrecorded(ring: RingReader, intake: Intake, position: number): void {
    const { writer } = this.#opened
    this.#lose(intake)
    this.#handed = position
    const firstSeq = Math.max(this.#provisionalSeq + 1, writer.nextSeq)
    this.#provisionalSeq = firstSeq + intake.count - 1
    const { records, count } = intake
    this.#outlets?.show({ epoch: writer.epoch, firstSeq, count, records })
    this.#discard(ring, position)
  }

  #release(ring: RingReader, position: number): void {
    if (this.#running || this.#ring === ring) ring.release(position)
  }

  #discard(ring: RingReader, position: number): void {
    if (this.#running || this.#ring === ring) ring.discard(position)
  }

  /** The trainer has said its last word and it is durable: the host may go on. */
  #noteDrained(ring: RingReader): void {
    if (this.#ingressDrained || !ring.producerClosed || ring.hasData()) return
    if (ring.releasedPosition !== ring.position) return
    this.#ingressDrained = true
    // Nobody waits for a disk at the end of a run: facts that it has no room for are made anew.
    this.#room?.resolve(false)
    this.#scope.note({ ingressDrained: this.#opened.writer.durable.seq })
  }

  #seal(): undefined {
    this.#room?.resolve(false)
    this.#noteSealed(false)
    return undefined
  }

  /** Tells the host that nothing is recorded, and whether that may pass. */
  #noteSealed(temporary: boolean): void {
    const { failure } = this.#opened.writer
    const { code = 'LOG_FAILED', message = 'the log failed' } = failure ?? {}
    this.#scope.note({ sealed: message, code, temporary })
  }

  /** The log stays ours, and is written to again when there is room for it. */
  async #waitForRoom(): Promise<undefined> {
    const room = Promise.withResolvers<boolean>()
    this.#room = room
    this.#noteSealed(true)
    const full = this.#opened
    while (this.#running && this.#log === full) {
      await this.#pause(LOOK_FOR_ROOM_MILLIS)
      try {
        const log = this.#running ? await full.again?.() : undefined
        if (log) this.#comeBack(log)
      } catch (error) {
        if (!isFull(error)) throw error
      }
    }
    if (this.#log === full) return undefined
    room.resolve(true)
    this.#room = undefined
    this.#scope.note({ sealed: null })
    return undefined
  }

  /** Marks the gap where it is: in the trainer's own sequence, between what is on record of it. */
  #tellGap({ writer, report }: OpenLog): void {
    const records = this.#gap.records(report, this.#layouts, this.#scope.clock.now())
    this.#gap = new Gap()
    if (records.length === 0) return
    const { durable } = this.#append(writer, {
      producer: this.#producer,
      after: writer.position(this.#producer) ?? 0,
      position: this.#handed,
      records: new Uint8Array(Buffer.concat(records)),
      count: records.length,
    })
    durable.then(
      () => {
        if (this.#gap.isEmpty) this.#scope.note({ gap: null })
      },
      // The log failed again: that is told by its failure.
      () => {},
    )
  }

  #comeBack(log: OpenLog): void {
    const { writer } = log
    this.#adopt(log)
    this.#provisionalSeq = 0
    this.#tellGap(log)
    this.#outlets?.announce(writer.durable)
    this.#scope.send({ type: 'roomFound' })
  }

  async #drain(): Promise<undefined> {
    const writer = this.#opened.writer
    if (!writer.failure) await writer.flush()
    return undefined
  }

  async #close(): Promise<undefined> {
    this.#running = false
    this.#closed = true
    this.#room?.resolve(false)
    await this.#loop.catch(() => undefined)
    // The ring stays as it is: there may be a next recorder. Who gives up for good says so.
    if (this.#log) await this.#log.writer.close()
    return undefined
  }

  #pause(millis: number): Promise<void> {
    return new Promise(resolve => this.#scope.clock.schedule(millis, resolve))
  }
}

/** Nothing is recorded any more, or until there is room; not so when the writer is to be replaced. */
const hasStopped = ({ failure }: LogWriter): boolean => failure !== undefined && !failure.temporary

const isFull = (error: unknown): boolean =>
  error instanceof RollcastError && error.code === 'DISK_FULL'
