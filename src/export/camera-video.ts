// The video of one camera in one episode. What the encoder committed while the run was recorded is
// taken as it is, by stream copy; where it does not hold what is wanted, the frames are encoded out
// of the log. Where the log does not hold them any more either, there is no video, and why is told;
// only for people a video is made of what was on one before.
import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { RollcastError } from '../base/errors.ts'
import { chooseEncoder, type EncoderChoice } from '../media/choose-encoder.ts'
import type { Ffmpeg } from '../media/ffmpeg.ts'
import { asRgb, type PictureShape } from '../media/picture.ts'
import type { VideoProfile } from '../media/profiles.ts'
import { concatenate, cut } from '../media/remux.ts'
import { openSegment } from '../media/segment.ts'
import type { VideoCommitted } from '../protocol/events.ts'
import { Pictures } from '../replay/pictures.ts'
import type { LogReader } from '../store/event-log.ts'
import { unlessDamaged } from '../store/unless-damaged.ts'
import type { CameraTrack, PlacedFrame } from './camera-track.ts'
import type { VideoFile } from './lerobot/prepare.ts'
import type { VideoFact } from './recorded-videos.ts'

/** Frames a second of a run that made no video, as of one that does. */
export const FPS_DEFAULT = 30

/** What videos are made with. */
export interface Studio {
  readonly ffmpeg: Ffmpeg
  readonly reader: LogReader
  readonly runDir: string
  /** Of what has to be encoded. */
  readonly profile: VideoProfile
  readonly clock: Clock
  /** Ends encoding with its reason. */
  readonly signal?: AbortSignal | undefined
  /** Told how many pictures of the video in hand are done. */
  readonly onPicture?: ((done: number) => void) | undefined
  /** Encoders that were chosen, by the shape of the pictures: `auto` takes a second for it. */
  readonly choices: Map<string, EncoderChoice>
}

export const openStudio = (given: Omit<Studio, 'choices'>): Studio => ({
  ...given,
  choices: new Map(),
})

/** What the encoder made of a track, or why that is not the whole of it. */
export type CommittedVideo =
  | { readonly parts: readonly VideoCommitted[] }
  /** `isMixed`: every frame is on a part, but they are of different makes and do not join. */
  | { readonly lack: string; readonly isMixed?: boolean }

/** The committed parts that hold every frame of `track`, at whatever rate. */
export function committedVideo(
  runDir: string,
  track: CameraTrack,
  facts: readonly VideoFact[],
): CommittedVideo {
  const mine = facts.filter(fact => fact.agent === track.agent && fact.camera === track.camera)
  const failed = mine.find(fact => fact.type === 'video_failed')
  if (failed) return { lack: `its video failed (${failed.reason})` }
  const parts = mine
    .filter(fact => fact.type === 'video_committed')
    .toSorted((a, b) => a.fromIndex - b.fromIndex)
  const [first] = parts
  if (!first) return { lack: 'the run made no video of it' }
  let frames = 0
  let isMixed = false
  for (const part of parts) {
    if (part.fromIndex !== frames) break
    frames += part.frames
    if (bytesOf(join(runDir, part.file)) !== part.bytes) {
      return { lack: `${part.file} is gone or not what it was` }
    }
    isMixed ||= makeOf(part) !== makeOf(first)
  }
  if (frames !== track.length) {
    return { lack: `its video holds ${frames} of ${track.length} frames` }
  }
  return isMixed ? { lack: 'its parts are of different makes', isMixed } : { parts }
}

/** Of a file; undefined when there is none. */
const bytesOf = (path: string): number | undefined =>
  statSync(path, { throwIfNoEntry: false })?.size

const makeOf = ({ encoder, codec, pixelFormat, width, height, fps }: VideoCommitted): string =>
  JSON.stringify([encoder, codec, pixelFormat, width, height, fps])

/**
 * Files that together show the first `frames` frames of `parts`, at `fps` frames a second. Where a
 * part has to be cut, or shown at another rate, the copy is made at `path`.
 */
export async function firstFrames(
  studio: Studio,
  parts: readonly VideoCommitted[],
  frames: number,
  { path, fps }: { readonly path: string; readonly fps: number },
): Promise<VideoFile[]> {
  const files = await cutTo(studio, parts, frames, path)
  if (parts[0]?.fps === fps) return files
  const paths = files.map(file => (typeof file === 'string' ? file : file.path))
  await concatenate(studio.ffmpeg, paths, path, { fps })
  return [path]
}

async function cutTo(
  studio: Studio,
  parts: readonly VideoCommitted[],
  frames: number,
  path: string,
): Promise<VideoFile[]> {
  const files: VideoFile[] = []
  let missing = frames
  for (const part of parts) {
    if (missing === 0) break
    const file = join(studio.runDir, part.file)
    if (part.frames > missing) {
      await cut(studio.ffmpeg, file, { fromFrame: 0, frames: missing }, path)
      return [...files, path]
    }
    files.push({ ...part, path: file })
    missing -= part.frames
  }
  return files
}

