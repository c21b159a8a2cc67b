// How the pixels of a frame travel to a viewer: as they were captured, or as a JPEG or WebP picture
// of them. A viewer says what it wants; `auto` is whichever gets there sooner.
import { KIB } from '../base/bytes.ts'
import type { FrameFormat } from './events.ts'

/** What a frame can be sent as, besides its pixels. */
export const pictureFormats = ['jpeg', 'webp'] as const
export type PictureFormat = (typeof pictureFormats)[number]

/** Whether a frame's bytes are pixels, not a picture that has to be decoded. */
export const hasPixels = <F extends { readonly format: FrameFormat | PictureFormat }>(
  frame: F,
): frame is F & { readonly format: FrameFormat } =>
  !pictureFormats.includes(frame.format as PictureFormat)

export const encodings = ['auto', 'raw', ...pictureFormats] as const
export type Encoding = (typeof encodings)[number]

/** Of pictures; 1 is small, 100 is good. */
export const QUALITY_DEFAULT = 75
/** Viewers share pictures, so there are few qualities of them: 25, 50, 75 and 100. */
const QUALITY_STEP = 25

/** The quality that a viewer gets who wants `quality`: the next one that is made, upwards. */
export const sharedQuality = (quality: number): number =>
  Math.ceil(quality / QUALITY_STEP) * QUALITY_STEP

/**
 * Bytes of pixels up to which `auto` sends them as they are: making a picture, and the browser's
 * taking it apart, takes longer then than moving the pixels (`npm run bench -- preview`). 160x210
 * is below it in every format, 640x480 above.
 */
export const RAW_BYTES_MAX = 192 * KIB

/** What a frame of so many bytes is sent as to a viewer that wants `encoding`. */
export function encodingFor(encoding: Encoding, rawBytes: number): 'raw' | PictureFormat {
  if (encoding !== 'auto') return encoding
  return rawBytes <= RAW_BYTES_MAX ? 'raw' : 'jpeg'
}
