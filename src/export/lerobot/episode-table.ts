// The table of episodes: `meta/episodes/chunk-*/file-*.parquet`. Row k is episode k: where its rows
// and videos are, and its statistics. Column names hold `/`; they are no groups.
import type { FileMetaData, SchemaElement } from 'hyparquet'
import type { ColumnSource } from 'hyparquet-writer'
import { RollcastError } from '../../base/errors.ts'
import {
  type Feature,
  type Features,
  featureWidth,
  hasStatistics,
  isPicture,
  videoKeys,
} from './features.ts'
import type { Place } from './layout.ts'
import { readRows, type TableRow } from './parquet-read.ts'
import {
  type ColumnSchema,
  listColumn,
  scalarColumn,
  tableSchema,
  textType,
} from './parquet-schema.ts'
import { type EncodedGroups, encodeRowGroup } from './parquet-write.ts'
import { type FeatureStatistics, valueNames } from './statistics.ts'

/** Where in which file an episode's video is, in seconds, half-open. */
export interface VideoSpan {
  readonly place: Place
  readonly fromSeconds: number
  readonly toSeconds: number
}

/** One episode. */
export interface EpisodeRow {
  readonly episode: number
  /** The different tasks of its rows. */
  readonly tasks: readonly string[]
  readonly length: number
  /** `index` of its first row. */
  readonly fromIndex: number
  readonly data: Place
  /** By video key. */
  readonly videos: Readonly<Record<string, VideoSpan>>
  /** By feature. */
  readonly statistics: Readonly<Record<string, FeatureStatistics>>
  /** The file of the table that this row is in. */
  readonly table: Place
}

/** An episode but for where its files are. */
export type UnplacedEpisode = Omit<EpisodeRow, 'episode' | 'data' | 'videos' | 'table'>

/** A column with how it is got out of a row and read back. */
interface EpisodeColumn {
  readonly schema: ColumnSchema
  of(row: EpisodeRow): unknown
}

const int64 = (name: string, of: (row: EpisodeRow) => number): EpisodeColumn => ({
  schema: scalarColumn(name, { type: 'INT64' }),
  of: row => BigInt(of(row)),
})

const seconds = (name: string, of: (row: EpisodeRow) => number): EpisodeColumn => ({
  schema: scalarColumn(name, { type: 'DOUBLE' }),
  of,
})

const place = (prefix: string, of: (row: EpisodeRow) => Place): EpisodeColumn[] => [
  int64(`${prefix}/chunk_index`, row => of(row).chunk),
  int64(`${prefix}/file_index`, row => of(row).file),
]

function columnsOf(features: Features): EpisodeColumn[] {
  const withStatistics = Object.entries(features).filter(([, each]) => hasStatistics(each))
  return [
    int64('episode_index', row => row.episode),
    { schema: listColumn('tasks', textType), of: row => [...row.tasks] },
    int64('length', row => row.length),
    ...place('data', row => row.data),
    int64('dataset_from_index', row => row.fromIndex),
    int64('dataset_to_index', row => row.fromIndex + row.length),
    ...videoKeys(features).flatMap(key => [
      ...place(`videos/${key}`, row => row.videos[key]!.place),
      seconds(`videos/${key}/from_timestamp`, row => row.videos[key]!.fromSeconds),
      seconds(`videos/${key}/to_timestamp`, row => row.videos[key]!.toSeconds),
    ]),
    ...withStatistics.flatMap(([name, feature]) => statisticsColumns(name, feature)),
    ...place('meta/episodes', row => row.table),
  ]
}

function statisticsColumns(name: string, feature: Feature): EpisodeColumn[] {
  const values = valueNames.map(
    (each): EpisodeColumn => ({
      schema: listColumn(`stats/${name}/${each}`, { type: 'DOUBLE' }, isPicture(feature) ? 3 : 1),
      of: row => nestStatistic(feature, row.statistics[name]![each]),
    }),
  )
  const count: EpisodeColumn = {
    schema: listColumn(`stats/${name}/count`, { type: 'INT64' }),
    of: row => [BigInt(row.statistics[name]!.count)],
  }
  return [...values.slice(0, 4), count, ...values.slice(4)]
}

