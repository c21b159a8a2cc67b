// The ffmpeg command line as a peer: told exactly what our encoder is told.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { RollcastError } from '../src/base/errors.ts'
import { commonOptions, type EncoderSetting } from '../src/media/profiles.ts'
import { findProgram } from './program.ts'

/** Where the command is; undefined when there is none. */
export const ffmpegCommand = findProgram('ffmpeg')

/** For the notes of a suite whose peer is missing. */
export const NO_FFMPEG = 'the command ffmpeg is missing (apt-get install ffmpeg): no peer'

/** A setting of ours as arguments of the command. */
export function encodingArguments({ codec, pixelFormat, options }: EncoderSetting): string[] {
  const all = Object.entries({ ...commonOptions, ...options })
  return [
    ...['-c:v', codec, '-pix_fmt', pixelFormat ?? 'yuv420p'],
    ...all.flatMap(([name, value]) => [`-${name}`, String(value)]),
    ...['-movflags', '+faststart'],
  ]
}

/**
 * Runs the command; resolves to the seconds that its work took by its own account, which leaves
 * out the start of the process. Rejects with what it said when it fails.
 */
export async function runFfmpeg(args: readonly string[]): Promise<number> {
  if (ffmpegCommand === undefined) throw new RollcastError('UNAVAILABLE', NO_FFMPEG)
  const all = ['-hide_banner', '-nostdin', '-nostats', '-benchmark', '-y', ...args]
  const { stderr } = await promisify(execFile)(ffmpegCommand, all)
  const seconds = Number(/ rtime=([\d.]+)s/.exec(stderr)?.[1])
  if (seconds > 0) return seconds
  throw new RollcastError('INTERNAL', `ffmpeg said nothing of its time: ${stderr}`)
}
