// `meta/info.json`: what the dataset holds, how much of it, and where it stands. It is written last:
// what it does not count is not there.
import type { RollcastError } from '../../base/errors.ts'
import { type Feature, type Features, videoKeys } from './features.ts'
import {
  CODEBASE_VERSION,
  checkLimits,
  DATA_TEMPLATE,
  type DatasetLimits,
  defaultLimits,
  INFO_PATH,
  VIDEO_TEMPLATE,
} from './layout.ts'
import { badMeta, isObject, parseObject } from './meta-json.ts'
import { type DatasetState, episodeCount, frameCount } from './state.ts'

/** What is read from info.json. */
export interface DatasetInfo {
  readonly fps: number
  readonly robotType: string | null
  readonly features: Features
  readonly episodes: number
  readonly frames: number
  readonly tasks: number
  readonly limits: DatasetLimits
}

export function infoText(state: DatasetState): string {
  const { limits, features } = state
  const info = {
    codebase_version: CODEBASE_VERSION,
    fps: state.fps,
    features,
    total_episodes: episodeCount(state),
    total_frames: frameCount(state),
    total_tasks: state.tasks.length,
    chunks_size: limits.chunkFiles,
    data_files_size_in_mb: limits.dataMebibytes,
    video_files_size_in_mb: limits.videoMebibytes,
    data_path: DATA_TEMPLATE,
    video_path: videoKeys(features).length > 0 ? VIDEO_TEMPLATE : null,
    robot_type: state.robotType,
    splits: { train: `0:${episodeCount(state)}` },
  }
  return `${JSON.stringify(info, null, 4)}\n`
}

/** Reads info.json. BAD_INPUT when a version 3 of the format with our paths is not described. */
export function parseInfo(text: string): DatasetInfo {
  const info = parseObject(INFO_PATH, text)
  const count = (name: string, least: number): number => {
    const value = info[name]
    if (Number.isInteger(value) && Number(value) >= least) return Number(value)
    throw bad(name, `an integer from ${least} on`, value)
  }
  const version = String(info['codebase_version'])
  if (!/^v3\./.test(version)) throw bad('codebase_version', CODEBASE_VERSION, version)
  if (info['data_path'] !== DATA_TEMPLATE) throw bad('data_path', DATA_TEMPLATE, info['data_path'])
  const features = parseFeatures(info['features'])
  const template = info['video_path']
  if (videoKeys(features).length > 0 && template !== VIDEO_TEMPLATE) {
    throw bad('video_path', VIDEO_TEMPLATE, template)
  }
  const robotType = info['robot_type']
  return {
    fps: count('fps', 1),
    robotType: typeof robotType === 'string' ? robotType : null,
    features,
    episodes: count('total_episodes', 0),
    frames: count('total_frames', 0),
    tasks: count('total_tasks', 0),
    limits: checkLimits({
      chunkFiles: count('chunks_size', 1),
      dataMebibytes: count('data_files_size_in_mb', 1),
      videoMebibytes: count('video_files_size_in_mb', 1),
      fileEpisodes: defaultLimits.fileEpisodes,
    }),
  }
}

function parseFeatures(value: unknown): Features {
  if (!isObject(value)) throw bad('features', 'an object', value)
  for (const [name, feature] of Object.entries(value)) {
    const { dtype, shape, names } = isObject(feature) ? feature : {}
    const shaped = Array.isArray(shape) && shape.length > 0 && shape.every(Number.isInteger)
    const named = names === null || typeof names === 'object'
    if (typeof dtype === 'string' && shaped && named) continue
    throw bad(`features, ${name}`, 'dtype, shape and names', JSON.stringify(feature))
  }
  return value as Readonly<Record<string, Feature>>
}

const bad = (what: string, expected: unknown, found: unknown): RollcastError =>
  badMeta(INFO_PATH, what, expected, found)
