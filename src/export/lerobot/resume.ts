// Taking up a dataset where it was left: what info.json counts must all be there, and what it does
// not count goes.
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { systemClock } from '../../base/clock.ts'
import { ensureDirectory } from '../../base/ensure-directory.ts'
import { RollcastError } from '../../base/errors.ts'
import { type BeforeStep, OWN_DIRECTORY, recoverCommit } from './commit.ts'
import { type EpisodePlaces, readEpisodePlaces } from './episode-table.ts'
import { type DatasetDescription, describeFeatures, type Features, videoKeys } from './features.ts'
import { type DatasetInfo, parseInfo } from './info.ts'
import {
  dataPath,
  episodesPath,
  INFO_PATH,
  nextPlace,
  type Place,
  STATS_PATH,
  samePlace,
  TASKS_PATH,
  videoPath,
} from './layout.ts'
import { readFooter } from './parquet-read.ts'
import type { Part } from './rollover.ts'
import { isOurs } from './sources.ts'
import type { DatasetState } from './state.ts'
import { parseStats } from './stats.ts'
import { readTasks } from './task-table.ts'

/** The state of the dataset in `root`; undefined when there is none yet. */
export async function resumeDataset(
  root: string,
  description: DatasetDescription,
  beforeStep: BeforeStep,
): Promise<DatasetState | undefined> {
  ensureDirectory(join(root, OWN_DIRECTORY))
  await recoverCommit(root, beforeStep)
  if (!existsSync(join(root, INFO_PATH))) {
    const others = readdirSync(root).filter(name => name !== OWN_DIRECTORY)
    if (others.length === 0) return undefined
    throw new RollcastError(
      'CANNOT_CREATE',
      `${root}: expected an empty directory or a dataset, found ${others.slice(0, 3).join(', ')}`,
    )
  }
  if (!isOurs(root)) {
    const wish = 'expected a dataset that Rollcast began, found one that it did not'
    throw new RollcastError('CANNOT_CREATE', `${root}: ${wish}; export into another directory`)
  }
  const info = parseInfo(readFileSync(join(root, INFO_PATH), 'utf8'))
  checkDescription(root, info, description)
  const state = await readState(root, info)
  dropStrays(root, state, beforeStep)
  return state
}

function checkDescription(root: string, info: DatasetInfo, description: DatasetDescription): void {
  const features = describeFeatures(description)
  const differ = (what: string, expected: unknown, found: unknown): RollcastError => {
    const difference = `expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`
    return new RollcastError('BAD_INPUT', `${root}, ${what} of the dataset: ${difference}`)
  }
  if (info.fps !== description.fps) throw differ('fps', description.fps, info.fps)
  const names = [...new Set([...Object.keys(features), ...Object.keys(info.features)])]
  const bare = (all: Features, name: string): unknown => {
    const { dtype, shape, names: components } = all[name] ?? {}
    return { dtype, shape, names: components }
  }
  for (const name of names) {
    const [wanted, found] = [bare(features, name), bare(info.features, name)]
    if (!isDeepStrictEqual(wanted, found)) throw differ(name, wanted, found)
  }
}

async function readState(root: string, info: DatasetInfo): Promise<DatasetState> {
  const { features, limits, fps, robotType } = info
  const tasks = info.tasks > 0 ? await readTasks(join(root, TASKS_PATH)) : []
  if (tasks.length < info.tasks) throw gap(TASKS_PATH, `${info.tasks} tasks`, tasks.length)
  const reading: Reading = {
    ...{ starts: [0], data: [], table: [] },
    videos: Object.fromEntries(videoKeys(features).map(key => [key, []])),
  }
  for (let at: Place | undefined; reading.starts.length - 1 < info.episodes; ) {
    at = nextPlace(at, limits.chunkFiles)
    const path = join(root, episodesPath(at))
    const found = `${reading.starts.length - 1} episodes before it`
    if (!existsSync(path)) throw gap(episodesPath(at), `${info.episodes} episodes`, found)
    for await (const row of readEpisodePlaces(path, features)) takeRow(reading, row, at)
  }
  const stats = join(root, STATS_PATH)
  if (info.episodes > 0 && !existsSync(stats)) throw gap(STATS_PATH, 'a file', 'none')
  const totals = info.episodes > 0 ? parseStats(readFileSync(stats, 'utf8'), features) : {}
  const state: DatasetState = { fps, robotType, features, limits, tasks, totals, ...reading }
  checkCounts(state, info)
  return withSizes(root, state)
}

