// The files of the episode table. A row says where the episode's rows and videos are, so that all
// rows from the first episode on whose files moved are written again.
import { join } from 'node:path'
import { MIB } from '../../base/bytes.ts'
import type { Workshop } from './commit.ts'
import {
  type EpisodeRow,
  encodeEpisodeRows,
  episodeSchema,
  readEpisodeRows,
  type UnplacedEpisode,
  type VideoSpan,
} from './episode-table.ts'
import { featureWidth, hasStatistics, videoKeys } from './features.ts'
import { episodesPath } from './layout.ts'
import { writeTable } from './parquet-write.ts'
import {
  emptiedPlaces,
  type FileRules,
  type Joining,
  type Part,
  partOf,
  planFiles,
  type Size,
} from './rollover.ts'
import type { DatasetState } from './state.ts'
import { valueNames } from './statistics.ts'

/** Rows of a file are in memory together while it is written. */
const ROWS_BYTES_MAX = 32 * MIB

/**
 * Rows of small files, which each commit joins with what is new, as they were written: to read them
 * again takes longer than all else, and leaves hundreds of megabytes of garbage a minute. Files double
 * in size, so these are a few.
 */
const writtenRows = new WeakMap<Part, readonly UnplacedEpisode[]>()
const ROWS_KEPT_MAX = 256

const unit: Size = { episodes: 1, frames: 0, bytes: 0 }

/**
 * Stages the table of `after`, which is `before` with the episodes `added`, or with other files.
 * Undefined when nothing changed.
 */
export async function stageEpisodeTable(
  before: DatasetState,
  after: DatasetState,
  added: readonly UnplacedEpisode[],
  { root, commit }: Workshop,
  joining: Joining,
): Promise<Part[] | undefined> {
  const rules = tableRules(after)
  const moved = firstMoved(before, after)
  const still = before.table.filter(part => part.first + part.episodes <= moved)
  const rows = before.table.slice(still.length).reduce((sum, part) => sum + part.episodes, 0)
  const units = Array<Size>(rows + added.length).fill(unit)
  const plan = planFiles(still, units, rules, { joining })
  if (plan.files.length === 0) return undefined
  const schema = episodeSchema(after.features)
  const source = allRows(root, before, plan.kept.length, added)
  const files: Part[] = []
  for (const { place, first, episodes } of plan.files) {
    const path = commit.stage(episodesPath(place))
    const placed: EpisodeRow[] = []
    for (let episode = first; episode < first + episodes; episode++) {
      const { value } = await source.next()
      placed.push({ ...value!, ...placesOf(after, episode), episode, table: place })
    }
    writeTable(path, schema, {}, await encodeEpisodeRows(after.features, schema, placed))
    const part: Part = { place, first, episodes, frames: 0, bytes: 0 }
    files.push(part)
    if (episodes <= ROWS_KEPT_MAX) writtenRows.set(part, placed)
  }
  const table = [...plan.kept, ...files]
  for (const place of emptiedPlaces(before.table, table)) commit.remove(episodesPath(place))
  return table
}

/** Rows of the files from `kept` on, and then the new ones. */
async function* allRows(
  root: string,
  { table, features }: DatasetState,
  kept: number,
  added: readonly UnplacedEpisode[],
): AsyncGenerator<UnplacedEpisode, undefined> {
  for (const part of table.slice(kept)) {
    const path = join(root, episodesPath(part.place))
    yield* writtenRows.get(part) ?? readEpisodeRows(path, features)
  }
  yield* added
  return undefined
}

function tableRules({ limits, features }: DatasetState): FileRules {
  const numbers = Object.values(features)
    .filter(hasStatistics)
    .reduce((sum, feature) => sum + featureWidth(feature) * valueNames.length, 0)
  const most = Math.max(1, Math.floor(ROWS_BYTES_MAX / (8 * numbers)))
  return {
    fits: ({ episodes }) => episodes <= Math.min(limits.fileEpisodes, most),
    cost: size => size.episodes,
    chunkFiles: limits.chunkFiles,
  }
}

/** The first episode that is not where it was; Infinity when all are. */
function firstMoved(before: DatasetState, after: DatasetState): number {
  const kinds = videoKeys(after.features).map(key => [before.videos[key], after.videos[key]])
  const firsts = [[before.data, after.data], ...kinds].map(([old, fresh]) => {
    const same = new Set(old)
    return fresh?.find(part => !same.has(part))?.first ?? Number.POSITIVE_INFINITY
  })
  return Math.min(...firsts)
}

/** Where the files of `episode` are. */
function placesOf(
  { data, videos, starts, fps, features }: DatasetState,
  episode: number,
): Pick<EpisodeRow, 'data' | 'videos'> {
  const spans = videoKeys(features).map((key): [string, VideoSpan] => {
    const { place, first } = partOf(videos[key]!, episode)
    // One division each: nothing adds up over a file, and an episode begins where one ended.
    const fromSeconds = (starts[episode]! - starts[first]!) / fps
    const toSeconds = (starts[episode + 1]! - starts[first]!) / fps
    return [key, { place, fromSeconds, toSeconds }]
  })
  return { data: partOf(data, episode).place, videos: Object.fromEntries(spans) }
}
