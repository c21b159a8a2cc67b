// The one place that turns an episode of a log into what a dataset takes: its steps as columns, each
// camera as video (or as pictures in the table). Nothing is kept of an episode behind the call, so a
// dataset is made with the memory of one; whether the run still goes on makes no difference.
import { join } from 'node:path'
import { assert } from '../base/assert.ts'
import { RollcastError } from '../base/errors.ts'
import { asRgb, CHANNELS } from '../media/picture.ts'
import { PictureStatistics } from '../media/picture-statistics.ts'
import { StillEncoder } from '../media/still.ts'
import type { VideoCommitted } from '../protocol/events.ts'
import type { EpisodeRow } from '../protocol/projection.ts'
import { Pictures } from '../replay/pictures.ts'
import type { LogReader } from '../store/event-log.ts'
import type { CameraTrack, PlacedFrame } from './camera-track.ts'
import {
  committedVideo,
  encodeFrames,
  firstFrames,
  picturesOf,
  type Studio,
} from './camera-video.ts'
import { readTracks } from './episode-tracks.ts'
import type { DatasetDescription, FeatureDescription } from './lerobot/features.ts'
import { EPISODE_FRAMES_MIN } from './lerobot/layout.ts'
import type { EpisodeInput, VideoFile } from './lerobot/prepare.ts'
import { aggregateStatistics, type FeatureStatistics, valueNames } from './lerobot/statistics.ts'
import type { VideoFact } from './recorded-videos.ts'
import { StepColumns, StepFeatures } from './step-columns.ts'

/** Where episodes are taken from, and what for. */
export interface EpisodeSource {
  readonly reader: LogReader
  /** Of the dataset: every episode has its features, and what it has beside them is left in the log. */
  readonly description: DatasetDescription
  readonly task: string
  /** Names the run for ever. */
  readonly run: string
  /** Needed when the dataset has pictures. */
  readonly studio?: Studio
  /** Where videos are made that do not exist yet; they are the caller's to delete. */
  readonly aside: string
}

/** A video may have these characters in its feature's name; others become `_`. */
export const pictureKey = (camera: string): string =>
  `observation.images.${camera.replaceAll(/[^\p{L}\p{N}_.\- ]/gu, '_')}`

/** Names an episode for ever. Two runs in directories of one name began at different times. */
export const sourceName = (run: string, { episode, startTime }: EpisodeRow): string =>
  `${run}/${episode}@${startTime}`

/** BAD_INPUT for an episode that is too short for any dataset. */
export function checkLength({ steps }: EpisodeRow): void {
  if (steps >= EPISODE_FRAMES_MIN) return
  throw bad(`expected at least ${EPISODE_FRAMES_MIN} steps, found ${steps}`)
}

/** The features of a dataset that begins with the episode of `row`. BAD_INPUT as `episodeOf`. */
export function describeEpisode(
  reader: LogReader,
  row: EpisodeRow,
): Readonly<Record<string, FeatureDescription>> {
  const steps = new StepFeatures()
  const tracks = readTracks(reader, row, step => steps.add(step))
  const pictures = [...tracksByKey(tracks.values())].map(
    ([key, { width, height }]): [string, FeatureDescription] => {
      // The format's video has an even width and height, and no picture is padded or cut.
      const dtype = width % 2 === 0 && height % 2 === 0 ? 'video' : 'image'
      return [key, { dtype, shape: [height, width, CHANNELS] }]
    },
  )
  return { ...steps.features, ...Object.fromEntries(pictures) }
}

function tracksByKey(tracks: Iterable<CameraTrack>): Map<string, CameraTrack> {
  const byKey = new Map<string, CameraTrack>()
  for (const track of tracks) {
    const key = pictureKey(track.camera)
    const other = byKey.get(key)
    if (other) throw bad(`cameras ${other.camera} and ${track.camera} would both be ${key}`)
    byKey.set(key, track)
  }
  return byKey
}

/**
 * The episode of `row` as a dataset takes it; `facts` are what was said of its videos so far.
 * BAD_INPUT (or LOG_CORRUPT) says why it cannot be taken: other episodes can.
 */
