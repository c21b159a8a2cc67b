// An episode on its way into the dataset: checked as a whole, before anything is written. What does
// not fit is refused here, with a reason; behind this point an episode is sound.

import { statSync } from 'node:fs'
import { describeError, RollcastError } from '../../base/errors.ts'
import type { VideoFacts } from '../../media/examine-video.ts'
import { type ColumnValues, type StoredColumn, storeColumn } from './columns.ts'
import {
  bookkeeping,
  type Feature,
  type Features,
  featureWidth,
  isPicture,
  videoKeys,
} from './features.ts'
import { EPISODE_FRAMES_MIN, VIDEO_SECONDS_MAX } from './layout.ts'
import { type FeatureStatistics, valueNames } from './statistics.ts'
import type { VideoTool } from './video.ts'

/** An episode as the caller has it. */
export interface EpisodeInput {
  /** Names it for ever, such as `<run>/<episode>`: adding the same again does nothing. */
  readonly source: string
  readonly rows: number
  /** Values of each feature but videos, by name. Bookkeeping features are made here. */
  readonly columns: Readonly<Record<string, ColumnValues>>
  /** What is to be done: one text, or one for each row. */
  readonly task: string | readonly string[]
  /** For each video key the finished files of this episode, in order. */
  readonly videos?: Readonly<Record<string, readonly VideoFile[]>>
  /** Statistics of image and video features, for each channel, divided by 255. */
  readonly pictureStatistics?: Readonly<Record<string, FeatureStatistics>>
}

/** A video file that nobody changes any more, and what its maker has said of it. */
export interface FinalVideo extends VideoTraits {
  readonly path: string
}

/** It is only read here, and looked through unless it is known what is in it. */
export type VideoFile = string | FinalVideo

/** What a dataset asks of a part of an episode's video. */
type VideoTraits = Pick<VideoFacts, 'frames' | 'width' | 'height' | 'fps' | 'codec' | 'pixelFormat'>

export interface PreparedVideo {
  readonly files: readonly string[]
  /** None of the files changes any more: each may have another name as well. */
  readonly isFinal: boolean
  readonly bytes: number
  /** Codec and pixel format. */
  readonly make: string
}

export interface PreparedEpisode {
  readonly source: string
  readonly length: number
  /** One for each row. */
  readonly tasks: readonly string[]
  /** Of the caller's features. */
  readonly columns: ReadonlyMap<string, StoredColumn>
  readonly pictureStatistics: Readonly<Record<string, FeatureStatistics>>
  readonly videos: Readonly<Record<string, PreparedVideo>>
  /** The dataset's features, with what is known since this episode of how its videos are made. */
  readonly features: Features
}

/** Checks `input` against the dataset. BAD_INPUT says why the episode cannot be taken. */
export async function prepareEpisode(
  input: EpisodeInput,
  features: Features,
  fps: number,
  tool: VideoTool | undefined,
): Promise<PreparedEpisode> {
  const { rows: length, source } = input
  checkLength(input, features, fps)
  const tasks = typeof input.task === 'string' ? Array(length).fill(input.task) : input.task
  if (tasks.length !== length || !tasks.every(task => typeof task === 'string' && task !== '')) {
    throw bad('task', `a text, or one for each of ${length} rows`, `${tasks.length} of them`)
  }
  const columns = storeColumns(input, features)
  const pictureStatistics: Record<string, FeatureStatistics> = {}
  for (const [name, feature] of Object.entries(features)) {
    if (!isPicture(feature)) continue
    pictureStatistics[name] = checkStatistics(name, feature, input.pictureStatistics?.[name])
  }
  const keys = videoKeys(features)
  const unknown = Object.keys(input.videos ?? {}).find(key => !keys.includes(key))
  if (unknown !== undefined) throw bad(unknown, 'no video of this name', 'one')
  const videos: Record<string, PreparedVideo> = {}
  const learned: Record<string, Feature> = { ...features }
  for (const key of keys) {
    const video = await examineParts(key, input, tool)
    learned[key] = checkVideo(key, features[key]!, video.facts, length, fps)
    videos[key] = video
  }
  return { source, length, tasks, columns, pictureStatistics, videos, features: learned }
}