interface Reading {
  readonly starts: number[]
  readonly data: Part[]
  readonly table: Part[]
  readonly videos: Record<string, Part[]>
}

function takeRow(reading: Reading, row: EpisodePlaces, at: Place): void {
  const { starts } = reading
  const episode = starts.length - 1
  if (row.episode !== episode) throw gap(episodesPath(at), `episode ${episode}`, row.episode)
  const start = starts.at(-1)!
  if (row.fromIndex !== start) throw gap(`episode ${episode}`, `row ${start}`, row.fromIndex)
  grow(reading.table, at, episode, row.length)
  grow(reading.data, row.data, episode, row.length)
  for (const [key, span] of Object.entries(row.videos)) {
    grow(reading.videos[key]!, span.place, episode, row.length)
  }
  starts.push(start + row.length)
}

/** Counts an episode to the last file, or begins one. */
function grow(parts: Part[], place: Place, episode: number, frames: number): void {
  const last = parts.at(-1)
  if (!last || !samePlace(last.place, place)) {
    parts.push({ place, first: episode, episodes: 1, frames, bytes: 0 })
  } else {
    parts[parts.length - 1] = {
      ...{ ...last, episodes: last.episodes + 1, frames: last.frames + frames },
    }
  }
}

function checkCounts(state: DatasetState, info: DatasetInfo): void {
  const episodes = state.starts.length - 1
  if (episodes !== info.episodes) throw gap('meta/episodes', `${info.episodes} rows`, episodes)
  const frames = state.starts.at(-1)!
  if (frames !== info.frames) throw gap('meta/episodes', `${info.frames} frames`, frames)
}

/**
 * Looks at every file: that it is there, and how large it is. A thousand row groups make a footer that
 * takes a tenth of a second to read: others have their turn after each.
 */
async function withSizes(root: string, state: DatasetState): Promise<DatasetState> {
  const sized = (part: Part, path: string): Part => {
    if (!existsSync(join(root, path))) throw gap(path, 'a file', 'none')
    return { ...part, bytes: statSync(join(root, path)).size }
  }
  const data: Part[] = []
  for (const part of state.data) {
    const path = dataPath(part.place)
    data.push(sized(part, path))
    const rows = Number(readFooter(join(root, path)).num_rows)
    if (rows !== part.frames) throw gap(path, `${part.frames} rows`, rows)
    await systemClock.turn()
  }
  const videos = Object.entries(state.videos).map(([key, parts]) => [
    key,
    parts.map(part => sized(part, videoPath(key, part.place))),
  ])
  return { ...state, data, videos: Object.fromEntries(videos) }
}

/** Removes files that no episode is in. */
function dropStrays(root: string, state: DatasetState, beforeStep: BeforeStep): void {
  const known = new Set(filesOf(state))
  for (const top of ['data', 'meta/episodes', 'videos']) {
    if (!existsSync(join(root, top))) continue
    for (const name of readdirSync(join(root, top), { recursive: true, encoding: 'utf8' })) {
      const path = `${top}/${name}`
      if (known.has(path) || statSync(join(root, path)).isDirectory()) continue
      beforeStep(`drop ${path}`)
      rmSync(join(root, path))
    }
  }
}

/** All files of rows, videos and episodes. */
export const filesOf = ({ data, table, videos }: DatasetState): string[] => [
  ...data.map(part => dataPath(part.place)),
  ...table.map(part => episodesPath(part.place)),
  ...Object.entries(videos).flatMap(([key, parts]) =>
    parts.map(part => videoPath(key, part.place)),
  ),
]

const gap = (where: string, expected: unknown, found: unknown): RollcastError =>
  new RollcastError(
    'BAD_INPUT',
    `${where}: expected ${expected}, found ${found}: something is missing`,
  )
