// What campaigns ask of the videos of a run: every frame is on exactly one video, in its order and
// recognisable, the log says which, and nothing unfinished lies about. Of a run that was cut short,
// frames may still be in the log instead.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describeError } from '../../src/base/errors.ts'
import { decodeFrames } from '../../src/media/examine-video.ts'
import { loadMedia } from '../../src/media/ffmpeg.ts'
import type { EventOf, FrameCaptured } from '../../src/protocol/events.ts'
import { openLogReader } from '../../src/store/open-log.ts'

/** A picture of one grey that was encoded and decoded is off by no more. */
export const SHADE_TOLERANCE = 6

export interface VideoWitness {
  /** The grey of a frame, the n-th of the run from 0. Default: as `startLoad` makes it. */
  readonly shadeOf?: (frame: FrameCaptured, n: number) => number
  /** False for a run that was cut short and may go on. Default true. */
  readonly isOver?: boolean
  /** The log keeps the frames that are on a video. Default false. */
  readonly keepsFrames?: boolean
}

/** Problems in words. */
export async function judgeVideos(dir: string, witness: VideoWitness = {}): Promise<string[]> {
  const { shadeOf = (_, n) => (n + 1) & 255, isOver = true, keepsFrames = false } = witness
  const problems: string[] = []
  /** Of each frame on a video: its grey. */
  const shown = new Map<string, number>()
  const captured: { readonly seq: number; readonly event: FrameCaptured; inLog: boolean }[] = []
  const reader = openLogReader(dir)
  try {
    for (const { seq, event } of reader.events({ fromSeq: 1 })) {
      if (event.type === 'frame_captured') {
        captured.push({ seq, event, inLog: reader.hasFrame(seq) })
      } else if (event.type === 'video_failed') problems.push(`video failed: ${event.reason}`)
      else if (event.type === 'video_committed') problems.push(...look(dir, event, shown))
    }
  } finally {
    await reader.close()
  }
  for (const [n, { seq, event, inLog }] of captured.entries()) {
    const name = nameOf(event, event.index)
    const shade = shown.get(name)
    const wanted = shadeOf(event, n)
    if (isOver && inLog !== keepsFrames) problems.push(`frame ${seq} in the log: ${inLog}`)
    if (shade === undefined) {
      if (isOver || !inLog) problems.push(`${name} is on no video`)
    } else if (Math.abs(shade - wanted) > SHADE_TOLERANCE) {
      problems.push(`${name} shows ${shade}, captured was ${wanted}`)
    }
  }
  if (isOver) problems.push(...unfinished(dir))
  return problems
}

const nameOf = (
  { camera, episode }: { readonly camera: string; readonly episode: number },
  index: number,
): string => `frame ${index} of camera ${camera}, episode ${episode}`

function look(
  dir: string,
  video: EventOf<'video_committed'>,
  shown: Map<string, number>,
): string[] {
  const { fromIndex, frames, file } = video
  const problems: string[] = []
  let count = 0
  try {
    for (const { index, pixels } of decodeFrames(loadMedia(), join(dir, file))) {
      const name = nameOf(video, fromIndex + index)
      if (shown.has(name)) problems.push(`${name} is on two videos`)
      shown.set(name, pixels[0]!)
      count++
    }
  } catch (error) {
    problems.push(describeError(error))
  }
  if (count !== frames) problems.push(`${file} has ${count} frames, the log says ${frames}`)
  return problems
}

function unfinished(dir: string): string[] {
  const files = readdirSync(join(dir, 'video'), { recursive: true, encoding: 'utf8' })
  const strange = files.filter(name => name.includes('.') && !name.endsWith('.mp4'))
  return strange.length > 0 ? [`unfinished: ${strange.join()}`] : []
}
