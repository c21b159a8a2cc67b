// The way in: a dataset is taken up where it was left, or begun.
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { type BeforeStep, Commit } from './commit.ts'
import { DatasetWriter } from './dataset-writer.ts'
import { orDiskError } from './disk-error.ts'
import { type DatasetDescription, describeFeatures, videoKeys } from './features.ts'
import { infoText } from './info.ts'
import { checkLimits, type DatasetLimits, defaultLimits, INFO_PATH } from './layout.ts'
import { resumeDataset } from './resume.ts'
import { beginSources, readSources } from './sources.ts'
import { type DatasetState, episodeCount } from './state.ts'
import type { VideoTool } from './video.ts'

export interface DatasetOptions {
  /** Needed for episodes with videos. */
  readonly video?: VideoTool
  /** Of a new dataset; one that is taken up keeps what it says of itself. */
  readonly limits?: Partial<DatasetLimits>
  readonly beforeStep?: BeforeStep
}

/**
 * Opens the dataset in `directory`, or begins one. BAD_INPUT: what is there does not fit
 * `description`, or part of it is missing. CANNOT_CREATE: something else is there, or its disk
 * fails. DISK_FULL.
 */
export function openDataset(
  directory: string,
  description: DatasetDescription,
  options: DatasetOptions = {},
): Promise<DatasetWriter> {
  const root = resolve(directory)
  return orDiskError(root, () => open(root, description, options))
}

async function open(
  root: string,
  description: DatasetDescription,
  options: DatasetOptions,
): Promise<DatasetWriter> {
  const beforeStep = options.beforeStep ?? (() => {})
  const limits = checkLimits({ ...defaultLimits, ...options.limits })
  const features = describeFeatures(description)
  const { fps, robotType = null } = description
  const found = await resumeDataset(root, description, beforeStep)
  if (found) {
    const state = { ...found, limits: { ...found.limits, fileEpisodes: limits.fileEpisodes } }
    const sources = readSources(root, episodeCount(state))
    return new DatasetWriter(root, state, sources, options.video, beforeStep)
  }
  const videos = Object.fromEntries(videoKeys(features).map(key => [key, []]))
  const state: DatasetState = {
    ...{ fps, robotType, features, limits, tasks: [], starts: [0], data: [], videos },
    ...{ table: [], totals: {} },
  }
  beforeStep('begin the sources')
  beginSources(root)
  const commit = new Commit(root, beforeStep)
  writeFileSync(commit.stage(INFO_PATH), infoText(state))
  await commit.commit()
  return new DatasetWriter(root, state, new Map(), options.video, beforeStep)
}
