// What became of the frames of a finished run: every frame of the scene carries its number, so
// it is known whether each is on its episode's video once, in its place, and how many rows the
// dataset has beside them.
import { join } from 'node:path'
import { decodeFrames } from '../src/media/examine-video.ts'
import type { Ffmpeg } from '../src/media/ffmpeg.ts'
import type { VideoCommitted } from '../src/protocol/events.ts'
import { openLogReader } from '../src/store/open-log.ts'
import { numberOf } from './scene.ts'

/** One episode, by its number in the run. */
export interface FilmedEpisode {
  readonly episode: number
  /** Frames that the log announces. */
  captured: number
  /** Frames on its videos that show what they should. */
  filmed: number
  /** Rows in the dataset; undefined while it is not in one. */
  rows: number | undefined
}

export interface Filmed {
  readonly episodes: readonly FilmedEpisode[]
  /** All that is not as it should be, in words. */
  readonly problems: readonly string[]
}

/** Looks at every frame of the run in `dir`, whose frames are those of a scene, from 0 on. */
export async function lookAtFrames(ffmpeg: Ffmpeg, dir: string): Promise<Filmed> {
  const episodes = new Map<number, FilmedEpisode & { firstNumber: number }>()
  const videos: VideoCommitted[] = []
  const problems: string[] = []
  let captured = 0
  const reader = openLogReader(dir)
  for (const { seq, event } of reader.events({ fromSeq: 1 })) {
    if (event.type === 'episode_began') {
      const { episode } = event
      episodes.set(episode, {
        episode,
        captured: 0,
        filmed: 0,
        rows: undefined,
        firstNumber: captured,
      })
    } else if (event.type === 'frame_captured') {
      captured++
      episodes.get(event.episode)!.captured++
    } else if (event.type === 'video_committed') videos.push(event)
    else if (event.type === 'episode_saved') episodes.get(event.episode)!.rows = event.rows
    else if (event.type === 'video_failed' || event.type === 'episode_refused') {
      problems.push(`episode ${event.episode}: ${event.type}: ${event.reason}`)
    } else if (event.type === 'gap_found' || event.type === 'input_refused') {
      problems.push(`event ${seq} is a loss`)
    }
  }
  await reader.close()
  for (const { file, episode: number, fromIndex, frames } of videos) {
    const episode = episodes.get(number)!
    let decoded = 0
    for (const { index, pixels } of decodeFrames(ffmpeg, join(dir, file))) {
      decoded++
      const expected = episode.firstNumber + fromIndex + index
      if (numberOf(pixels) === expected) episode.filmed++
      else problems.push(`${file}, frame ${index}: shows ${numberOf(pixels)}, not ${expected}`)
    }
    if (decoded !== frames) problems.push(`${file} has ${decoded} frames, the log says ${frames}`)
  }
  return { episodes: [...episodes.values()], problems }
}

/** Frames that are on no video. One that is on two counts against another that is on none. */
export const framesLost = ({ episodes }: Pick<Filmed, 'episodes'>): number =>
  episodes.reduce((sum, { captured, filmed }) => sum + Math.abs(captured - filmed), 0)
