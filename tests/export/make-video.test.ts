// The video of an episode for people: every frame of it, wherever its picture still is.
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { type Making, makeVideo, openStudio } from '../../src/export/camera-video.ts'
import { readTracks } from '../../src/export/episode-tracks.ts'
import { RecordedVideos } from '../../src/export/recorded-videos.ts'
import type { FrameFormat } from '../../src/protocol/events.ts'
import type { EpisodeRow } from '../../src/protocol/projection.ts'
import { picturesIn } from '../media/pictures.ts'
import { ffmpeg, small, times, twoMakes, type WrittenRun, writeRun } from './written-run.ts'

function make(run: WrittenRun, row: EpisodeRow, path: string): Promise<Making> {
  const { reader, dir: runDir } = run
  const studio = openStudio({
    ...{ ffmpeg: ffmpeg(), reader, runDir, profile: 'fast', clock: systemClock },
  })
  const track = readTracks(reader, row).get('eye')!
  return makeVideo(studio, track, new RecordedVideos(reader).of(row.episode), path, undefined)
}

test.each<[FrameFormat, string, (row: EpisodeRow) => number | undefined]>([
  ['rgb8', 'none of its frames', () => undefined],
  ['rgb8', 'the last of its frames', ({ firstSeq }) => firstSeq + 5],
  ['gray8', 'the last of its frames', ({ firstSeq }) => firstSeq + 5],
])('X2 parts of two makes, %s, are encoded again where the log holds %s', async (...given) => {
  const [format, , droppedBefore] = given
  const shape = { ...small, format }
  const run = await writeRun()
  const row = await run.episode(times(5, 's eye'), { shape: () => shape })
  await run.film(row, 'eye', twoMakes)
  await run.dropPixels(droppedBefore(row))
  const path = join(run.dir, 'whole.mp4')
  expect(await make(run, row, path)).toEqual({
    how: 'encoded',
    why: 'its parts are of different makes; what the log does not hold is encoded again',
  })
  expect(picturesIn(ffmpeg(), path, shape)).toEqual([0, 1, 2, 3, 4])
})

test('X2 parts of one make are joined, and what has no video needs its frames', async () => {
  const run = await writeRun()
  const filmed = await run.episode(times(5, 's eye'))
  await run.film(filmed, 'eye', { partFrames: 2 })
  const bare = await run.episode(times(5, 's eye'))
  const path = join(run.dir, 'whole.mp4')
  const why = 'the run made no video of it'
  expect(await make(run, bare, path)).toEqual({ how: 'encoded', why })
  await run.dropPixels()
  expect(await make(run, filmed, path)).toEqual({ how: 'copied' })
  expect(picturesIn(ffmpeg(), path, small)).toEqual([0, 1, 2, 3, 4])
  await expect(make(run, bare, path)).rejects.toThrow(`${why}, and frame 0 is not in the log`)
})