interface Encoding {
  readonly path: string
  readonly fps: number
  /** Why it is needed. */
  readonly lack: string
  /** Where frames are taken from that the log does not hold; default nowhere. */
  readonly pictures?: Pictures
}

/**
 * Encodes `frames` of `track` (in this order, one may be shown again) into a file at `path`.
 * BAD_INPUT, with `lack`, when one is nowhere.
 */
export async function encodeFrames(
  studio: Studio,
  track: CameraTrack,
  frames: ArrayLike<number>,
  { path, fps, lack, pictures }: Encoding,
  onPicture: (pixels: Uint8Array) => void = () => {},
): Promise<void> {
  const { width, height } = track
  const shape = { width, height, format: pictures ? 'rgb8' : track.format } as const
  const choice = choiceFor(studio, shape, fps)
  const segment = openSegment(studio.ffmpeg, path, { ...shape, fps, choice })
  const find = (frame: PlacedFrame) =>
    pictures ? rgbIn(pictures, frame) : recordedPixels(studio.reader, frame)
  try {
    for await (const pixels of picturesOf(studio, track, frames, lack, find)) {
      segment.encode(pixels)
      onPicture(pixels)
    }
    segment.finish()
  } finally {
    segment.discard()
  }
}

/**
 * The pictures of `frames`, found by `find`. Throws BAD_INPUT, with `lack` as the reason why one is
 * needed, when it is not there.
 */
export async function* picturesOf<T>(
  { clock, signal, onPicture }: Studio,
  track: CameraTrack,
  frames: ArrayLike<number>,
  lack: string,
  find: (frame: PlacedFrame) => T | undefined,
): AsyncGenerator<T> {
  let shown = -1
  let picture: T | undefined
  for (let at = 0; at < frames.length; at++) {
    signal?.throwIfAborted()
    const index = frames[at]!
    if (index !== shown) picture = find(track.frame(index))
    shown = index
    if (picture === undefined) {
      const gone = `frame ${index} is not in the log any more, or damaged`
      throw new RollcastError('BAD_INPUT', `camera ${track.camera}: ${lack}, and ${gone}`)
    }
    yield picture
    onPicture?.(at + 1)
    // What FFmpeg frees, it frees in between.
    await clock.turn()
  }
}

/** Pixels of the log: encoding what was decoded from a video would lose twice. */
function recordedPixels(reader: LogReader, { seq, event }: PlacedFrame): Uint8Array | undefined {
  const found = unlessDamaged(() => reader.frameSummed(seq))
  return found?.crc === event.crc ? found.pixels : undefined
}

function rgbIn(pictures: Pictures, frame: PlacedFrame): Uint8Array | undefined {
  const picture = pictures.of(frame)
  return picture && asRgb(picture.format, picture.pixels)
}

function choiceFor({ choices, ffmpeg, profile }: Studio, shape: PictureShape, fps: number) {
  const { width, height, format } = shape
  const key = `${width}x${height} ${format} ${fps}`
  const choice = choices.get(key) ?? chooseEncoder(ffmpeg, profile, { ...shape, fps })
  choices.set(key, choice)
  return choice
}

/** How a video was made, and why it had to be encoded. */
export type Making = { readonly how: 'copied' } | { readonly how: 'encoded'; readonly why: string }

/**
 * Puts the whole track into the file at `path`; tells how. Of parts that do not join, frames that the
 * log does not hold are encoded a second time. Throws as `encodeFrames`.
 */
export async function makeVideo(
  studio: Studio,
  track: CameraTrack,
  facts: readonly VideoFact[],
  path: string,
  fps: number | undefined,
): Promise<Making> {
  const committed = committedVideo(studio.runDir, track, facts)
  if ('parts' in committed) {
    const files = committed.parts.map(({ file }) => join(studio.runDir, file))
    await concatenate(studio.ffmpeg, files, path, { fps })
    return { how: 'copied' }
  }
  const recorded = facts.find(fact => fact.type === 'video_committed')?.fps
  const all = Int32Array.from({ length: track.length }, (_, frame) => frame)
  const { lack, isMixed } = committed
  const given = { path, fps: fps ?? recorded ?? FPS_DEFAULT, lack }
  if (!isMixed) {
    await encodeFrames(studio, track, all, given)
    return { how: 'encoded', why: lack }
  }
  const pictures = new Pictures(studio.reader, studio.runDir)
  try {
    await encodeFrames(studio, track, all, { ...given, pictures })
  } finally {
    pictures.close()
  }
  return { how: 'encoded', why: `${lack}; what the log does not hold is encoded again` }
}
