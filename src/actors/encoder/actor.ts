// The encoder of one camera: a lossless cursor on the log that is handed every frame, however late.
// It checks each frame against its event, encodes it, and closes an account per episode. Its cursor,
// what it has in hand and its facts are committed together, so that a restart misses and repeats
// nothing; a part of a video that it had in hand is made again from the log.
import { encoderMachine } from '../../machines/encoder.machine.ts'
import { chooseEncoder } from '../../media/choose-encoder.ts'
import { loadMedia } from '../../media/ffmpeg.ts'
import { packValue } from '../../protocol/codec.ts'
import type {
  Envelope,
  EpisodeReleased,
  FrameCaptured,
  FramesCounted,
} from '../../protocol/events.ts'
import { dropOf, type FrameDrop } from '../../protocol/frame-drop.ts'
import type { Quarantined } from '../../protocol/quarantine.ts'
import type { LogReader } from '../../store/event-log.ts'
import { type OpenReader, openLogReader } from '../../store/open-log.ts'
import { LogConsumer } from '../log-consumer.ts'
import type { ActorDefinition, ActorInstance, ActorScope } from '../run-actor.ts'
import { EpisodePixels } from './episode-pixels.ts'
import type { PartEnd, Studio, VideoSettings } from './film.ts'
import { Films } from './films.ts'
import {
  type Accounts,
  accountedTypes,
  closeBy,
  countFrame,
  type EncoderState,
  encoderVersion,
  LagTrend,
} from './logic.ts'
import { deleteVideos, isReleased } from './released-episodes.ts'
import { Standing } from './standing.ts'

export interface EncoderConfig {
  readonly runDir: string
  /** How to open the log: a process that writes it must not open its file a second time. */
  readonly reader: { readonly check: boolean; readonly readOnly: boolean }
  /** Events behind the log's end above which the encoder says that it lags. */
  readonly lagWarning: number
  /** Video is made of the frames; without it they are counted only. */
  readonly video?: VideoSettings
}

/** Pictures that any encoder takes. */
const TRIAL = { width: 64, height: 64, format: 'rgb8' } as const

/** As `encoder`, with another way to the log. */
export const encoderOver = (openReader: OpenReader): ActorDefinition<EncoderConfig> => ({
  machine: encoderMachine,
  create: scope => new Encoder(scope, openReader(scope.config.runDir, scope.config.reader)),
})

export const encoder = encoderOver(openLogReader)

class Encoder implements ActorInstance {
  readonly #scope: ActorScope<EncoderConfig>
  readonly #reader: LogReader
  readonly #consumer: LogConsumer
  readonly #films: Films
  readonly #pixels: EpisodePixels
  readonly #standing: Standing
  readonly #trend = new LagTrend()
  #accounts: Accounts = []
  /** Frames that nobody needs any more once the next commit is durable. */
  readonly #drops: FrameDrop[] = []
  #cursor = 0
  #drainSeq = 0
  #isGrowing = false
  #waiting: string | null = null
  #owed = 0
  #intact = 0

  constructor(scope: ActorScope<EncoderConfig>, reader: LogReader) {
    const { name, config } = scope
    this.#scope = scope
    this.#reader = reader
    this.#consumer = new LogConsumer(scope, reader)
    this.#films = new Films(name, reader, config.video && this.#studio(config.video))
    this.#pixels = new EpisodePixels(reader)
    this.#standing = new Standing(config.lagWarning)
  }

  readonly commands = {
    open: () => this.#open(),
    recover: () => this.#recover(),
    run: () => this.#run(),
    drain: () => this.#drain(),
    close: () => this.#close(),
  }

  lag(): number {
    return this.#consumer.lag
  }

  /** Frames of closed accounts since the actor started. */
  heartbeat(): { framesOwed: number; framesIntact: number } {
    return { framesOwed: this.#owed, framesIntact: this.#intact }
  }

  drainTo(seq: number): void {
    this.#drainSeq = seq
  }

  #studio(settings: VideoSettings): Studio {
    const { config, clock } = this.#scope
    const onWaiting = (reason: string | null): void => {
      this.#waiting = reason
      this.#tellStanding()
    }
    const { runDir } = config
    return { runDir, settings, load: loadMedia, reader: this.#reader, clock, onWaiting }
  }

  /**
   * Whether there is a way to encode as asked is known before anything is recorded (V4). Who comes
   * back takes its place first, and FFmpeg when there is a frame.
   */
  #open(): undefined {
    const { restarts, config } = this.#scope
    const { video } = config
    if (video === undefined || restarts > 0) return undefined
    const ffmpeg = loadMedia()
    if (video.profile === 'auto') return undefined
    chooseEncoder(ffmpeg, video.profile, { ...TRIAL, fps: video.fps })
    return undefined
  }