export async function episodeOf(
  source: EpisodeSource,
  row: EpisodeRow,
  facts: readonly VideoFact[],
): Promise<EpisodeInput> {
  const { reader, description, task, run, studio } = source
  const rows = row.steps
  checkLength(row)
  if (row.released === 'discarded') throw bad('the trainer discarded it')
  if (row.released && studio) {
    throw bad(`its frames and videos were given up (${row.released}: the keep rule)`)
  }
  const columns = new StepColumns(description.features, rows)
  const tracks = tracksByKey(readTracks(reader, row, step => columns.add(step)).values())
  const stills: Record<string, Uint8Array[]> = {}
  const videos: Record<string, readonly VideoFile[]> = {}
  const statistics: Record<string, FeatureStatistics> = {}
  for (const [at, [key, { dtype }]] of Object.entries(description.features).entries()) {
    if (dtype !== 'video' && dtype !== 'image') continue
    assert(studio, 'pictures need a studio')
    const track = tracks.get(key)
    if (!track) throw bad(`${key}: expected frames of its camera, found none`)
    // By number: a camera's name may be too long for a file's.
    const path = join(source.aside, `${row.episode}-${at}.mp4`)
    const shot: Shot = { source, studio, track, shown: track.framesOfRows(rows), facts, path }
    const made = dtype === 'video' ? await videoOf(shot) : await stillsOf(shot)
    if ('files' in made) videos[key] = made.files
    else stills[key] = made.stills
    statistics[key] = made.statistics
  }
  return {
    ...{ source: sourceName(run, row), rows, task, videos },
    columns: { ...columns.finish(), ...stills },
    pictureStatistics: statistics,
  }
}

/** One camera of an episode, and which of its frames belongs to each row. */
interface Shot {
  readonly source: EpisodeSource
  readonly studio: Studio
  readonly track: CameraTrack
  readonly shown: Int32Array
  readonly facts: readonly VideoFact[]
  /** Where its video is made, if it has to be. */
  readonly path: string
}

async function videoOf({
  source: { description },
  studio,
  track,
  shown,
  facts,
  path,
}: Shot): Promise<{ files: readonly VideoFile[]; statistics: FeatureStatistics }> {
  const { fps } = description
  const committed = committedVideo(studio.runDir, track, facts)
  const inOrder = shown.every((frame, row) => frame === row)
  if (inOrder && 'parts' in committed) {
    const files = await firstFrames(studio, committed.parts, shown.length, { path, fps })
    return { files, statistics: statisticsOf(committed.parts) }
  }
  const lack =
    'lack' in committed
      ? committed.lack
      : `its ${track.length} frames are not one for each of ${shown.length} steps ` +
        '(a run like that needs video: { keepFrames: true })'
  const statistics = new PictureStatistics(track)
  await encodeFrames(studio, track, shown, { path, fps, lack }, pixels => statistics.add(pixels))
  return { files: [path], statistics: asFeature({ ...statistics.summary() }) }
}

/** Pictures of the table lose nothing more, so they may come from the video as well. */
async function stillsOf({
  studio,
  track,
  shown,
}: Shot): Promise<{ stills: Uint8Array[]; statistics: FeatureStatistics }> {
  const { width, height } = track
  const shape = { width, height, format: 'rgb8' } as const
  const statistics = new PictureStatistics(shape)
  const encoder = new StillEncoder(studio.ffmpeg, { ...shape, as: 'png' })
  const pictures = new Pictures(studio.reader, studio.runDir)
  try {
    const stills: Uint8Array[] = []
    const lack = 'its pictures go into the table'
    const find = (frame: PlacedFrame) => pictures.of(frame)
    for await (const { pixels, format } of picturesOf(studio, track, shown, lack, find)) {
      const rgb = asRgb(format, pixels)
      statistics.add(rgb)
      stills.push(encoder.encode(rgb))
    }
    return { stills, statistics: asFeature({ ...statistics.summary() }) }
  } finally {
    pictures.close()
    encoder.close()
  }
}

/** Of all parts together; where the last one is cut, its statistics are those of the whole. */
function statisticsOf(parts: readonly VideoCommitted[]): FeatureStatistics {
  let total: FeatureStatistics | undefined
  for (const part of parts) total = aggregateStatistics(total, asFeature(part.statistics))
  assert(total, 'a video has a part')
  return total
}

/** Statistics as the dataset has them: of three channels, whatever the frames had. */
function asFeature(given: VideoCommitted['statistics']): FeatureStatistics {
  const lists = valueNames.map(name => {
    const values = given[name]
    assert(Array.isArray(values), `statistics have ${name}`)
    return [name, values.length === 1 ? Array(CHANNELS).fill(values[0]) : values]
  })
  return { ...Object.fromEntries(lists), count: given['count'] } as FeatureStatistics
}

const bad = (message: string): RollcastError => new RollcastError('BAD_INPUT', message)
