// The video of one camera while it is made: one file after the other, each a part of one episode.
// Where a part begins and ends follows from the events alone, and its frames stay in the log until
// it is committed; so whatever happens to a part on its way, it is made again and comes out the same.
import { isDeepStrictEqual } from 'node:util'
import { assert } from '../../base/assert.ts'
import { type Clock, pause } from '../../base/clock.ts'
import { describeError, RollcastError } from '../../base/errors.ts'
import { chooseEncoder, type EncoderChoice, suited } from '../../media/choose-encoder.ts'
import type { Ffmpeg } from '../../media/ffmpeg.ts'
import type { PictureShape } from '../../media/picture.ts'
import { PictureStatistics } from '../../media/picture-statistics.ts'
import { clearUnfinished } from '../../media/place-file.ts'
import { profiles, type VideoProfile } from '../../media/profiles.ts'
import { openSegment, type Segment } from '../../media/segment.ts'
import type {
  Envelope,
  EventType,
  FrameCaptured,
  VideoCommitted,
  VideoFailed,
} from '../../protocol/events.ts'
import { videoFolder, videoPath } from '../../protocol/video-files.ts'
import type { LogReader } from '../../store/event-log.ts'
import { decodeBatch } from '../../store/log-reader.ts'
import { unlessDamaged } from '../../store/unless-damaged.ts'
import { type FilmChoice, type FilmState, goesOn, type OpenPart } from './logic.ts'

export interface VideoSettings {
  readonly profile: VideoProfile
  /** Frames a second, a whole number from 1. */
  readonly fps: number
  /** The log keeps the frames that are on a video. */
  readonly keepFrames: boolean
}

/** What the films of an encoder share. */
export interface Studio {
  readonly runDir: string
  readonly settings: VideoSettings
  /** FFmpeg, which takes a moment the first time. */
  readonly load: () => Ffmpeg
  readonly reader: LogReader
  readonly clock: Clock
  /** Told why a film waits, and null when it goes on. */
  onWaiting(reason: string | null): void
}

/** What became of a part. */
export type PartEnd = VideoCommitted | VideoFailed

/** While there is no room for a video, room is looked for this often. */
const LOOK_FOR_ROOM_MILLIS = 1_000
const frameTypes: ReadonlySet<EventType> = new Set<EventType>(['frame_captured'])

export class Film {
  readonly #studio: Studio
  readonly #agent: string
  readonly #camera: string
  #part: OpenPart | undefined
  #segment: Segment | undefined
  #statistics: PictureStatistics | undefined
  #choice: FilmChoice | undefined
  /** An encoder has failed in this life. */
  #hasFallenBack = false
  /** Why the part in hand cannot be made. */
  #failure: string | undefined

  constructor(studio: Studio, { agent, camera }: { agent: string; camera: string }) {
    this.#studio = studio
    this.#agent = agent
    this.#camera = camera
    // What an earlier life had in hand is made again, or nobody wants it any more.
    clearUnfinished(`${studio.runDir}/${videoFolder(agent, camera)}`)
  }

