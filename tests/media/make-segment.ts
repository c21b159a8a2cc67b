// Segments for tests.
import { chooseEncoder } from '../../src/media/choose-encoder.ts'
import type { Ffmpeg } from '../../src/media/ffmpeg.ts'
import type { VideoProfile } from '../../src/media/profiles.ts'
import { openSegment, type Segment, type SegmentResult } from '../../src/media/segment.ts'
import type { EncoderFaults } from '../../src/media/video-encoder.ts'
import type { FrameFormat } from '../../src/protocol/events.ts'
import { picture } from './pictures.ts'

export interface Given {
  readonly width?: number
  readonly height?: number
  readonly format?: FrameFormat
  readonly fps?: number
  readonly profile?: VideoProfile
  readonly faults?: EncoderFaults
}

/** What a test does not say is small and quick. */
export const shapeOf = ({ width = 32, height = 24, format = 'rgb8' }: Given) => ({
  width,
  height,
  format,
})

export function begin(ffmpeg: Ffmpeg, path: string, given: Given = {}): Segment {
  const { fps = 30, profile = 'fast', faults } = given
  const shape = shapeOf(given)
  const choice = chooseEncoder(ffmpeg, profile, { ...shape, fps })
  return openSegment(ffmpeg, path, { ...shape, fps, choice, ...(faults && { faults }) })
}

/** A segment of pictures 0, 1, 2, ... */
export function make(
  ffmpeg: Ffmpeg,
  path: string,
  frames: number,
  given: Given = {},
): SegmentResult {
  const segment = begin(ffmpeg, path, given)
  for (let number = 0; number < frames; number++) segment.encode(picture(shapeOf(given), number))
  return segment.finish()
}
