// The encoder of one camera: a lossless cursor on the log that is handed every frame, however late.
// It checks each frame against its event, encodes it, and closes an account per episode. Its cursor,
// what it has in hand and its facts are committed together, so that a restart misses and repeats
// nothing; a part of a video that it had in hand is made again from the log.
import { crc32 } from '../../base/checksum.ts'
import { encoderMachine } from '../../machines/encoder.machine.ts'
import { chooseEncoder } from '../../media/choose-encoder.ts'
import { loadMedia } from '../../media/ffmpeg.ts'
import { encodeEvent, packValue, unpackValue } from '../../protocol/codec.ts'
import type {
  Envelope,
  EpisodeReleased,
  FrameCaptured,
  FramesCounted,
} from '../../protocol/events.ts'
import { dropOf, type FrameDrop } from '../../protocol/frame-drop.ts'
import { limits } from '../../protocol/limits.ts'
import type { Quarantined } from '../../protocol/quarantine.ts'
import type { DurableNotice, FactBatch } from '../../protocol/thread-messages.ts'
import type { LogReader } from '../../store/event-log.ts'
import { type OpenReader, openLogReader } from '../../store/open-log.ts'
import { unlessDamaged } from '../../store/unless-damaged.ts'
import { FactLine } from '../fact-line.ts'
import { LogFollower } from '../log-follower.ts'
import type { ActorDefinition, ActorInstance, ActorScope } from '../run-actor.ts'
import { Film, type PartEnd, type Studio, type VideoSettings } from './film.ts'
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
/** The cursor is committed at the end of an episode, and otherwise at least this often. */
const COMMIT_MILLIS = 1_000

/** As `encoder`, with another way to the log. */
export const encoderOver = (openReader: OpenReader): ActorDefinition<EncoderConfig> => ({
  machine: encoderMachine,
  create: scope => new Encoder(scope, openReader(scope.config.runDir, scope.config.reader)),
})

export const encoder = encoderOver(openLogReader)

class Encoder implements ActorInstance {
  readonly #scope: ActorScope<EncoderConfig>
  readonly #reader: LogReader
  readonly #films = new Map<string, Film>()
  /** Of cameras, whether they are this encoder's. */
  readonly #mine = new Map<string, boolean>()
  /** Of cameras, whether the episode that they are at is given up. */
  readonly #standings = new Map<string, { episode: number; released: boolean }>()
  #studio: Studio | undefined
  #accounts: Accounts = []
  #follower: LogFollower | undefined
  #facts: FactLine | undefined
  /** Frames that nobody needs any more once the next commit is durable. */
  readonly #drops: FrameDrop[] = []
  #committedAt = 0
  #drainSeq = 0
  #cursor = 0
  /** Events up to here have had their facts made by an earlier life. */
  #decidedSeq = 0
  readonly #trend = new LagTrend()
  #growing = false
  #standing: 'caughtUp' | 'fellBehind' | 'lagRose' = 'fellBehind'
  #owed = 0
  #intact = 0

  constructor(scope: ActorScope<EncoderConfig>, reader: LogReader) {
    this.#scope = scope
    this.#reader = reader
  }

  readonly commands = {
    open: () => this.#open(),
    recover: () => this.#recover(),
    run: () => this.#run(),
    drain: () => this.#drain(),
    close: () => this.#close(),
  }

  lag(): number {
    return this.#follower?.lag ?? 0
  }

  /** Frames of closed accounts since the actor started. */
  heartbeat(): { framesOwed: number; framesIntact: number } {
    return { framesOwed: this.#owed, framesIntact: this.#intact }
  }

  drainTo(seq: number): void {
    this.#drainSeq = seq
  }

  /** Whether there is a way to encode as asked is known before anything is recorded (V4). */
  #open(): undefined {
    const { config, clock } = this.#scope
    const { runDir, video } = config
    if (video === undefined) return undefined
    const ffmpeg = loadMedia()
    if (video.profile !== 'auto') {
      chooseEncoder(ffmpeg, video.profile, { ...TRIAL, fps: video.fps })
    }
    const onWaiting = (reason: string | null): void => {
      if (reason !== null) this.#scope.send({ type: 'lagRose', reason } as { type: string })
      this.#standing = reason === null ? this.#standing : 'lagRose'
    }
    this.#studio = { runDir, settings: video, ffmpeg, reader: this.#reader, clock, onWaiting }
    return undefined
  }

