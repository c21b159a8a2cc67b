// What a commit writes: new files of rows, videos and episodes, made of earlier ones and of new
// episodes, and the state that the dataset has when they are in place. Staged in the order in which
// a reader may meet them: videos, rows, tasks, episodes, statistics, and info.json last.
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MIB } from '../../base/bytes.ts'
import { systemClock } from '../../base/clock.ts'
import { type StoredColumn, storeColumn } from './columns.ts'
import type { Workshop } from './commit.ts'
import { dataMetadata, dataSchema, encodeEpisode } from './data-table.ts'
import { stageEpisodeTable } from './episode-files.ts'
import type { UnplacedEpisode } from './episode-table.ts'
import { bookkeeping, videoKeys } from './features.ts'
import { infoText } from './info.ts'
import { dataPath, INFO_PATH, STATS_PATH, TASKS_PATH } from './layout.ts'
import { type EncodedGroups, estimateBytes, groupsOfFile, writeTable } from './parquet-write.ts'
import type { PreparedEpisode } from './prepare.ts'
import {
  emptiedPlaces,
  type FileRules,
  type Joining,
  type Part,
  planFiles,
  type Size,
} from './rollover.ts'
import type { DatasetState } from './state.ts'
import { aggregateStatistics, type FeatureStatistics } from './statistics.ts'
import { statsText } from './stats.ts'
import { writeTasks } from './task-table.ts'
import { stageVideos } from './video-files.ts'

interface RowsUnit extends Size {
  readonly encoded: EncodedGroups
}

/**
 * Stages the files that add `episodes` (without any: that join earlier ones), and gives the state
 * behind them; undefined when there is nothing to do.
 */
export async function stageChange(
  state: DatasetState,
  episodes: readonly PreparedEpisode[],
  shop: Workshop,
  joining: Joining,
): Promise<DatasetState | undefined> {
  const features = episodes.at(-1)?.features ?? state.features
  const tasks = withNewTasks(state.tasks, episodes)
  const { added, units, starts, totals } = await encodeEpisodes(state, episodes, tasks)
  const videos: Record<string, readonly Part[]> = {}
  for (const key of videoKeys(features)) {
    videos[key] = await stageVideos(key, state, episodes, shop, joining)
  }
  const data = await stageRows(state, units, shop, joining)
  const next: DatasetState = { ...state, features, tasks, starts, totals, videos, data }
  if (tasks.length > state.tasks.length) writeTasks(shop.commit.stage(TASKS_PATH), tasks)
  const table = await stageEpisodeTable(state, next, added, shop, joining)
  if (!table) return undefined
  const whole = { ...next, table }
  writeFileSync(shop.commit.stage(STATS_PATH), statsText(whole))
  writeFileSync(shop.commit.stage(INFO_PATH), infoText(whole))
  return whole
}

function withNewTasks(
  tasks: readonly string[],
  episodes: readonly PreparedEpisode[],
): readonly string[] {
  const all = new Set(tasks)
  for (const episode of episodes) for (const task of episode.tasks) all.add(task)
  return [...all]
}

async function encodeEpisodes(
  state: DatasetState,
  episodes: readonly PreparedEpisode[],
  tasks: readonly string[],
) {
  const schema = dataSchema(state.features)
  const taskIndices = new Map(tasks.map((task, index) => [task, index]))
  const starts = [...state.starts]
  const totals: Record<string, FeatureStatistics> = { ...state.totals }
  const added: UnplacedEpisode[] = []
  const units: RowsUnit[] = []
  for (const episode of episodes) {
    const { length, columns: own } = episode
    const fromIndex = starts.at(-1)!
    const number = starts.length - 1
    const columns = new Map([
      ...own,
      ...bookkeepingColumns(episode, state.fps, fromIndex, number, taskIndices),
    ])
    const encoded = encodeEpisode(state.features, schema, columns)
    units.push({ episodes: 1, frames: length, bytes: estimateBytes(schema, encoded), encoded })
    const statistics = statisticsOf(episode, columns)
    for (const [name, each] of Object.entries(statistics)) {
      totals[name] = aggregateStatistics(totals[name], each)
    }
    added.push({ length, fromIndex, tasks: [...new Set(episode.tasks)], statistics })
    starts.push(fromIndex + length)
    // Each holds up the thread for as long as it is: others have their turn between two of them.
    await systemClock.turn()
  }
  return { added, units, starts, totals }
}

/** Values of `bookkeeping` for all rows of an episode. */
function bookkeepingColumns(
  { tasks, length }: PreparedEpisode,
  fps: number,
  fromIndex: number,
  episode: number,
  taskIndices: ReadonlyMap<string, number>,
): [string, StoredColumn][] {
  const values: Record<keyof typeof bookkeeping, number[]> = {
    timestamp: Array.from({ length }, (_, frame) => frame / fps),
    frame_index: Array.from({ length }, (_, frame) => frame),
    episode_index: Array.from({ length }, () => episode),
    index: Array.from({ length }, (_, frame) => fromIndex + frame),
    task_index: tasks.map(task => taskIndices.get(task)!),
  }
  return Object.entries(bookkeeping).map(([name, feature]) => [
    name,
    storeColumn(name, feature, values[name as keyof typeof bookkeeping], length),
  ])
}

function statisticsOf(
  { pictureStatistics, features }: PreparedEpisode,
  columns: ReadonlyMap<string, StoredColumn>,
): Record<string, FeatureStatistics> {
  const statistics: Record<string, FeatureStatistics> = {}
  for (const name of Object.keys(features)) {
    const each = pictureStatistics[name] ?? columns.get(name)?.statistics
    if (each) statistics[name] = each
  }
  return statistics
}

async function stageRows(
  state: DatasetState,
  units: readonly RowsUnit[],
  { root, commit }: Workshop,
  joining: Joining,
): Promise<Part[]> {
  const { limits, features } = state
  const rules: FileRules = {
    fits: ({ bytes, episodes }) =>
      bytes < limits.dataMebibytes * MIB && episodes <= limits.fileEpisodes,
    cost: size => size.bytes,
    chunkFiles: limits.chunkFiles,
  }
  const plan = planFiles(state.data, units, rules, { joining })
  const files: Part[] = []
  for (const { place, first, episodes, frames, parts, units: fresh } of plan.files) {
    const path = commit.stage(dataPath(place))
    const pieces: EncodedGroups[] = []
    for (const part of parts) {
      pieces.push(groupsOfFile(join(root, dataPath(part.place))))
      await systemClock.turn()
    }
    pieces.push(...fresh.map(unit => unit.encoded))
    writeTable(path, dataSchema(features), dataMetadata(features), pieces)
    files.push({ place, first, episodes, frames, bytes: statSync(path).size })
    await systemClock.turn()
  }
  const after = [...plan.kept, ...files]
  for (const place of emptiedPlaces(state.data, after)) commit.remove(dataPath(place))
  return after
}
