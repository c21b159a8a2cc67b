// What this FFmpeg can encode with, and what is wrong with a setting before anything is encoded.
import type { FFEncoderCodec } from 'node-av/constants'
import type { Codec, CodecContext } from 'node-av/lib'
import { RollcastError } from '../base/errors.ts'
import { type Ffmpeg, type PixelFormat, pixelFormat } from './ffmpeg.ts'
import { commonOptions, type EncoderSetting } from './profiles.ts'

/** An encoder that is compiled in; that says nothing about whether its hardware is there. */
export interface EncoderDescription {
  /** What a setting calls it, such as `libx264`. */
  readonly name: string
  readonly longName: string
  /** The canonical name of what it writes, such as `h264`. */
  readonly codec: string
  /** Names of the pixel formats that it takes; empty when it does not say. */
  readonly pixelFormats: readonly string[]
}

/** All video encoders, by name. */
export function encoders({ lib, constants }: Ffmpeg): EncoderDescription[] {
  return lib.Codec.getCodecList()
    .filter(codec => codec.isEncoder() && codec.type === constants.AVMEDIA_TYPE_VIDEO)
    .map(codec => ({
      name: codec.name ?? '',
      longName: codec.longName ?? '',
      codec: lib.avGetCodecName(codec.id) ?? '',
      pixelFormats: (codec.pixelFormats ?? []).map(each => lib.avGetPixFmtName(each) ?? ''),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** The encoder of that name. USAGE, with the names that there are, when there is none. */
export function findEncoder(ffmpeg: Ffmpeg, name: string): Codec {
  // FFmpeg looks it up; its list of hundreds takes 10 ms to look through.
  const found = ffmpeg.lib.Codec.findEncoderByName(name as FFEncoderCodec)
  if (found?.type === ffmpeg.constants.AVMEDIA_TYPE_VIDEO) return found
  const names = encoders(ffmpeg).map(encoder => encoder.name)
  throw new RollcastError(
    'USAGE',
    `video: expected an encoder that FFmpeg has here, found ${JSON.stringify(name)}; ` +
      `there are ${names.join(', ')}`,
  )
}

/** Gives `context` the options. USAGE for one that is unknown, with the list, or has a bad value. */
export function setOptions(
  ffmpeg: Ffmpeg,
  context: CodecContext,
  codec: Codec,
  options: EncoderSetting['options'],
): void {
  for (const [name, value] of Object.entries({ ...commonOptions, ...options })) {
    const result = context.setOption(name, String(value))
    if (result >= 0) continue
    const known = optionNames(ffmpeg, codec)
    const text = ffmpeg.lib.FFmpegError.strerror(result)
    const expected = known.includes(name)
      ? `expected a value that option ${name} takes, found ${JSON.stringify(value)} (${text})`
      : `expected an option that it has, found ${JSON.stringify(name)}; its own are ` +
        `${known.join(', ')}, beside FFmpeg's common ones such as g, bf, b, threads, flags`
    throw new RollcastError('USAGE', `video, encoder ${codec.name}: ${expected}`)
  }
}

function optionNames({ constants }: Ffmpeg, codec: Codec): string[] {
  return codec
    .getOptions()
    .filter(option => (option.type as unknown) !== constants.AV_OPT_TYPE_CONST)
    .map(option => option.name)
}

/**
 * The pixel format that was asked for. Where none was, 4:2:0, or what the encoder has that is
 * closest to the pixels. USAGE, with the list, for one that the encoder does not take.
 */
export function choosePixelFormat(
  ffmpeg: Ffmpeg,
  codec: Codec,
  asked: string | undefined,
): PixelFormat {
  const taken = codec.pixelFormats
  const wanted = pixelFormat(ffmpeg, asked ?? 'yuv420p')
  if (taken === null || taken.includes(wanted)) return wanted
  if (asked === undefined) {
    return ffmpeg.lib.avcodecFindBestPixFmtOfList(taken, pixelFormat(ffmpeg, 'rgb24'))
  }
  const names = taken.map(each => ffmpeg.lib.avGetPixFmtName(each))
  throw new RollcastError(
    'USAGE',
    `video, encoder ${codec.name}: expected one of its pixel formats ${names.join(', ')}, ` +
      `found ${asked}`,
  )
}
