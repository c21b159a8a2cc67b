// The pictures of a recorded run, wherever they are: in the log, and when they are gone from there in
// the video that was made of them. Whoever asks in order has each frame of a video decoded once.
import { join } from 'node:path'
import { RollcastError } from '../base/errors.ts'
import { namesIn } from '../base/names-in.ts'
import { type DecodedFrame, decodeFrames, examineVideo } from '../media/examine-video.ts'
import { type Ffmpeg, loadMedia } from '../media/ffmpeg.ts'
import type { Envelope, FrameCaptured } from '../protocol/events.ts'
import type { LiveFrame } from '../protocol/thread-messages.ts'
import { readVideoName, videoFolder } from '../protocol/video-files.ts'
import type { LogReader } from '../store/event-log.ts'
import { unlessDamaged } from '../store/unless-damaged.ts'

/** Pixels of a frame; those of a video have three channels, whatever was recorded. */
export type Picture = Pick<LiveFrame, 'pixels' | 'format'>

/** A frame, and where in the log it stands. */
type Place = Pick<Envelope<FrameCaptured>, 'seq' | 'event'>

interface Part {
  readonly path: string
  readonly fromIndex: number
  readonly frames: number
}

/** The video of a camera's episode, and how far it has been decoded. */
interface Footage {
  readonly episode: number
  readonly parts: readonly Part[]
  playing?: { readonly part: Part; readonly decoded: Generator<DecodedFrame>; nextIndex: number }
}

export class Pictures {
  readonly #reader: LogReader
  readonly #runDir: string
  /** By agent and camera: of the episode that was asked for last. */
  readonly #footage = new Map<string, Footage>()
  /** Undefined before it was needed, null where there is none. */
  #ffmpeg: Ffmpeg | null | undefined

  constructor(reader: LogReader, runDir: string) {
    this.#reader = reader
    this.#runDir = runDir
  }

  /** Whether there is a picture of the frame. */
  has({ seq, event }: Place): boolean {
    return this.#reader.hasFrame(seq) || partAt(this.#footageOf(event), event.index) !== undefined
  }

  /** The picture; undefined when it is gone, or damaged, or nothing here reads videos. */
  of({ seq, event }: Place): Picture | undefined {
    const pixels = unlessDamaged(() => this.#reader.frame(seq))
    if (pixels) return { pixels, format: event.format }
    const footage = this.#footageOf(event)
    return orNone(() => this.#decode(footage, event.index))
  }

  close(): void {
    for (const { playing } of this.#footage.values()) playing?.decoded.return(undefined)
    this.#footage.clear()
  }

  #decode(footage: Footage, index: number): Picture | undefined {
    const part = partAt(footage, index)
    const ffmpeg = this.#media()
    if (part === undefined || ffmpeg === null) return undefined
    if (footage.playing?.part !== part || footage.playing.nextIndex > index) {
      footage.playing?.decoded.return(undefined)
      const decoded = decodeFrames(ffmpeg, part.path, { fromFrame: index - part.fromIndex })
      footage.playing = { part, decoded, nextIndex: index }
    }
    const { playing } = footage
    for (;;) {
      const { value } = playing.decoded.next()
      if (!value) return undefined
      if (playing.nextIndex++ === index) return { pixels: value.pixels, format: 'rgb8' }
    }
  }

  #footageOf({ agent, camera, episode }: FrameCaptured): Footage {
    const key = `${agent}/${camera}`
    const known = this.#footage.get(key)
    if (known?.episode === episode) return known
    known?.playing?.decoded.return(undefined)
    const parts = this.#partsIn(join(this.#runDir, videoFolder(agent, camera)), episode)
    const footage = { episode, parts }
    this.#footage.set(key, footage)
    return footage
  }

  #partsIn(folder: string, episode: number): Part[] {
    return namesIn(folder).flatMap(name => {
      const said = readVideoName(name)
      const ffmpeg = said?.episode === episode ? this.#media() : null
      if (!said || ffmpeg === null) return []
      const path = join(folder, name)
      const frames = orNone(() => examineVideo(ffmpeg, path).frames)
      return frames === undefined ? [] : [{ path, fromIndex: said.fromIndex, frames }]
    })
  }

  #media(): Ffmpeg | null {
    if (this.#ffmpeg === undefined) this.#ffmpeg = orNone(() => loadMedia()) ?? null
    return this.#ffmpeg
  }
}

const partAt = ({ parts }: Footage, index: number): Part | undefined =>
  parts.find(({ fromIndex, frames }) => fromIndex <= index && index < fromIndex + frames)

/** What `read` gives; undefined when that cannot be had. */
function orNone<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof RollcastError) return undefined
    throw error
  }
}