  async #recover(): Promise<undefined> {
    const { name } = this.#scope
    const channel = { sizeOf: FactLine.sizeOf, redeliver: true }
    const sender = this.#scope.sender<FactBatch>(`${name}.facts`, channel)
    this.#facts = new FactLine(sender, name)
    this.#decidedSeq = await this.#facts.open(() => this.#reader.position(name))
    const snapshot = unlessDamaged(() => this.#reader.snapshot(name))
    if (snapshot?.version !== encoderVersion) return undefined
    const { accounts, films } = unpackValue(snapshot.bytes) as EncoderState
    this.#accounts = [...accounts]
    this.#cursor = snapshot.position
    for (const film of films) {
      const { part, ...idle } = film
      const isOver = part !== undefined && isReleased(this.#reader, part.episode)
      await this.#filmOf(film)?.resume(isOver ? idle : film)
    }
    return undefined
  }

  #run(): undefined {
    this.#follower = new LogFollower(this.#reader, this.#scope.clock, this.#cursor, {
      types: accountedTypes,
      hand: this.#scope,
      onEvent: envelope => this.#take(envelope),
      onPoison: (envelope, why) => this.#passOver(envelope, why),
      onSlice: seq => this.#commit(seq),
    })
    this.#scope.receive<DurableNotice>(`${this.#scope.name}.durable`, notice => {
      this.#follower?.advanceTo(notice.seq)
      this.#tellStanding()
    })
    // Who comes back may be told of nothing for a long time.
    this.#follower.advanceTo(this.#reader.durable().seq)
    void this.#follower.run().catch(this.#scope.fail)
    return undefined
  }

  async #take(envelope: Envelope): Promise<void> {
    const { event, seq } = envelope
    if (event.type === 'episode_released') return this.#release(event)
    if (event.type !== 'frame_captured') {
      return this.#conclude(envelope, closeBy(this.#accounts, envelope))
    }
    if (!this.#isMine(event)) return
    const pixels = this.#pixelsOf(seq, event)
    if (pixels === 'released') {
      await this.#conclude(envelope, countFrame(this.#accounts, event, pixels))
      return this.#filmOf(event)?.giveUp(event.episode)
    }
    const found = pixels && { byteLength: pixels.byteLength, crc: crc32(pixels) }
    await this.#conclude(envelope, countFrame(this.#accounts, event, found))
    if (pixels === undefined || found?.crc !== event.crc) return
    const frame = envelope as Envelope<FrameCaptured>
    this.#tellPart(envelope, await this.#filmOf(event)?.take(frame, pixels))
  }

  /** Undefined when they are missing or damaged. */
  #pixelsOf(seq: number, { agent, camera, episode }: FrameCaptured) {
    const key = `${agent}/${camera}`
    let standing = this.#standings.get(key)
    if (standing?.episode !== episode) {
      standing = { episode, released: isReleased(this.#reader, episode) }
      this.#standings.set(key, standing)
    }
    if (standing.released) return 'released'
    const pixels = unlessDamaged(() => this.#reader.frame(seq))
    // The index says so before the first one goes.
    if (pixels === undefined) standing.released = isReleased(this.#reader, episode)
    return standing.released ? 'released' : pixels
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
      this.#tellPart(envelope, await this.#filmOf(account)?.close())
      this.#tell(envelope, account)
      this.#growing = this.#trend.note(this.lag())
    }
  }

  #tellPart(envelope: Envelope, end: PartEnd | undefined): void {
    if (end === undefined) return
    this.#tell(envelope, end)
    const drop = this.#studio?.settings.keepFrames ? undefined : dropOf(end)
    if (drop && envelope.seq > this.#decidedSeq) this.#drops.push(drop)
  }

  #tell({ seq, time }: Envelope, fact: FramesCounted | PartEnd): void {
    if (seq > this.#decidedSeq) this.#facts?.add(encodeEvent(fact, time))
  }

  /** A frame that cannot be looked at is owed and missed. */
  async #passOver(envelope: Envelope, why: Quarantined): Promise<void> {
    const { event, seq } = envelope
    if (event.type === 'frame_captured' && this.#isMine(event)) {
      await this.#conclude(envelope, countFrame(this.#accounts, event, undefined))
    }
    if (seq > this.#decidedSeq) this.#facts?.addQuarantined(this.#scope.name, envelope, why)
  }

  /** The n-th camera of the log is the n-th encoder's; the last one has all that follow too. */
  #isMine({ agent, camera }: { agent: string; camera: string }): boolean {
    const key = `${agent}/${camera}`
    let mine = this.#mine.get(key)
    if (mine === undefined) {
      const place = this.#reader.layouts().cameras().indexOf(key)
      const number = Number(/\d+$/.exec(this.#scope.name)?.[0] ?? 1)
      mine = Math.min(place + 1, limits.encodersMax) === number
      this.#mine.set(key, mine)
    }
    return mine
  }

  #filmOf({ agent, camera }: { agent: string; camera: string }): Film | undefined {
    if (this.#studio === undefined) return undefined
    const key = `${agent}/${camera}`
    const film = this.#films.get(key) ?? new Film(this.#studio, agent, camera)
    this.#films.set(key, film)
    return film
  }

  async #commit(cursor: number): Promise<void> {
    this.#tellStanding()
    if (cursor <= this.#decidedSeq) return
    const now = this.#scope.clock.monotonic()
    const draining = this.#drainSeq > 0 && cursor >= this.#drainSeq
    if (this.#facts?.empty && !draining && now - this.#committedAt < COMMIT_MILLIS) return
    this.#committedAt = now
    const films = [...this.#films.values()].map(({ state }) => state)
    const bytes = packValue({ accounts: this.#accounts, films } satisfies EncoderState)
    const { name } = this.#scope
    const snapshot = { name, version: encoderVersion, position: cursor, bytes }
    const drops = this.#drops.splice(0)
    await this.#facts?.handIn(cursor, { snapshot, ...(drops.length > 0 ? { drops } : {}) })
  }

  #tellStanding(): void {
    const lag = this.lag()
    const { lagWarning } = this.#scope.config
    let standing = this.#standing
    if (lag === 0) standing = 'caughtUp'
    else if (lag > lagWarning || (this.#growing && lag > lagWarning / 10)) standing = 'lagRose'
    else if (lag > lagWarning / 10) standing = 'fellBehind'
    if (standing === this.#standing) return
    if (this.#standing === 'lagRose' && standing === 'fellBehind') {
      this.#scope.send({ type: 'lagFell' })
    } else {
      const reason = this.#growing
        ? `${lag} events behind the log's end, and further with every episode: take the video ` +
          "profile 'fast', smaller frames or fewer of them"
        : `${lag} events behind the log's end`
      this.#scope.send({ type: standing, reason } as { type: string })
    }
    this.#standing = standing
  }

  async #drain(): Promise<undefined> {
    const seq = this.#drainSeq
    this.#follower?.advanceTo(seq)
    await this.#follower?.arriveAt(seq)
    // The aggregator has stopped before, and may have given up what was encoded last.
    const end = this.#reader.durable().seq
    this.#follower?.advanceTo(end)
    await this.#follower?.arriveAt(end)
    this.#follower?.stop()
    await this.#facts?.close()
    return undefined
  }

  async #close(): Promise<undefined> {
    this.#follower?.stop()
    for (const film of this.#films.values()) film.discard()
    await this.#reader.close()
    return undefined
  }
}
