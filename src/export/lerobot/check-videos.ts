// The conformance checks of videos: that row and picture belong together, as the reader will look
// for it.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describeError } from '../../base/errors.ts'
import type { VideoFacts } from '../../media/examine-video.ts'
import type { EpisodeRow, VideoSpan } from './episode-table.ts'
import { videoKeys } from './features.ts'
import type { Findings } from './findings.ts'
import type { DatasetInfo } from './info.ts'
import { VIDEO_SECONDS_MAX, videoPath } from './layout.ts'
import { isRate } from './prepare.ts'
import type { VideoTool } from './video.ts'

/** How far a frame may be from the time at which the reader looks for it. */
const TOLERANCE_SECONDS = 1e-4

interface Shown {
  readonly episode: number
  readonly length: number
  readonly span: VideoSpan
}

/** Checks all videos that `rows` name. Without `tool` only the times in the table. */
export async function checkVideos(
  root: string,
  info: DatasetInfo,
  rows: readonly EpisodeRow[],
  tool: VideoTool | undefined,
  findings: Findings,
): Promise<void> {
  for (const key of videoKeys(info.features)) {
    const files = new Map<string, Shown[]>()
    for (const { episode, length, videos } of rows) {
      const span = videos[key]!
      const path = videoPath(key, span.place)
      files.set(path, [...(files.get(path) ?? []), { episode, length, span }])
    }
    for (const [path, shown] of files) {
      checkSpans(path, shown, info.fps, findings)
      if (!tool || !existsSync(join(root, path))) continue
      try {
        const facts = await tool.examineVideo(join(root, path))
        checkFacts(path, shown, info.fps, info.features[key]!.shape, facts, findings)
        checkPackets(path, shown, info.fps, facts, findings)
      } catch (error) {
        findings.add('16.7', path, describeError(error))
      }
    }
  }
}

function checkSpans(path: string, shown: readonly Shown[], fps: number, findings: Findings): void {
  for (const { episode, length, span } of shown) {
    const seconds = span.toSeconds - span.fromSeconds
    if (Math.abs(seconds - length / fps) < TOLERANCE_SECONDS / 10) continue
    const wanted = `expected ${length / fps} s, found ${seconds} s`
    findings.add('16.4', path, `time of episode ${episode} in the table: ${wanted}`)
  }
}

function checkFacts(
  path: string,
  shown: readonly Shown[],
  fps: number,
  [height, width]: readonly number[],
  facts: VideoFacts,
  findings: Findings,
): void {
  const frames = shown.reduce((sum, { length }) => sum + length, 0)
  findings.same('16.7', path, 'frames', frames, facts.frames)
  const size = `${facts.width}x${facts.height}`
  findings.same('16.7', path, 'size', `${width}x${height}`, size)
  if (!isRate(facts.fps, fps)) {
    findings.add('16.7', path, `frames a second: expected ${fps}, found ${facts.fps}`)
  }
  const ticks = (facts.frames * facts.timescale) / fps
  findings.same('16.7', path, 'duration in ticks', ticks, facts.durationTicks)
  const seconds = facts.frames / fps
  if (seconds > VIDEO_SECONDS_MAX) {
    findings.add('16.7', path, `expected at most ${VIDEO_SECONDS_MAX} s, found ${seconds} s`)
  }
}

function checkPackets(
  path: string,
  shown: readonly Shown[],
  fps: number,
  { timescale, pts, dts, keyFrames }: VideoFacts,
  findings: Findings,
): void {
  for (const [at, time] of pts.entries()) {
    findings.same('16.8', path, `pts of frame ${at}`, (at * timescale) / fps, time)
    findings.same('16.8', path, `dts of frame ${at}`, time, dts[at])
  }
  const keys = new Set(keyFrames)
  const times = pts.map(time => Math.fround(time / timescale))
  let first = 0
  for (const { episode, length, span } of shown) {
    if (!keys.has(first)) findings.add('16.8', path, `episode ${episode} begins with no key frame`)
    for (let frame = 0; frame < length; frame++) {
      const wanted = Math.fround(span.fromSeconds + Math.fround(frame / fps))
      const nearest = nearestTo(times, wanted, Math.round(wanted * fps))
      // A frame that is near, but another row's, would be found without a complaint.
      if (nearest === first + frame && Math.abs(times[nearest]! - wanted) <= TOLERANCE_SECONDS)
        continue
      const found = nearest === undefined ? 'none' : `frame ${nearest} at ${times[nearest]} s`
      const text = `frame ${frame} of episode ${episode}: looked for at ${wanted} s, found ${found}`
      findings.add('16.9', path, text)
    }
    first += length
  }
}

/** The position in `times`, which ascend, of what is nearest to `wanted`, looking around `guess`. */
function nearestTo(times: readonly number[], wanted: number, guess: number): number | undefined {
  let nearest: number | undefined
  for (let at = guess - 2; at <= guess + 2; at++) {
    const time = times[at]
    if (time === undefined) continue
    if (nearest === undefined || Math.abs(time - wanted) < Math.abs(times[nearest]! - wanted)) {
      nearest = at
    }
  }
  return nearest
}
