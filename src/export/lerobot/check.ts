// Whether a directory is a dataset that LeRobot can train from, by the conformance checks of the
// format. Reads everything and changes nothing; takes datasets of other writers too.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeError } from '../../base/errors.ts'
import { checkDataFile, type RowCounts } from './check-rows.ts'
import { checkVideos } from './check-videos.ts'
import { isInterrupted } from './commit.ts'
import { type EpisodeRow, nestStatistic, readEpisodeRows } from './episode-table.ts'
import { hasStatistics, videoKeys } from './features.ts'
import { type CheckId, type Finding, Findings } from './findings.ts'
import { type DatasetInfo, parseInfo } from './info.ts'
import { dataPath, INFO_PATH, STATS_PATH, TASKS_PATH, videoPath } from './layout.ts'
import { readFooter } from './parquet-read.ts'
import { aggregateStatistics, type FeatureStatistics, valueNames } from './statistics.ts'
import { readTasks } from './task-table.ts'
import type { VideoTool } from './video.ts'

export interface CheckReport {
  readonly findings: readonly Finding[]
  /** Checks that were left out for want of a tool that can look into videos. */
  readonly unchecked: readonly CheckId[]
  readonly episodes: number
  readonly frames: number
}

/** Checks the dataset in `root`; `tool` looks into its videos. */
export async function checkDataset(root: string, tool?: VideoTool): Promise<CheckReport> {
  const findings = new Findings()
  const info = checkInfo(root, findings)
  if (!info) return { findings: findings.list, unchecked: [], episodes: 0, frames: 0 }
  const { episodes, frames, features } = info
  if (isInterrupted(root)) {
    findings.add('13', '.', 'a change is half done; opening the dataset for writing finishes it')
  }
  await checkTasks(root, info, findings)
  const rows = await checkEpisodes(root, info, findings)
  await checkData(root, info, rows, findings)
  checkStatistics(root, info, rows, findings)
  // A table that cannot be read says nothing of its files.
  if (rows.length === episodes) checkStrays(root, rows, findings)
  const unchecked: CheckId[] = []
  if (videoKeys(features).length > 0) {
    if (!tool) unchecked.push('16.7', '16.8', '16.9')
    await checkVideos(root, info, rows, tool, findings)
  }
  return { findings: findings.list, unchecked, episodes, frames }
}

function checkInfo(root: string, findings: Findings): DatasetInfo | undefined {
  try {
    return parseInfo(readFileSync(join(root, INFO_PATH), 'utf8'))
  } catch (error) {
    findings.add('12.1', INFO_PATH, describeError(error))
    return undefined
  }
}

async function checkTasks(root: string, info: DatasetInfo, findings: Findings): Promise<void> {
  if (info.tasks === 0) return
  try {
    const { key_value_metadata: pairs = [] } = readFooter(join(root, TASKS_PATH))
    const pandas = pairs.find(({ key }) => key === 'pandas')?.value ?? '{}'
    const { index_columns: index } = JSON.parse(pandas) as { index_columns?: unknown }
    findings.same('16.5', TASKS_PATH, 'index of pandas', '["task"]', JSON.stringify(index))
    const tasks = await readTasks(join(root, TASKS_PATH))
    findings.same('16.5', TASKS_PATH, 'tasks', info.tasks, tasks.length)
    findings.same('16.5', TASKS_PATH, 'different tasks', tasks.length, new Set(tasks).size)
  } catch (error) {
    findings.add('16.5', TASKS_PATH, describeError(error))
  }
}

