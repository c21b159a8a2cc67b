// Joining and cutting by stream copy: no picture is decoded, none changes (V7). Frame k of the
// result is stamped k/fps, whatever the parts said.
import { assert } from '../base/assert.ts'
import { MIB } from '../base/bytes.ts'
import { systemClock } from '../base/clock.ts'
import { RollcastError } from '../base/errors.ts'
import type { Ffmpeg } from './ffmpeg.ts'
import { Mp4Writer } from './mp4-writer.ts'
import { asideOf, putInPlace, removeAside } from './place-file.ts'
import { VideoReader } from './video-reader.ts'

/** What all parts of one file have in common. */
function traits({ lib }: Ffmpeg, { parameters, fps }: VideoReader): Record<string, unknown> {
  return {
    codec: lib.avGetCodecName(parameters.codecId),
    width: parameters.width,
    height: parameters.height,
    'pixel format': lib.avGetPixFmtName(parameters.format as never),
    fps,
    // In a file once, so it holds for all frames: encoder options that change it end the file.
    'codec header': parameters.extradata?.toString('base64') ?? '',
  }
}

/** Throws BAD_INPUT with what differs, if anything does. */
function checkAlike(ffmpeg: Ffmpeg, first: VideoReader, part: VideoReader): void {
  const expected = traits(ffmpeg, first)
  const found = traits(ffmpeg, part)
  const different = Object.keys(expected).filter(name => expected[name] !== found[name])
  if (different.length === 0) return
  const describe = (all: Record<string, unknown>): string =>
    different.map(name => `${name} ${all[name]}`).join(', ')
  throw new RollcastError(
    'BAD_INPUT',
    `${part.path}: expected video like that of ${first.path} (${describe(expected)}), ` +
      `found ${describe(found)}`,
  )
}

export interface JoinOptions {
  /** Frames a second; default: as in the parts. */
  readonly fps?: number | undefined
  /** False: to make it survive power loss is the caller's. Default true. */
  readonly isFlushed?: boolean
}

/** Copied before the thread's other work has its turn. */
const COPY_BYTES_MAX = 8 * MIB

/** Makes the file at `path` of what `copy` writes; the parameters are `like`'s. */
async function makeFile(
  ffmpeg: Ffmpeg,
  path: string,
  like: VideoReader,
  { fps = like.fps, isFlushed = true }: JoinOptions,
  copy: (writer: Mp4Writer) => Promise<void>,
): Promise<void> {
  try {
    const writer = new Mp4Writer(ffmpeg, asideOf(path), {
      fps,
      faststart: true,
      describe: parameters => like.parameters.copy(parameters),
    })
    try {
      await copy(writer)
      writer.finish()
    } finally {
      writer.close()
    }
    putInPlace(path, { isFlushed })
  } catch (error) {
    removeAside(path)
    throw error
  }
}

/** Others have their turn afterwards: a file is opened and read in milliseconds, many are not. */
async function withReader<T>(
  ffmpeg: Ffmpeg,
  path: string,
  use: (reader: VideoReader) => T | Promise<T>,
): Promise<T> {
  const reader = new VideoReader(ffmpeg, path)
  try {
    return await use(reader)
  } finally {
    reader.close()
    await systemClock.turn()
  }
}

async function copyFrames(reader: VideoReader, writer: Mp4Writer): Promise<void> {
  let bytes = 0
  for (const [, packet] of reader.framePackets()) {
    writer.write(packet)
    bytes += packet.size
    if (bytes < COPY_BYTES_MAX) continue
    bytes = 0
    await systemClock.turn()
  }
}

/**
 * Puts the frames of all `parts`, in this order, into one file at `path`, which may be one of them,
 * shown at `fps` frames a second. Returns how many there are. BAD_INPUT when a part differs from the
 * first in codec, size, pixel format, rate or codec header, VIDEO_CORRUPT when one is not whole;
 * nothing is changed then.
 */
export function concatenate(
  ffmpeg: Ffmpeg,
  parts: readonly string[],
  path: string,
  options: JoinOptions = {},
): Promise<number> {
  const [first] = parts
  assert(first !== undefined, 'there is something to join')
  return withReader(ffmpeg, first, async like => {
    let frames = 0
    // All of them before anything is written: a part that does not fit costs no copying.
    for (const part of parts) {
      await withReader(ffmpeg, part, reader => {
        checkAlike(ffmpeg, like, reader)
        frames += reader.frames
      })
    }
    await makeFile(ffmpeg, path, like, options, async writer => {
      for (const part of parts) {
        await withReader(ffmpeg, part, reader => copyFrames(reader, writer))
      }
      assert(writer.frames === frames, 'every frame of every part is in the file')
    })
    return frames
  })
}

export interface FrameRange {
  /** First frame, from 0. */
  readonly fromFrame: number
  readonly frames: number
}

/**
 * Copies a range of frames into a file of its own. It begins at the key frame at or before
 * `fromFrame`: what is returned says where, and how many frames there are; `exact` when that is
 * what was asked for. BAD_INPUT when the file does not hold the range.
 */
export function cut(
  ffmpeg: Ffmpeg,
  from: string,
  { fromFrame, frames }: FrameRange,
  path: string,
): Promise<FrameRange & { readonly exact: boolean }> {
  assert(fromFrame >= 0 && frames >= 1, 'a range of at least one frame')
  return withReader(ffmpeg, from, async reader => {
    const end = fromFrame + frames
    if (end > reader.frames) {
      throw new RollcastError(
        'BAD_INPUT',
        `${from}: expected frames ${fromFrame} to ${end - 1}, found ${reader.frames} frames`,
      )
    }
    let begin = fromFrame
    await makeFile(ffmpeg, path, reader, {}, async writer => {
      reader.seek(fromFrame)
      for (const [frame, packet] of reader.framePackets()) {
        if (writer.frames === 0) begin = frame
        writer.write(packet)
        if (frame === end - 1) break
      }
      assert(begin <= fromFrame && writer.frames === end - begin, 'the range is in the file')
    })
    return { fromFrame: begin, frames: end - begin, exact: begin === fromFrame }
  })
}
