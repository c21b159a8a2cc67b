// What is in a video file, found out by reading it: for tests and for checking a dataset.
import type { Frame } from 'node-av/lib'
import { RollcastError } from '../base/errors.ts'
import { check, type Ffmpeg } from './ffmpeg.ts'
import { PictureReader } from './picture-converter.ts'
import { VideoReader } from './video-reader.ts'

/** A video file. */
export interface VideoFacts {
  /** Frames that are really there. */
  readonly frames: number
  /** Frames that the file's index promises. */
  readonly framesPromised: number
  readonly width: number
  readonly height: number
  /** The canonical name, such as `h264`. */
  readonly codec: string
  readonly pixelFormat: string
  /** The container's average rate, frames a second. */
  readonly fps: number
  /** Ticks a second; stamps are in ticks. */
  readonly timescale: number
  /** When each frame is shown, in the order of the file. */
  readonly pts: readonly number[]
  /** When each has to be decoded; the same without B-frames. */
  readonly dts: readonly number[]
  readonly durationTicks: number
  /** Frames (from 0, in the order of the file) at which decoding can begin. */
  readonly keyFrames: readonly number[]
  /** True when the file has streams beside the video. */
  readonly hasOthers: boolean
}

/** Reads all packets of a file and decodes none. NOT_FOUND, VIDEO_CORRUPT. */
export function examineVideo(ffmpeg: Ffmpeg, path: string): VideoFacts {
  const reader = new VideoReader(ffmpeg, path)
  try {
    const pts: number[] = []
    const dts: number[] = []
    const keyFrames: number[] = []
    for (const packet of reader.packets()) {
      if (packet.isKeyframe) keyFrames.push(pts.length)
      pts.push(Number(packet.pts))
      dts.push(Number(packet.dts))
    }
    const { parameters } = reader
    return {
      frames: pts.length,
      framesPromised: reader.frames,
      width: parameters.width,
      height: parameters.height,
      codec: ffmpeg.lib.avGetCodecName(parameters.codecId) ?? '',
      pixelFormat: ffmpeg.lib.avGetPixFmtName(parameters.format as never) ?? '',
      fps: reader.fps,
      timescale: reader.timescale,
      pts,
      dts,
      durationTicks: reader.durationTicks,
      keyFrames,
      hasOthers: reader.hasOthers,
    }
  } finally {
    reader.close()
  }
}

/** A decoded frame as rgb8. */
export interface DecodedFrame {
  readonly index: number
  readonly width: number
  readonly height: number
  readonly pixels: Uint8Array
}

/**
 * Decodes frames `fromFrame` (default 0) and on, `frames` of them (default: to the end). Decoding
 * begins at the key frame before. VIDEO_CORRUPT where a frame is damaged or missing.
 */
export function* decodeFrames(
  ffmpeg: Ffmpeg,
  path: string,
  range: { readonly fromFrame?: number; readonly frames?: number } = {},
): Generator<DecodedFrame, void, undefined> {
  const reader = new VideoReader(ffmpeg, path)
  const pictures = new PictureReader(ffmpeg)
  try {
    const first = range.fromFrame ?? 0
    const end = first + (range.frames ?? reader.frames - first)
    if (first > 0) reader.seek(first)
    let due = first
    for (const frame of decode(ffmpeg, reader)) {
      const index = reader.frameAt(frame.pts)
      if (index < first) continue
      if (due === end) return
      if (index !== due || frame.decodeErrorFlags !== 0) break
      const { width, height } = frame
      yield { index, width, height, pixels: pictures.pixels(frame) }
      due++
    }
    if (due === end) return
    throw new RollcastError(
      'VIDEO_CORRUPT',
      `${path}: expected frames ${first} to ${end - 1}, found frame ${due} damaged or missing`,
    )
  } finally {
    pictures.close()
    reader.close()
  }
}

/** All frames from where the reader is. Each is valid until the next. */
function* decode(ffmpeg: Ffmpeg, reader: VideoReader): Generator<Frame, void, undefined> {
  const { lib, constants } = ffmpeg
  const doing = `${reader.path}: decoding`
  const { codecId } = reader.parameters
  const codec = lib.Codec.findDecoder(codecId)
  if (codec === null) {
    const name = lib.avGetCodecName(codecId)
    throw new RollcastError('UNAVAILABLE', `${doing}: FFmpeg has no decoder for ${name} here`)
  }
  const context = new lib.CodecContext()
  const frame = new lib.Frame()
  frame.alloc()
  try {
    context.allocContext3(codec)
    check(ffmpeg, context.parametersToContext(reader.parameters), doing)
    check(ffmpeg, context.open2Sync(codec, null), doing)
    const received = function* () {
      for (;;) {
        const result = context.receiveFrameSync(frame)
        if (result === constants.AVERROR_EAGAIN || result === constants.AVERROR_EOF) return
        check(ffmpeg, result, doing, 'VIDEO_CORRUPT')
        yield frame
        frame.unref()
      }
    }
    for (const packet of reader.packets()) {
      check(ffmpeg, context.sendPacketSync(packet), doing, 'VIDEO_CORRUPT')
      yield* received()
    }
    check(ffmpeg, context.sendPacketSync(null), doing, 'VIDEO_CORRUPT')
    yield* received()
  } finally {
    frame.free()
    context.freeContext()
  }
}