function checkLength({ rows, source }: EpisodeInput, features: Features, fps: number): void {
  if (source === '') throw bad('source', 'a name', 'an empty text')
  if (!Number.isInteger(rows) || rows < EPISODE_FRAMES_MIN) {
    throw bad('length', `at least ${EPISODE_FRAMES_MIN} frames`, String(rows))
  }
  if (videoKeys(features).length > 0 && rows >= VIDEO_SECONDS_MAX * fps) {
    throw bad('length', `video shorter than ${VIDEO_SECONDS_MAX} s`, `${rows / fps} s`)
  }
}

function storeColumns(input: EpisodeInput, features: Features): Map<string, StoredColumn> {
  const columns = new Map<string, StoredColumn>()
  for (const [name, feature] of Object.entries(features)) {
    if (feature.dtype === 'video' || name in bookkeeping) continue
    const values = input.columns[name]
    if (!values) throw bad(name, 'its column', 'none')
    columns.set(name, storeColumn(name, feature, values, input.rows))
  }
  const unknown = Object.keys(input.columns).find(name => !columns.has(name))
  if (unknown !== undefined) throw bad(unknown, 'no column of this name', 'one')
  return columns
}

function checkStatistics(
  name: string,
  feature: Feature,
  given: FeatureStatistics | undefined,
): FeatureStatistics {
  if (!given) throw bad(name, 'statistics of its pictures', 'none')
  const channels = featureWidth(feature)
  for (const each of valueNames) {
    const values = given[each]
    if (values.length === channels && values.every(Number.isFinite)) continue
    throw bad(`${name}, ${each}`, `a number for each of ${channels} channels`, `${values}`)
  }
  if (Number.isInteger(given.count) && given.count > 0) return given
  throw bad(`${name}, count`, 'an integer above 0', String(given.count))
}

async function examineParts(
  key: string,
  input: EpisodeInput,
  tool: VideoTool | undefined,
): Promise<PreparedVideo & { facts: readonly VideoTraits[] }> {
  if (!tool) throw new RollcastError('UNAVAILABLE', `${key}: videos need FFmpeg (node-av)`)
  const files = input.videos?.[key] ?? []
  if (files.length === 0) throw bad(key, 'video files', 'none')
  const facts: VideoTraits[] = []
  const paths: string[] = []
  let bytes = 0
  for (const file of files) {
    const path = typeof file === 'string' ? file : file.path
    try {
      facts.push(typeof file === 'string' ? await tool.examineVideo(file) : file)
      bytes += statSync(path).size
    } catch (error) {
      throw bad(key, `a video in ${path}`, describeError(error))
    }
    paths.push(path)
  }
  const { codec, pixelFormat } = facts[0]!
  const isFinal = files.every(file => typeof file !== 'string')
  return { files: paths, isFinal, bytes, facts, make: `${codec}, ${pixelFormat}` }
}

/** Gives the feature back, with what its first video says of how it is made. */
function checkVideo(
  key: string,
  feature: Feature,
  parts: readonly VideoTraits[],
  length: number,
  fps: number,
): Feature {
  const frames = parts.reduce((sum, part) => sum + part.frames, 0)
  // A video of another length would shift every later episode of its file, and nobody would see it.
  if (frames !== length) throw bad(key, `${length} frames of video, one for each row`, `${frames}`)
  const { width, height, codec, pixelFormat } = parts[0]!
  const [shownHeight, shownWidth, channels] = feature.shape
  const shown = `${shownWidth}x${shownHeight}`
  for (const part of parts) {
    const size = `${part.width}x${part.height}`
    if (size !== shown) throw bad(`${key}, size`, shown, size)
    // Another episode may be of another codec: it stands in another file.
    if (part.codec !== codec || part.pixelFormat !== pixelFormat) {
      const make = `${part.codec}, ${part.pixelFormat}`
      throw bad(`${key}, one codec in an episode`, `${codec}, ${pixelFormat}`, make)
    }
    const paced = part.frames < 2 || isRate(part.fps, fps)
    if (!paced) throw bad(`${key}, frames a second`, String(fps), String(part.fps))
  }
  const info = {
    ...{ 'video.height': height, 'video.width': width, 'video.codec': codec },
    ...{ 'video.pix_fmt': pixelFormat, 'video.fps': fps, 'video.channels': channels },
    ...{ has_audio: false, is_depth_map: false, ...feature.info },
  }
  return { ...feature, info }
}

/** One frame too many in 1000 s at 1000 frames a second makes more of a difference. */
export const isRate = (found: number, fps: number): boolean => Math.abs(found / fps - 1) < 1e-8

const bad = (what: string, expected: string, found: string): RollcastError =>
  new RollcastError('BAD_INPUT', `${what}: expected ${expected}, found ${found}`)
