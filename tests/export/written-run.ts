// A run written into a log in memory by a script, with videos as an encoder would have committed
// them: for what exports make of anything that a trainer may do.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { crc32 } from '../../src/base/checksum.ts'
import { chooseEncoder } from '../../src/media/choose-encoder.ts'
import { type Ffmpeg, loadMedia } from '../../src/media/ffmpeg.ts'
import { PictureStatistics } from '../../src/media/picture-statistics.ts'
import { profiles, type VideoProfile } from '../../src/media/profiles.ts'
import { openSegment } from '../../src/media/segment.ts'
import { encodeEvent, Layouts, packValue } from '../../src/protocol/codec.ts'
import type { Event, FrameFormat, Layout, StepTaken } from '../../src/protocol/events.ts'
import type { EpisodeRow } from '../../src/protocol/projection.ts'
import { videoPath } from '../../src/protocol/video-files.ts'
import type { FramePayload, LogReader } from '../../src/store/event-log.ts'
import { type MemoryLog, openMemoryLog } from '../../src/store/memory-log.ts'
import { picture } from '../media/pictures.ts'

export interface Shape {
  readonly width: number
  readonly height: number
  readonly format: FrameFormat
}

export const small: Shape = { width: 32, height: 24, format: 'rgb8' }

/** What an agent's steps say beside the reward, by step. */
export type Said = (step: number) => Partial<StepTaken>

export interface Script {
  readonly agent?: string
  /** Default: an action and two observations. */
  readonly says?: Said
  /** Of frame `index` of a camera; default `small`. */
  readonly shape?: (camera: string, index: number) => Shape
  readonly row?: Partial<EpisodeRow>
  /** Events that were lost before the log. */
  readonly isLost?: (event: Event) => boolean
}

export interface VideoScript {
  readonly fps?: number
  /** Of a part, from 0. */
  readonly profile?: (part: number) => VideoProfile
  /** Frames of a part; default all. */
  readonly partFrames?: number
}

/** The first two frames in one make, all others in another, as when an encoder was replaced. */
export const twoMakes: VideoScript = {
  partFrames: 2,
  profile: part => (part === 0 ? 'fast' : { ...profiles.fast, pixelFormat: 'yuv444p' }),
}

const says: Said = step => ({ action: step % 3, observation: [step / 4, -step] })

export class WrittenRun {
  readonly dir: string
  readonly #log: MemoryLog
  readonly #layouts: Layout[] = []
  #position = 0
  #seq = 0
  #episode = 0

  constructor(log: MemoryLog) {
    this.#log = log
    this.dir = mkdtempSync(join(tmpdir(), 'rollcast-written-'))
    onTestFinished(() => rmSync(this.dir, { recursive: true, force: true }))
  }

  get reader(): LogReader {
    return this.#log.reader()
  }

  /**
   * Writes an episode as `moments` tell, such as `s front s front`: each word is a step (`s`) or a
   * frame of the camera of that name. Frame k shows picture k.
   */
  async episode(moments: string, script: Script = {}): Promise<EpisodeRow> {
    const { agent = 'a', isLost = () => false } = script
    const episode = ++this.#episode
    const words = moments.split(' ').filter(word => word !== '')
    const events: Event[] = [{ type: 'episode_began', agent, episode }]
    const frames: FramePayload[] = []
    const add = (event: Event, bytes?: Uint8Array): void => {
      if (isLost(event)) return
      if (bytes) frames.push({ index: events.length, bytes })
      events.push(event)
    }
    const counts = new Map<string, number>()
    let steps = 0
    const length = words.filter(word => word === 's').length
    for (const word of words) {
      if (word === 's') {
        const step = stepOf(agent, episode, steps++, length, script.says ?? says)
        this.#declareStep(step)
        add(step)
        continue
      }
      const index = counts.get(word) ?? 0
      const shape = script.shape?.(word, index) ?? small
      counts.set(word, index + 1)
      const bytes = picture(shape, index)
      this.#declareCamera(agent, word, shape)
      add(
        {
          ...{ type: 'frame_captured', agent, camera: word, episode, index, ...shape },
          ...{ step: Math.max(0, steps - 1), byteLength: bytes.length, crc: crc32(bytes) },
        },
        bytes,
      )
    }
    const firstSeq = await this.#append(events, frames)
    const row: EpisodeRow = {
      ...{ episode, agent, startTime: 1_000 + episode, endTime: 2_000 + episode, steps },
      ...{ frames: words.length - length, totalReward: 1, extrinsicReward: 1, intrinsicReward: 0 },
      ...{ stage: null, epsilon: null, seed: null, terminated: true, truncated: false },
      ...{ reason: 'terminated', firstSeq, lastSeq: firstSeq + events.length - 1, ...script.row },
    }
    await this.#append([], [], [row])
    return row
  }

