// The files of a video key: earlier ones and new episodes, joined by stream copy and counted after it.
import { linkSync, lstatSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { assert } from '../../base/assert.ts'
import { MIB } from '../../base/bytes.ts'
import { describeError, errorExitCodes, RollcastError } from '../../base/errors.ts'
import type { Workshop } from './commit.ts'
import { VIDEO_SECONDS_MAX, videoPath } from './layout.ts'
import { isRate, type PreparedEpisode } from './prepare.ts'
import {
  emptiedPlaces,
  type FileRules,
  type Joining,
  type Part,
  type PlannedFile,
  planFiles,
  type Size,
} from './rollover.ts'
import type { DatasetState } from './state.ts'

interface VideoUnit extends Size {
  readonly source: string
  readonly make: string
  readonly paths: readonly string[]
  readonly isFinal: boolean
}

/** The videos of one episode do not fit together; nothing else is wrong. */
export class UnjoinableVideo extends Error {
  readonly source: string

  constructor(source: string, cause: unknown) {
    super(describeError(cause), { cause })
    this.source = source
  }
}

/** Stages the videos of `key`, and gives the files behind the change. */
export async function stageVideos(
  key: string,
  state: DatasetState,
  episodes: readonly PreparedEpisode[],
  shop: Workshop,
  joining: Joining,
): Promise<readonly Part[]> {
  const before = state.videos[key] ?? []
  const units = episodes.map(({ source, length, videos }): VideoUnit => {
    const { files: paths, ...video } = videos[key]!
    return { source, episodes: 1, frames: length, paths, ...video }
  })
  // Without FFmpeg nothing is joined: several files are as good a dataset.
  if (units.length === 0 && !shop.tool) return before
  const after = await joinWhatFits(key, before, units, state, shop, joining)
  for (const place of emptiedPlaces(before, after)) shop.commit.remove(videoPath(key, place))
  return after
}

/**
 * Files of different makes (another encoder, another setting) cannot be joined: then fewer of the
 * earlier ones are taken, and at last every episode has a file of its own.
 */
async function joinWhatFits(
  key: string,
  before: readonly Part[],
  units: readonly VideoUnit[],
  state: DatasetState,
  shop: Workshop,
  joining: Joining,
): Promise<readonly Part[]> {
  const { limits, fps } = state
  const rules: FileRules = {
    fits: ({ bytes, frames }) =>
      bytes < limits.videoMebibytes * MIB && frames < VIDEO_SECONDS_MAX * fps,
    cost: size => size.bytes,
    chunkFiles: limits.chunkFiles,
  }
  const apart: FileRules = { ...rules, fits: ({ episodes }) => episodes <= 1 }
  for (let fixed = 0; ; fixed++) {
    const together = fixed <= before.length
    const plan = planFiles(before, units, together ? rules : apart, { joining, fixed })
    const after: Part[] = [...plan.kept]
    try {
      for (const file of plan.files) after.push(await stageVideo(key, file, fps, shop))
      return after
    } catch (error) {
      if (!isBadData(error)) throw error
      const failed = plan.files[after.length - plan.kept.length]!
      if (failed.parts.length === 0 && failed.units.length === 1) {
        throw new UnjoinableVideo(failed.units[0]!.source, error)
      }
      for (const { place } of plan.files) shop.commit.unstage(videoPath(key, place))
      fixed = failed.parts.length > 0 ? plan.kept.length : before.length
    }
  }
}

const isBadData = (error: unknown): boolean =>
  error instanceof RollcastError && errorExitCodes[error.code] === errorExitCodes.BAD_INPUT

async function stageVideo(
  key: string,
  { place, first, episodes, frames, parts, units }: PlannedFile<VideoUnit>,
  fps: number,
  { root, commit, tool }: Workshop,
): Promise<Part> {
  assert(tool, 'episodes with videos were examined with it')
  const path = commit.stage(videoPath(key, place))
  const earlier = parts.map(part => join(root, videoPath(key, part.place)))
  const files = [...earlier, ...units.flatMap(unit => unit.paths)]
  const isWhole = files.length === 1 && units[0]?.isFinal
  if (!(isWhole && tryLink(files[0]!, path))) {
    await tool.concatenate(files, path)
    const facts = await tool.examineVideo(path)
    if (facts.frames !== frames || !isRate(facts.fps, fps)) {
      throw new RollcastError(
        'INTERNAL',
        `${key}, joined for ${videoPath(key, place)}: expected ${frames} frames, ${fps} a second, ` +
          `found ${facts.frames}, ${facts.fps} a second`,
      )
    }
  }
  commit.made(path)
  return { place, first, episodes, frames, bytes: statSync(path).size }
}

/**
 * Gives the file another name, so that nothing is copied. False where that cannot be (the dataset is
 * on another disk, or its file system knows no second names): a copy says what else is in the way.
 */
function tryLink(file: string, path: string): boolean {
  try {
    // Of a symbolic link it would be the name that is given, not the file.
    if (!lstatSync(file).isFile()) return false
    linkSync(file, path)
    return true
  } catch {
    return false
  }
}