/** Tables below `top`, in the order in which the reader takes them. */
function tablesBelow(root: string, top: string): string[] {
  if (!existsSync(join(root, top))) return []
  return readdirSync(join(root, top), { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .flatMap(({ name }) => readdirSync(join(root, top, name)).map(file => `${top}/${name}/${file}`))
    .filter(path => path.endsWith('.parquet'))
    .sort()
}

async function checkEpisodes(
  root: string,
  info: DatasetInfo,
  findings: Findings,
): Promise<EpisodeRow[]> {
  const rows: EpisodeRow[] = []
  for (const path of tablesBelow(root, 'meta/episodes')) {
    try {
      readFooter(join(root, path))
    } catch (error) {
      findings.add('16.1', path, describeError(error))
      continue
    }
    try {
      for await (const row of readEpisodeRows(join(root, path), info.features)) rows.push(row)
    } catch (error) {
      findings.add('16.4', path, describeError(error))
    }
  }
  let start = 0
  for (const [at, row] of rows.entries()) {
    findings.same('16.4', 'meta/episodes', `episode of row ${at}`, at, row.episode)
    findings.same('16.4', 'meta/episodes', `first index of episode ${at}`, start, row.fromIndex)
    start += row.length
    const files = [dataPath(row.data)]
    for (const [key, span] of Object.entries(row.videos)) files.push(videoPath(key, span.place))
    for (const path of files) {
      if (!existsSync(join(root, path))) findings.add('16.4', path, `episode ${at} is in no file`)
    }
  }
  findings.same('16.4', INFO_PATH, 'total_episodes', rows.length, info.episodes)
  findings.same('16.4', INFO_PATH, 'total_frames', start, info.frames)
  return rows
}

async function checkData(
  root: string,
  info: DatasetInfo,
  episodes: readonly EpisodeRow[],
  findings: Findings,
): Promise<void> {
  const counts: RowCounts = { rows: 0, episodes: 0 }
  for (const path of tablesBelow(root, 'data')) {
    const first = counts.episodes
    const lengths = await checkDataFile(root, path, info, counts, findings)
    if (!lengths) {
      // The files behind it are not wrong because of it.
      const lost = episodes.filter(row => dataPath(row.data) === path)
      counts.episodes += lost.length
      for (const { length } of lost) counts.rows += length
      continue
    }
    for (const [at, length] of lengths.entries()) {
      const row = episodes[first + at]
      if (!row) continue
      findings.same('16.4', path, `length of episode ${row.episode}`, row.length, length)
      findings.same('16.4', path, `file of episode ${row.episode}`, dataPath(row.data), path)
    }
  }
  findings.same('16.3', 'data', 'rows', info.frames, counts.rows)
}

function checkStatistics(
  root: string,
  info: DatasetInfo,
  rows: readonly EpisodeRow[],
  findings: Findings,
): void {
  if (rows.length === 0) return
  const found = readStatistics(root, findings)
  if (!found) return
  for (const [name, feature] of Object.entries(info.features)) {
    if (!hasStatistics(feature)) continue
    let total: FeatureStatistics | undefined
    for (const { statistics } of rows) total = aggregateStatistics(total, statistics[name]!)
    const entry = found[name] ?? {}
    for (const each of valueNames) {
      const wanted = nestStatistic(feature, total![each])
      if (isClose(wanted, entry[each])) continue
      const difference = `expected ${JSON.stringify(wanted)}, found ${JSON.stringify(entry[each])}`
      findings.add('16.6', STATS_PATH, `${name}, ${each}: ${difference}`)
    }
    const count = JSON.stringify(entry['count'])
    findings.same('16.6', STATS_PATH, `${name}, count`, JSON.stringify([total!.count]), count)
  }
}

type Statistics = Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>

function readStatistics(root: string, findings: Findings): Statistics | undefined {
  try {
    return JSON.parse(readFileSync(join(root, STATS_PATH), 'utf8')) as Statistics
  } catch (error) {
    findings.add('16.6', STATS_PATH, describeError(error))
    return undefined
  }
}

/** The same shape, and numbers that differ by rounding only. */
function isClose(wanted: unknown, found: unknown): boolean {
  if (Array.isArray(wanted)) {
    if (!Array.isArray(found) || found.length !== wanted.length) return false
    return wanted.every((each, at) => isClose(each, found[at]))
  }
  const [a, b] = [Number(wanted), found]
  return typeof b === 'number' && Math.abs(a - b) <= 1e-9 + 1e-9 * Math.abs(a)
}

/** Videos that no episode names; tables would have been read and counted. */
function checkStrays(root: string, rows: readonly EpisodeRow[], findings: Findings): void {
  const top = join(root, 'videos')
  if (!existsSync(top)) return
  const known = new Set(
    rows.flatMap(row =>
      Object.entries(row.videos).map(([key, span]) => videoPath(key, span.place)),
    ),
  )
  for (const name of readdirSync(top, { recursive: true, encoding: 'utf8' })) {
    const path = `videos/${name}`
    if (!path.endsWith('.mp4') || known.has(path)) continue
    findings.add('13', path, 'no episode is in this file')
  }
}
