// The recorder: the log's only writer. It empties the ingress ring, numbers what it finds, shows
// it live at once, and gives the ring's room back only when it is durable: a recorder that dies
// leaves everything in the ring for the next one. The ring's position is committed with the
// records, so that nothing is ever recorded twice.
import { pause } from '../../base/clock.ts'
import { RollcastError } from '../../base/errors.ts'
import { recorderMachine } from '../../machines/recorder.machine.ts'
import { Layouts } from '../../protocol/codec.ts'
import type { FactBatch } from '../../protocol/thread-messages.ts'
import { type OpenLog, openLog } from '../../store/open-log.ts'
import { RingReader } from '../../streams/ring/reader.ts'
import type { ActorDefinition, ActorInstance, ActorScope } from '../run-actor.ts'
import type { RecorderConfig, RecorderDetail, RecorderHeartbeat } from './contract.ts'
import { IntakeLoop, type IntakeLoopOptions } from './intake-loop.ts'
import { isFull, LOOK_FOR_ROOM_MILLIS, openPatiently } from './log-opening.ts'
import { IntakeBuffer } from './logic.ts'
import { hasStopped, producerOf, Recording } from './recording.ts'

/** What a recorder needs of the world around it; a simulation hands in another one. */
export interface RecorderWorld extends Pick<IntakeLoopOptions, 'waitForData'> {
  readonly pid: number
  readonly openLog: typeof openLog
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
  /** From `recover` on. */
  #recording: Recording | undefined
  /** From `run` on. */
  #loop: IntakeLoop | undefined
  #closed = false
  #ingressDrained = false
  /** Resolves to whether the log can be written to again; undefined while it can. */
  #room: PromiseWithResolvers<boolean> | undefined

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
    const { newestSeq = 0, events = 0 } = this.#recording?.losses ?? {}
    return {
      durable: writer.durable,
      newest: { epoch: writer.epoch, seq: Math.max(writer.nextSeq - 1, newestSeq) },
      failure: writer.failure?.message ?? null,
      lostEvents: events,
      commits: writer.stats().recentCommits,
    }
  }

  get #opened(): OpenLog {
    if (this.#log === undefined) throw new RollcastError('CLOSED', 'the log is not open')
    return this.#log
  }

  async #open(): Promise<undefined> {
    const log = await openPatiently(this.#world.openLog, this.#scope, () => this.#closed)
    // Told to stop meanwhile: what was opened too late is not kept.
    if (this.#closed) await log.writer.close()
    else this.#adopt(log)
    return undefined
  }

  #adopt(log: OpenLog): void {
    this.#log = log
    log.writer.onDurable(position => this.#recording?.announce(position))
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

  #recover(): undefined {
    const { config } = this.#scope
    const { report, writer } = this.#opened
    let ring = new RingReader(config.ring)
    const committed = writer.position(producerOf(ring)) ?? 0
    if (committed > ring.releasedPosition) {
      ring = new RingReader(config.ring, { startPosition: committed })
    }
    this.#recording = new Recording({
      scope: this.#scope,
      pid: this.#world.pid,
      ring,
      layouts: new Layouts(report.layouts),
      log: () => this.#opened,
    })
    return undefined
  }

  #run(): undefined {
    const recording = this.#recording
    // It never stopped while it waited for room.
    if (this.#loop !== undefined || recording === undefined) return undefined
    const scope = this.#scope
    recording.show()
    for (const channel of scope.receives.filter(name => name.endsWith('.facts'))) {
      // Together in one transaction, not one after the other: each waits for a flush.
      const options = { overlapping: true }
      scope.receive<FactBatch>(channel, batch => this.#takeFacts(recording, batch), options)
    }
    this.#loop = new IntakeLoop({
      scope,
      ring: recording.ring,
      intake: new IntakeBuffer(recording.layouts),
      waitForData: (ring, timeoutMillis) => this.#world.waitForData(ring, timeoutMillis),
      isWatched: () => recording.isWatched,
      onTaken: (intake, position) => recording.hand(intake, position),
      onIdle: () => this.#noteDrained(recording.ring),
    })
    this.#loop.start()
    return undefined
  }

  /**
   * Resolves when the facts are durable: only then may their maker forget them. While the disk is
   * full they wait; when the log has failed for good they are nobody's any more.
   */
  async #takeFacts(recording: Recording, batch: FactBatch): Promise<void> {
    for (;;) {
      const { writer } = this.#opened
      try {
        if (!hasStopped(writer)) return void (await recording.append(writer, batch).durable)
      } catch (error) {
        if (!hasStopped(writer)) throw error
      }
      if (!(await this.#room?.promise)) return
    }
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
    while (!this.#closed && this.#log === full) {
      await pause(this.#scope.clock, LOOK_FOR_ROOM_MILLIS)
      try {
        const log = this.#closed ? undefined : await full.again?.()
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

  #comeBack(log: OpenLog): void {
    this.#adopt(log)
    this.#recording?.resume()
    this.#scope.send({ type: 'roomFound' })
  }

  async #drain(): Promise<undefined> {
    const writer = this.#opened.writer
    if (!writer.failure) await writer.flush()
    return undefined
  }

  async #close(): Promise<undefined> {
    this.#closed = true
    // Facts that wait for room are the next recorder's: none is said to be taken here.
    await this.#loop?.stop()
    // The ring stays as it is: there may be a next recorder. Who gives up for good says so.
    if (this.#log) await this.#log.writer.close()
    return undefined
  }
}