  get state(): FilmState {
    const choice = this.#choice
    const part = this.#part
    const place = { agent: this.#agent, camera: this.#camera }
    return { ...place, ...(choice && { choice }), ...(part && { part }) }
  }

  /** Goes on with what an earlier life had in hand; it is made again when it is needed. */
  resume({ choice, part }: FilmState): void {
    this.#choice = choice
    this.#part = part
  }

  /** Takes the next frame; resolves to what became of the part that it closes. */
  async take(
    { seq, event }: Envelope<FrameCaptured>,
    pixels: Uint8Array,
  ): Promise<PartEnd | undefined> {
    const { episode, index } = event
    const open = this.#part
    const closed = open && !goesOn(open, episode, index) ? await this.close() : undefined
    this.#part ??= { episode, fromSeq: seq, toSeq: seq, fromIndex: index, frames: 0 }
    if (this.#segment === undefined) {
      await this.#attempt(() => this.#begin(event))
      // Choosing and opening an encoder takes as long as several frames.
      await this.#studio.clock.turn()
    }
    await this.#attempt(() => this.#encode(event, pixels))
    this.#part = { ...this.#part, toSeq: seq, frames: this.#part.frames + 1 }
    return closed
  }

  /** Commits the part in hand; undefined without one. */
  async close(): Promise<PartEnd | undefined> {
    const part = this.#part
    if (part === undefined) return undefined
    const fact = await this.#attempt(() => this.#commit(part))
    const reason = this.#failure
    this.#part = undefined
    this.#forget()
    this.#failure = undefined
    if (fact) return fact
    assert(reason !== undefined, 'what was not made has failed')
    const { episode, fromIndex } = part
    const place = { agent: this.#agent, camera: this.#camera, episode, fromIndex }
    return { type: 'video_failed', ...place, reason }
  }

  /** Nobody wants `episode` any more: gives up the part in hand if it is of that. */
  giveUp(episode: number): void {
    if (this.#part?.episode !== episode) return
    this.#part = undefined
    this.#failure = undefined
    this.#forget()
  }

  /** Lets go of what is in hand; another will make it again. */
  discard(): void {
    this.#forget()
  }

  #forget(): void {
    this.#segment?.discard()
    this.#segment = undefined
    this.#statistics = undefined
  }

  #commit({ episode, fromIndex, fromSeq, toSeq }: OpenPart): VideoCommitted {
    const segment = this.#segment
    assert(segment && this.#choice && this.#statistics, 'a part in hand has been begun')
    const done = segment.finish()
    const { encoder } = this.#choice
    return {
      type: 'video_committed',
      ...{ agent: this.#agent, camera: this.#camera, episode, fromIndex },
      ...{ fromSeq, toSeq, ...done },
      file: videoPath(this.#agent, this.#camera, episode, fromIndex),
      encoder: encoder.codec,
      reason: encoder.reason,
      statistics: { ...this.#statistics.summary() },
    }
  }

  #begin(event: FrameCaptured): Segment {
    this.#segment ??= this.#open(event)
    return this.#segment
  }

  #encode(event: FrameCaptured, pixels: Uint8Array): void {
    const segment = this.#begin(event)
    this.#statistics ??= new PictureStatistics(event)
    // Before the encoder, which leaves nothing of the pixels in the processor's caches.
    this.#statistics.add(pixels)
    segment.encode(pixels)
  }

  #open(event: FrameCaptured): Segment {
    const { runDir, settings, load } = this.#studio
    const ffmpeg = load()
    const { width, height, format } = event
    const shape = { width, height, format }
    const choice = this.#choose(ffmpeg, shape)
    const { episode, fromIndex } = this.#part!
    const path = `${runDir}/${videoPath(this.#agent, this.#camera, episode, fromIndex)}`
    return openSegment(ffmpeg, path, { ...shape, fps: settings.fps, choice })
  }

  /**
   * The parts of an episode join only when they are of one encoder: settings that have changed since
   * an earlier life count from the next episode on, and so does another try with what failed in it.
   */
  #choose(ffmpeg: Ffmpeg, shape: PictureShape): EncoderChoice {
    const { profile, fps } = this.#studio.settings
    const asked = JSON.stringify([profile, fps])
    const known = this.#choice
    const isOfNow = known?.asked === asked || this.#hasFallenBack
    const isKept = isOfNow || this.#part!.fromIndex > 0
    if (known && isKept && isDeepStrictEqual(known.shape, shape)) return known.encoder
    this.#choice = undefined
    const encoder = chooseEncoder(ffmpeg, profile, { ...shape, fps })
    this.#choice = { shape, asked, encoder }
    return encoder
  }

  /**
   * Does `work` on the part in hand; undefined when the part cannot be made. A full disk is waited
   * for; an encoder that fails is replaced by H.264 from the part's first frame on, once. Frames that
   * are gone are no fault of the encoder.
   */
  async #attempt<T>(work: () => T): Promise<T | undefined> {
    while (this.#failure === undefined) {
      try {
        if (this.#segment === undefined) await this.#makeAgain()
        return work()
      } catch (error) {
        await this.#mend(error)
      }
    }
    return undefined
  }

  /** Throws what is neither the disk's nor the encoder's nor the log's doing. */
  async #mend(error: unknown): Promise<void> {
    this.#forget()
    if (!(error instanceof RollcastError)) throw error
    if (error.code === 'DISK_FULL' || error.code === 'CANNOT_CREATE') {
      this.#studio.onWaiting(`no room for a video: ${error.message}`)
      await pause(this.#studio.clock, LOOK_FOR_ROOM_MILLIS)
      return this.#studio.onWaiting(null)
    }
    const isOfLog = error.code === 'LOG_CORRUPT'
    if (!isOfLog && error.code !== 'VIDEO_FAILED' && error.code !== 'USAGE') throw error
    const reason = describeError(error)
    const choice = this.#choice
    if (isOfLog || choice === undefined || choice.encoder.codec === profiles.fast.codec) {
      this.#failure = reason
      return
    }
    const { shape, encoder } = choice
    const why = `${encoder.codec} failed: ${reason}`
    this.#choice = { shape, encoder: suited(profiles.fast, shape, why) }
    this.#hasFallenBack = true
  }

  /** Encodes the frames that the part has already, out of the log; LOG_CORRUPT when one is gone. */
  async #makeAgain(): Promise<void> {
    const { reader, clock } = this.#studio
    const { fromSeq, episode, fromIndex, frames } = this.#part!
    if (frames === 0) return
    const layouts = reader.layouts()
    let made = 0
    for (const batch of reader.batches({ fromSeq })) {
      for (const { seq, event } of decodeBatch(batch, layouts, frameTypes)) {
        if (event.type !== 'frame_captured' || event.episode !== episode) continue
        if (event.agent !== this.#agent || event.camera !== this.#camera) continue
        const found = unlessDamaged(() => reader.frameSummed(seq))
        if (event.index !== fromIndex + made || found?.crc !== event.crc) {
          throw new RollcastError('LOG_CORRUPT', `frame ${event.index} is gone from the log`)
        }
        this.#encode(event, found.pixels)
        if (++made === frames) return
        await clock.turn()
      }
    }
    throw new RollcastError('LOG_CORRUPT', `expected ${frames} frames in the log, found ${made}`)
  }
}
