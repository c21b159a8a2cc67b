// What campaigns ask of the videos of a run that is over: every frame is on exactly one video, in its
// order and recognisable, the log says which, and nothing unfinished lies about.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { decodeFrames } from '../../src/media/examine-video.ts'
import { loadMedia } from '../../src/media/ffmpeg.ts'
import type { EventOf } from '../../src/protocol/events.ts'
import { openLogReader } from '../../src/store/open-log.ts'

/** A picture of one grey that was encoded and decoded is off by no more. */
const SHADE_TOLERANCE = 6

/** Problems in words; `dir` is a run of `startLoad`, whose frame n is of the grey n. */
export async function judgeVideos(dir: string): Promise<string[]> {
  const problems: string[] = []
  /** Of each frame on a video, by episode and index: its grey. */
  const shown = new Map<string, number>()
  const captured: string[] = []
  const reader = openLogReader(dir)
  try {
    for (const { seq, event } of reader.events({ fromSeq: 1 })) {
      if (event.type === 'frame_captured') {
        captured.push(`${event.episode}/${event.index}`)
        if (reader.hasFrame(seq)) problems.push(`the log still has frame ${seq}`)
      } else if (event.type === 'video_failed') problems.push(`video failed: ${event.reason}`)
      else if (event.type === 'video_committed') problems.push(...look(dir, event, shown))
    }
  } finally {
    await reader.close()
  }
  for (const [n, frame] of captured.entries()) {
    const shade = shown.get(frame)
    if (shade === undefined) problems.push(`frame ${frame} is on no video`)
    else if (Math.abs(shade - ((n + 1) & 255)) > SHADE_TOLERANCE) {
      problems.push(`frame ${frame} shows ${shade}, captured was ${(n + 1) & 255}`)
    }
  }
  const files = readdirSync(join(dir, 'video'), { recursive: true, encoding: 'utf8' })
  const strange = files.filter(name => name.includes('.') && !name.endsWith('.mp4'))
  if (strange.length > 0) problems.push(`unfinished: ${strange.join()}`)
  return problems
}

function look(
  dir: string,
  { episode, fromIndex, frames, file }: EventOf<'video_committed'>,
  shown: Map<string, number>,
): string[] {
  const problems: string[] = []
  let count = 0
  for (const { index, pixels } of decodeFrames(loadMedia(), join(dir, file))) {
    const frame = `${episode}/${fromIndex + index}`
    if (shown.has(frame)) problems.push(`frame ${frame} is on two videos`)
    shown.set(frame, pixels[0]!)
    count++
  }
  if (count !== frames) problems.push(`${file} has ${count} frames, the log says ${frames}`)
  return problems
}