  /** Makes the video of a camera of `row` out of the log, and commits it as an encoder does. */
  async film(row: EpisodeRow, camera: string, given: VideoScript = {}): Promise<void> {
    const { fps = 30, profile = () => 'fast', partFrames = Number.POSITIVE_INFINITY } = given
    const { agent, episode } = row
    const range = { fromSeq: row.firstSeq, toSeq: row.lastSeq }
    const all = [...this.reader.events(range)].flatMap(({ seq, event }) =>
      event.type === 'frame_captured' && event.camera === camera ? [{ seq, event }] : [],
    )
    for (let fromIndex = 0; fromIndex < all.length; fromIndex += partFrames) {
      const part = all.slice(fromIndex, fromIndex + partFrames)
      const { width, height, format } = part[0]!.event
      const shape = { width, height, format }
      const choice = chooseEncoder(ffmpeg(), profile(fromIndex / partFrames), { ...shape, fps })
      const file = videoPath(agent, camera, episode, fromIndex)
      const segment = openSegment(ffmpeg(), join(this.dir, file), { ...shape, fps, choice })
      const statistics = new PictureStatistics(shape)
      for (const { event } of part) {
        segment.encode(picture(shape, event.index))
        statistics.add(picture(shape, event.index))
      }
      const done = segment.finish()
      await this.#append([
        {
          ...{ type: 'video_committed', agent, camera, episode, fromIndex, ...done, file },
          ...{ fromSeq: part[0]!.seq, toSeq: part.at(-1)!.seq },
          ...{ encoder: choice.codec, reason: choice.reason },
          statistics: { ...statistics.summary() },
        },
      ])
    }
  }

  /** The encoder says that it could not. */
  async failFilm({ agent, episode }: EpisodeRow, camera: string, reason: string): Promise<void> {
    await this.#append([{ type: 'video_failed', agent, camera, episode, fromIndex: 0, reason }])
  }

  /** The log holds no pixels any more, of events before `beforeSeq`; default all. */
  async dropPixels(beforeSeq = this.#seq + 1): Promise<void> {
    await this.#log.writer.dropFrames({ beforeSeq })
  }

  /** `actor`, a consumer of the log, has handled the events up to `position`. */
  async reach(actor: string, position: number): Promise<void> {
    const nothing = { records: new Uint8Array(), count: 0 }
    await this.#log.writer.append({ producer: actor, position, ...nothing }).durable
  }

  #declareStep({ agent, ...step }: StepTaken): void {
    const shape = {
      position: step.position?.length ?? 0,
      action: typeof step.action === 'number' ? 1 : (step.action?.length ?? 0),
      actionScalar: typeof step.action === 'number',
      qValues: step.qValues?.length ?? 0,
      logits: step.logits?.length ?? 0,
      observation: step.observation?.length ?? 0,
      meters: Object.keys(step.meters ?? {}),
    }
    const text = JSON.stringify({ agent, ...shape })
    const known = this.#layouts.some(({ kind, layout: _, ...other }) => {
      return kind === 'step' && JSON.stringify(other) === text
    })
    if (!known) {
      this.#layouts.push({ kind: 'step', layout: this.#layouts.length + 1, agent, ...shape })
    }
  }

  #declareCamera(agent: string, camera: string, shape: Shape): void {
    const text = JSON.stringify({ agent, camera, ...shape })
    const known = this.#layouts.some(({ kind, layout: _, ...other }) => {
      return kind === 'frame' && JSON.stringify(other) === text
    })
    if (known) return
    this.#layouts.push({ kind: 'frame', layout: this.#layouts.length + 1, agent, camera, ...shape })
  }

  #declared = 0

  async #append(
    events: readonly Event[],
    frames: readonly FramePayload[] = [],
    rows: readonly EpisodeRow[] = [],
  ): Promise<number> {
    const fresh = this.#layouts.slice(this.#declared)
    this.#declared = this.#layouts.length
    const declared = fresh.map((layout): Event => ({ type: 'layout_declared', ...layout }))
    const all: Event[] = [...declared, ...events]
    const { durable, firstSeq } = this.#log.writer.append({
      ...{ producer: 'trainer:test', position: ++this.#position, count: all.length },
      records: Buffer.concat(all.map((event, at) => this.#encode(event, 1_000 + at))),
      frames: frames.map(({ index, bytes }) => ({ index: index + declared.length, bytes })),
      rows: rows.map(row => ({ episode: row.episode, bytes: packValue(row) })),
    })
    await durable
    this.#seq = Math.max(this.#seq, firstSeq + all.length - 1)
    return firstSeq + declared.length
  }

  /** A frame under the layout of its own size: a recorder would refuse a camera that changes. */
  #encode(event: Event, time: number): Uint8Array {
    if (event.type !== 'frame_captured') return encodeEvent(event, time, new Layouts(this.#layouts))
    const own = this.#layouts.filter(
      layout => layout.kind === 'frame' && layout.width === event.width,
    )
    return encodeEvent(event, time, new Layouts(own))
  }

  /** What a run says first. */
  async begin(name: string): Promise<this> {
    await this.#append([{ type: 'run_started', run: name, name, pid: 1, software: 'test' }])
    return this
  }
}

function stepOf(
  agent: string,
  episode: number,
  step: number,
  length: number,
  said: Said,
): StepTaken {
  return {
    ...{ type: 'step_taken', agent, episode, step, reward: step / 2, intrinsicReward: -step },
    ...{ terminated: step === length - 1, truncated: false },
    ...said(step),
  }
}

export const writeRun = async (name = 'written'): Promise<WrittenRun> =>
  new WrittenRun(await openMemoryLog()).begin(name)

let loaded: Ffmpeg | undefined

/** FFmpeg, loaded once for all tests of a file. */
export function ffmpeg(): Ffmpeg {
  loaded ??= loadMedia()
  return loaded
}

/** `s front s front ...`, `steps` times. */
export const times = (steps: number, moments: string): string =>
  Array.from({ length: steps }, () => moments).join(' ')
