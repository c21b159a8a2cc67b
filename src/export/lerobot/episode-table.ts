// The table of episodes: `meta/episodes/chunk-*/file-*.parquet`. Row k is episode k: where its rows
// and videos are, and its statistics. Column names hold `/`; they are no groups.
import type { SchemaElement } from 'hyparquet'
import type { ColumnSource } from 'hyparquet-writer'
import { systemClock } from '../../base/clock.ts'
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
import { readFooter, readRows, type TableRow } from './parquet-read.ts'
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

/** Where an episode is, and how long: a tenth of its row's columns. */
export type EpisodePlaces = Omit<EpisodeRow, 'tasks' | 'statistics'>

/**
 * Rows of a row group. They hold up the thread while they are read or written, one behind the other;
 * in between it hears what others say.
 */
const GROUP_ROWS = 50

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

/** A statistic in the shape of the format: of pictures `[[[r]], [[g]], [[b]]]`, else the feature's. */
export const nestStatistic = (feature: Feature, values: readonly number[]): unknown[] =>
  isPicture(feature) ? values.map(value => [[value]]) : nestBy(feature.shape, values)

/** Other writers do not flatten what has several dimensions. */
function nestBy([side = 1, ...inner]: readonly number[], values: readonly number[]): unknown[] {
  if (inner.length === 0) return [...values]
  const length = values.length / side
  return Array.from({ length: side }, (_, at) =>
    nestBy(inner, values.slice(at * length, (at + 1) * length)),
  )
}

export const episodeSchema = (features: Features): SchemaElement[] =>
  tableSchema(columnsOf(features).map(column => column.schema))

/** Row groups of `rows`, which are in memory as they will be in the file. */
export async function encodeEpisodeRows(
  features: Features,
  schema: SchemaElement[],
  rows: readonly EpisodeRow[],
): Promise<EncodedGroups[]> {
  const columns = columnsOf(features)
  const encoded: EncodedGroups[] = []
  for (let at = 0; at < rows.length; at += GROUP_ROWS) {
    const group = rows.slice(at, at + GROUP_ROWS)
    const sources = columns.map(({ schema: { name }, of }): ColumnSource => {
      const data = group.map(of)
      // Nobody looks for an episode by the bounds of its statistics; in a dictionary -0 would be 0.
      const isStatistic = name.startsWith('stats/')
      return isStatistic ? { name, data, statistics: false, encoding: 'PLAIN' } : { name, data }
    })
    encoded.push(encodeRowGroup(schema, sources))
    await systemClock.turn()
  }
  return encoded
}

/** The rows of a file. BAD_INPUT when a column is missing or holds something else. */
export const readEpisodeRows = (path: string, features: Features): AsyncGenerator<EpisodeRow> => {
  const withStatistics = Object.entries(features).filter(([, each]) => hasStatistics(each))
  return readGroups(path, undefined, row => ({
    ...placesOf(row, features),
    tasks: texts(row, 'tasks'),
    statistics: Object.fromEntries(
      withStatistics.map(([name, feature]) => [name, statisticsOf(row, name, feature)]),
    ),
  }))
}

/** The same without what takes long to read. */
export const readEpisodePlaces = (
  path: string,
  features: Features,
): AsyncGenerator<EpisodePlaces> => {
  const names = columnsOf(features).map(({ schema: { name } }) => name)
  const columns = names.filter(name => name !== 'tasks' && !name.startsWith('stats/'))
  return readGroups(path, columns, row => placesOf(row, features))
}

async function* readGroups<T>(
  path: string,
  columns: string[] | undefined,
  decode: (row: TableRow) => T,
): AsyncGenerator<T> {
  const metadata = readFooter(path)
  let from = 0
  for (const group of metadata.row_groups) {
    const to = from + Number(group.num_rows)
    const rows = await readRows(path, { from, to, metadata, ...(columns && { columns }) })
    for (const [at, row] of rows.entries()) {
      try {
        yield decode(row)
      } catch (error) {
        if (!(error instanceof RollcastError)) throw error
        throw new RollcastError('BAD_INPUT', `${path}, row ${from + at}: ${error.message}`)
      }
    }
    from = to
    await systemClock.turn()
  }
}

function placesOf(row: TableRow, features: Features): EpisodePlaces {
  const placeOf = (prefix: string): Place => ({
    chunk: integer(row, `${prefix}/chunk_index`),
    file: integer(row, `${prefix}/file_index`),
  })
  const videos = videoKeys(features).map((key): [string, VideoSpan] => {
    const fromSeconds = number(row, `videos/${key}/from_timestamp`)
    const toSeconds = number(row, `videos/${key}/to_timestamp`)
    return [key, { place: placeOf(`videos/${key}`), fromSeconds, toSeconds }]
  })
  const fromIndex = integer(row, 'dataset_from_index')
  const length = integer(row, 'length')
  const toIndex = integer(row, 'dataset_to_index')
  if (toIndex !== fromIndex + length) throw bad('dataset_to_index', fromIndex + length, toIndex)
  return {
    ...{ episode: integer(row, 'episode_index'), length, fromIndex, data: placeOf('data') },
    ...{ videos: Object.fromEntries(videos), table: placeOf('meta/episodes') },
  }
}

function statisticsOf(row: TableRow, name: string, feature: Feature): FeatureStatistics {
  const width = featureWidth(feature)
  const list = (each: string, length: number): number[] => {
    const column = `stats/${name}/${each}`
    const numbers = flattenStatistic(row[column], length)
    if (numbers === undefined) throw bad(column, `${length} finite numbers`, row[column])
    return numbers
  }
  const values = valueNames.map(each => [each, list(each, width)])
  return { ...Object.fromEntries(values), count: list('count', 1)[0]! } as FeatureStatistics
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

/**
 * What `nestStatistic` made, out of JSON or a table: lists of lists of numbers, or bigints for counts.
 * Undefined when that is not `length` finite numbers.
 */
export function flattenStatistic(value: unknown, length: number): number[] | undefined {
  const flat: number[] = []
  const take = (each: unknown): boolean => {
    if (Array.isArray(each) || ArrayBuffer.isView(each)) {
      return Array.prototype.every.call(each, take)
    }
    if (typeof each !== 'number' && typeof each !== 'bigint') return false
    return flat.push(Number(each)) <= length && Number.isFinite(flat.at(-1))
  }
  return take(value) && flat.length === length ? flat : undefined
}

const bad = (name: string, expected: unknown, found: unknown): RollcastError =>
  new RollcastError('BAD_INPUT', `${name}: expected ${String(expected)}, found ${String(found)}`)
