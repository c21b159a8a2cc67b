// The one place that loads FFmpeg. node-av brings it, and node-av is optional: whoever needs video
// loads it first and hands it on, so it is missing in one place only, with a message that says what
// to do. Only its synchronous calls are used: a thread that dies in an asynchronous one takes the
// process with it. What they free, they free when the event loop has its turn: a thread that works
// through many files lets it have one now and then.
import { createRequire } from 'node:module'
import type * as Constants from 'node-av/constants'
import type * as Library from 'node-av/lib'
import { describeError, type ErrorCode, RollcastError } from '../base/errors.ts'
// Whoever knows FFmpeg hands the turn of its encoders on to the threads that it starts.
import './codec-turn.ts'

/** FFmpeg, loaded. */
export interface Ffmpeg {
  readonly lib: typeof Library
  readonly constants: typeof Constants
}

/** A number of FFmpeg's that stands for a pixel format. */
export type PixelFormat = ReturnType<typeof Library.avGetPixFmtFromName>

/** What node-av answers for a pixel format that FFmpeg does not know. */
const NO_PIXEL_FORMAT = -1

/**
 * Loads FFmpeg, the first time in about 0.2 s. `require` is what finds packages.
 *
 * Throws UNAVAILABLE where node-av is not installed or has no binary for this platform.
 *
 * It silences what FFmpeg prints on stderr, for the whole process; `silenceEncoders` the rest.
 */
export function loadMedia(
  require: (name: string) => unknown = createRequire(import.meta.url),
): Ffmpeg {
  silenceEncoders()
  try {
    const lib = require('node-av/lib') as typeof Library
    const constants = require('node-av/constants') as typeof Constants
    lib.Log.setLevel(constants.AV_LOG_QUIET)
    return { lib, constants }
  } catch (error) {
    throw new RollcastError(
      'UNAVAILABLE',
      'video needs FFmpeg, which the optional package node-av brings: `npm install node-av` puts ' +
        `it in place (about 170 MB). Found: ${describeError(error).split('\n', 1)[0]}`,
      { cause: error },
    )
  }
}

/**
 * Says errors only, where SVT-AV1 would tell its settings on stderr. It looks at the environment of
 * the process, of which workers have a copy: in a program that uses video in workers the main thread
 * calls this before it starts them.
 */
export function silenceEncoders(): void {
  process.env['SVT_LOG'] ??= '1'
}

/** Throws what a negative result means; `doing` says where. `code` is for all but a full disk. */
export function check(
  { lib }: Ffmpeg,
  result: number,
  doing: string,
  code: ErrorCode = 'VIDEO_FAILED',
): number {
  if (result >= 0) return result
  const text = lib.FFmpegError.strerror(result)
  throw new RollcastError(diskErrors.get(-result) ?? code, `${doing}: FFmpeg says: ${text}`)
}

/** Linux's numbers, which FFmpeg negates. */
const diskErrors: ReadonlyMap<number, ErrorCode> = new Map([
  [2, 'NOT_FOUND'], // ENOENT
  [13, 'CANNOT_CREATE'], // EACCES
  [27, 'DISK_FULL'], // EFBIG
  [28, 'DISK_FULL'], // ENOSPC
  [30, 'CANNOT_CREATE'], // EROFS
  [122, 'DISK_FULL'], // EDQUOT
])

/** The pixel format of a name such as `yuv420p`. USAGE when there is none. */
export function pixelFormat({ lib }: Ffmpeg, name: string): PixelFormat {
  const found = lib.avGetPixFmtFromName(name)
  if (found !== NO_PIXEL_FORMAT) return found
  throw new RollcastError(
    'USAGE',
    `video: expected a pixel format such as yuv420p, found ${JSON.stringify(name)}`,
  )
}

/** A file's name for FFmpeg, to which `a:b.mp4` alone is the protocol `a`. */
export const fileUrl = (path: string): string => `file:${path}`