  async #recover(): Promise<undefined> {
    await this.#consumer.open()
    const restored = this.#consumer.restore(encoderVersion)
    if (restored === undefined) return undefined
    const { accounts, films } = restored.state as EncoderState
    this.#accounts = [...accounts]
    this.#cursor = restored.position
    for (const film of films) {
      const { part, ...idle } = film
      const isOver = part !== undefined && isReleased(this.#reader, part.episode)
      this.#films.of(film)?.resume(isOver ? idle : film)
    }
    return undefined
  }

  #run(): undefined {
    const handlers = {
      types: accountedTypes,
      hand: this.#scope,
      onEvent: (envelope: Envelope) => this.#take(envelope),
      onPoison: (envelope: Envelope, why: Quarantined) => this.#passOver(envelope, why),
      onSlice: (cursor: number) => this.#commit(cursor),
    }
    this.#consumer.follow(this.#cursor, handlers, () => this.#tellStanding())
    return undefined
  }

  async #take(envelope: Envelope): Promise<void> {
    const { event, seq } = envelope
    if (event.type === 'episode_released') return this.#release(event)
    if (event.type !== 'frame_captured') {
      return this.#conclude(envelope, closeBy(this.#accounts, envelope))
    }
    if (!this.#films.isMine(event)) return
    const found = this.#pixels.of(seq, event)
    if (found === 'released') {
      await this.#conclude(envelope, countFrame(this.#accounts, event, found))
      return this.#films.of(event)?.giveUp(event.episode)
    }
    const seen = found && { byteLength: found.pixels.byteLength, crc: found.crc }
    await this.#conclude(envelope, countFrame(this.#accounts, event, seen))
    if (found?.crc !== event.crc) return
    const frame = envelope as Envelope<FrameCaptured>
    this.#tellPart(envelope, await this.#films.of(event)?.take(frame, found.pixels))
  }

  /**
   * What was made of the episode stands: its end has been met. Also what other encoders made: one
   * may have been stopped before the fact came.
   */
  #release(released: EpisodeReleased): void {
    const prefix = `${released.agent}/`
    for (const key of this.#reader.layouts().cameras()) {
      if (!key.startsWith(prefix)) continue
      deleteVideos(this.#scope.config.runDir, released, key.slice(prefix.length))
    }
  }

  /** Hands in the accounts that `envelope` has closed, and before them what is left of their video. */
  async #conclude(envelope: Envelope, closed: readonly FramesCounted[]): Promise<void> {
    for (const account of closed) {
      this.#owed += account.owed - (account.released ?? 0)
      this.#intact += account.intact
      this.#tellPart(envelope, await this.#films.of(account)?.close())
      this.#tell(envelope, account)
      this.#isGrowing = this.#trend.note(this.lag())
    }
  }

  #tellPart(envelope: Envelope, end: PartEnd | undefined): void {
    if (end === undefined) return
    this.#tell(envelope, end)
    const drop = this.#scope.config.video?.keepFrames ? undefined : dropOf(end)
    if (drop && envelope.seq > this.#consumer.decidedSeq) this.#drops.push(drop)
  }

  #tell({ seq, time }: Envelope, fact: FramesCounted | PartEnd): void {
    if (seq > this.#consumer.decidedSeq) this.#consumer.add(fact, time)
  }

  /** A frame that cannot be looked at is owed and missed. */
  async #passOver(envelope: Envelope, why: Quarantined): Promise<void> {
    const { event, seq } = envelope
    if (event.type === 'frame_captured' && this.#films.isMine(event)) {
      await this.#conclude(envelope, countFrame(this.#accounts, event, undefined))
    }
    if (seq > this.#consumer.decidedSeq) this.#consumer.passOver(envelope, why)
  }

  async #commit(cursor: number): Promise<void> {
    this.#tellStanding()
    if (!this.#consumer.mustCommit(cursor)) return
    const state: EncoderState = { accounts: this.#accounts, films: this.#films.state }
    const { name } = this.#scope
    const snapshot = { name, version: encoderVersion, position: cursor, bytes: packValue(state) }
    const drops = this.#drops.splice(0)
    // A dataset, or a viewer, waits for the video of an episode that has ended.
    const isAwaited = this.#consumer.hasFacts
    await this.#consumer.commit(cursor, {
      snapshot,
      isAwaited,
      ...(drops.length > 0 ? { drops } : {}),
    })
  }

  #tellStanding(): void {
    const place = { lag: this.lag(), isGrowing: this.#isGrowing, waiting: this.#waiting }
    const change = this.#standing.change(place)
    if (change) this.#scope.send(change)
  }

  async #drain(): Promise<undefined> {
    await this.#consumer.arriveAt(this.#drainSeq)
    // The aggregator has stopped before, and may have given up what was encoded last.
    await this.#consumer.arriveAtEnd()
    await this.#consumer.stop()
    await this.#consumer.close()
    return undefined
  }

  async #close(): Promise<undefined> {
    // Not waited for: a film may be waiting for room on a disk.
    void this.#consumer.stop()
    this.#films.discard()
    await this.#reader.close()
    return undefined
  }
}