/** A statistic in the shape of the format: of pictures `[[[r]], [[g]], [[b]]]`. */
export const nestStatistic = (feature: Feature, values: readonly number[]): unknown[] =>
  isPicture(feature) ? values.map(value => [[value]]) : [...values]

export const episodeSchema = (features: Features): SchemaElement[] =>
  tableSchema(columnsOf(features).map(column => column.schema))

export function encodeEpisodeRows(
  features: Features,
  schema: SchemaElement[],
  rows: readonly EpisodeRow[],
): EncodedGroups {
  const columns = columnsOf(features).map(({ schema: { name }, of }): ColumnSource => {
    // Nobody looks for an episode by the bounds of its statistics.
    return { name, data: rows.map(of), statistics: !name.startsWith('stats/') }
  })
  return encodeRowGroup(schema, columns)
}

/** All rows of a file. BAD_INPUT when a column is missing or holds something else. */
export async function readEpisodeRows(
  path: string,
  features: Features,
  metadata?: FileMetaData,
): Promise<EpisodeRow[]> {
  const rows = await readRows(path, metadata ? { metadata } : {})
  return rows.map((row, at) => {
    try {
      return decodeRow(row, features)
    } catch (error) {
      if (!(error instanceof RollcastError)) throw error
      throw new RollcastError('BAD_INPUT', `${path}, row ${at}: ${error.message}`)
    }
  })
}

function decodeRow(row: TableRow, features: Features): EpisodeRow {
  const placeOf = (prefix: string): Place => ({
    chunk: integer(row, `${prefix}/chunk_index`),
    file: integer(row, `${prefix}/file_index`),
  })
  const videos = videoKeys(features).map((key): [string, VideoSpan] => {
    const fromSeconds = number(row, `videos/${key}/from_timestamp`)
    const toSeconds = number(row, `videos/${key}/to_timestamp`)
    return [key, { place: placeOf(`videos/${key}`), fromSeconds, toSeconds }]
  })
  const withStatistics = Object.entries(features).filter(([, each]) => hasStatistics(each))
  const statistics = withStatistics.map(([name, feature]): [string, FeatureStatistics] => {
    const values = valueNames.map(each => [each, numbers(row, `stats/${name}/${each}`, feature)])
    const count = numbers(row, `stats/${name}/count`, { ...feature, shape: [1], dtype: 'int64' })
    return [name, { ...Object.fromEntries(values), count: count[0]! } as FeatureStatistics]
  })
  const fromIndex = integer(row, 'dataset_from_index')
  const length = integer(row, 'length')
  const toIndex = integer(row, 'dataset_to_index')
  if (toIndex !== fromIndex + length) throw bad('dataset_to_index', fromIndex + length, toIndex)
  return {
    ...{ episode: integer(row, 'episode_index'), tasks: texts(row, 'tasks'), length, fromIndex },
    ...{ data: placeOf('data'), videos: Object.fromEntries(videos) },
    ...{ statistics: Object.fromEntries(statistics), table: placeOf('meta/episodes') },
  }
}

function integer(row: TableRow, name: string): number {
  const value = row[name]
  if (typeof value !== 'bigint' || value < 0n) throw bad(name, 'an integer from 0 on', value)
  return Number(value)
}

function number(row: TableRow, name: string): number {
  const value = row[name]
  if (typeof value !== 'number') throw bad(name, 'a number', value)
  return value
}

function texts(row: TableRow, name: string): string[] {
  const value = row[name]
  if (Array.isArray(value) && value.every(each => typeof each === 'string')) return value
  throw bad(name, 'a list of texts', value)
}

function numbers(row: TableRow, name: string, feature: Feature): number[] {
  const value = row[name]
  const flat = Array.from(Array.isArray(value) || ArrayBuffer.isView(value) ? flatten(value) : [])
  if (flat.length === featureWidth(feature) && flat.every(Number.isFinite)) return flat
  throw bad(name, `${featureWidth(feature)} finite numbers`, flat.length === 0 ? value : flat)
}

const flatten = (value: unknown): number[] =>
  (Array.from(value as Iterable<unknown>) as unknown[][]).flat(3).map(Number)

const bad = (name: string, expected: unknown, found: unknown): RollcastError =>
  new RollcastError('BAD_INPUT', `${name}: expected ${String(expected)}, found ${String(found)}`)
