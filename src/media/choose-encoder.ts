// From what a user asked for to one encoder that is known to work for these pictures (V4). The
// choice and its reason are data, to be recorded beside the video.
import { systemClock } from '../base/clock.ts'
import { describeError, RollcastError } from '../base/errors.ts'
import { type EncoderTrial, tryEncoder } from './encoder-trial.ts'
import type { Ffmpeg } from './ffmpeg.ts'
import {
  autoCandidates,
  type EncoderSetting,
  profiles,
  SVT_SIDE_MIN,
  type VideoProfile,
} from './profiles.ts'

/** An encoder for pictures of one shape, and why it was taken. */
export interface EncoderChoice extends EncoderSetting {
  readonly reason: string
}

export interface ChoiceOptions extends EncoderTrial {
  /**
   * `auto` takes an encoder that needs at most this part of the time between two frames; the rest
   * is for other cameras and for the trainer. Default 0.5.
   */
  readonly shareMax?: number
}

/** Pictures that `auto` encodes with each candidate: enough to fill SVT-AV1's pipeline. */
const AUTO_PICTURES = 24
/** Pictures after which a reordering or lossy encoder has shown itself ... */
const EXPLICIT_PICTURES = 8
/**
 * ... if it comes to them in so long: nothing else happens on the thread meanwhile, and who is silent
 * for long is stuck. A slower one shows itself when it is used.
 */
const EXPLICIT_MILLIS_MAX = 200

/**
 * Chooses the encoder. USAGE for a profile, encoder or option that is not there, with the list of
 * what is, and for an encoder that fails on these pictures. `auto` encodes for about a second.
 */
export function chooseEncoder(
  ffmpeg: Ffmpeg,
  wanted: VideoProfile,
  options: ChoiceOptions,
): EncoderChoice {
  if (wanted === 'auto') return chooseFastEnough(ffmpeg, options)
  if (typeof wanted !== 'string') {
    const choice = suited(wanted, options, 'asked for')
    try {
      tryEncoder(
        ffmpeg,
        choice,
        options,
        EXPLICIT_PICTURES,
        EXPLICIT_MILLIS_MAX / EXPLICIT_PICTURES,
      )
    } catch (error) {
      if (error instanceof RollcastError && error.code === 'USAGE') throw error
      throw new RollcastError('USAGE', `${describeError(error)} (tried out)`, { cause: error })
    }
    return choice
  }
  if (Object.hasOwn(profiles, wanted)) {
    return suited(profiles[wanted], options, `profile ${wanted}`)
  }
  const names = [...Object.keys(profiles), 'auto'].join(', ')
  throw new RollcastError(
    'USAGE',
    `video: expected a profile (${names}) or { codec, options }, found ${JSON.stringify(wanted)}`,
  )
}

/** The setting with what these pictures need, which the reason tells. */
export function suited(
  setting: EncoderSetting,
  size: { readonly width: number; readonly height: number },
  reason: string,
): EncoderChoice {
  const { width, height } = size
  if (setting.codec === 'libsvtav1' && Math.min(width, height) < SVT_SIDE_MIN) {
    const why = `${reason}; H.264, because SVT-AV1 takes no side below ${SVT_SIDE_MIN} pixels`
    return suited(profiles.fast, size, why)
  }
  // AV1 in 4:2:0 keeps an odd size; H.264 can only keep it where colour is not halved. Padding or
  // cutting instead would give pictures of another shape than the dataset says.
  const odd = width % 2 === 1 || height % 2 === 1
  const halved = (setting.pixelFormat ?? 'yuv420p') === 'yuv420p' || setting.pixelFormat === 'nv12'
  if (odd && halved && setting.codec !== 'libsvtav1') {
    const why = `${reason}; yuv444p, because ${width}x${height} is odd`
    return { ...setting, pixelFormat: 'yuv444p', reason: why }
  }
  return { ...setting, reason }
}

function chooseFastEnough(ffmpeg: Ffmpeg, options: ChoiceOptions): EncoderChoice {
  const { fps, shareMax = 0.5, clock = systemClock } = options
  const millisMax = (1000 / fps) * shareMax
  const passed: string[] = []
  let fastest: { choice: EncoderChoice; millis: number } | undefined
  for (const candidate of autoCandidates) {
    const choice = suited(candidate, options, 'auto')
    const name = `${choice.codec} ${choice.options['preset'] ?? ''}`.trim()
    try {
      const millis = tryEncoder(ffmpeg, choice, { ...options, clock }, AUTO_PICTURES, millisMax)
      const figure = `${name}: ${millis.toFixed(2)} ms a frame, ${millisMax.toFixed(2)} allowed`
      const reason = [choice.reason, ...passed, figure].join('; ')
      if (millis <= millisMax) return { ...choice, reason }
      passed.push(figure)
      if (millis < (fastest?.millis ?? Number.POSITIVE_INFINITY)) fastest = { choice, millis }
    } catch (error) {
      passed.push(`${name}: ${describeError(error)}`)
    }
  }
  if (fastest) {
    const reason = ['auto, the fastest of what is too slow', ...passed].join('; ')
    return { ...fastest.choice, reason }
  }
  throw new RollcastError('UNAVAILABLE', `video: no encoder works here: ${passed.join('; ')}`)
}
