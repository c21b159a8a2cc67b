// The conformance checks of the tables of rows.
import { join } from 'node:path'
import type { FileMetaData, SchemaElement } from 'hyparquet'
import { describeError } from '../../base/errors.ts'
import { dataSchema, tableFeatures } from './data-table.ts'
import { type Feature, isPicture } from './features.ts'
import type { Findings } from './findings.ts'
import type { DatasetInfo } from './info.ts'
import { readFooter, readRows, type TableRow } from './parquet-read.ts'

/** How far the files before have come; moved on by each. */
export interface RowCounts {
  rows: number
  episodes: number
}

/**
 * Checks the file `path` of the dataset in `root`, whose rows go on from `counts`; gives the lengths
 * of its row groups, or undefined when it is not to be read.
 */
export async function checkDataFile(
  root: string,
  path: string,
  info: DatasetInfo,
  counts: RowCounts,
  findings: Findings,
): Promise<number[] | undefined> {
  const file = join(root, path)
  let metadata: FileMetaData
  try {
    metadata = readFooter(file)
  } catch (error) {
    findings.add('16.1', path, describeError(error))
    return undefined
  }
  const wanted = namesOf(dataSchema(info.features))
  const sameColumns = findings.same('16.2', path, 'columns', wanted, namesOf(metadata.schema))
  let from = 0
  for (const [number, group] of metadata.row_groups.entries()) {
    const to = from + Number(group.num_rows)
    try {
      const rows = await readRows(file, { from, to, metadata })
      if (sameColumns) checkValues(path, rows, info, findings)
      checkNumbers(path, number, rows, info, counts, findings)
    } catch (error) {
      findings.add('16.1', path, `row group ${number}: ${describeError(error)}`)
    }
    from = to
  }
  return metadata.row_groups.map(group => Number(group.num_rows))
}

/** Columns with the types of their leaves, in an order that does not matter to the reader. */
function namesOf(schema: readonly SchemaElement[]): string {
  const names: string[] = []
  let column = ''
  let inside = 0
  for (const element of schema.slice(1)) {
    if (inside === 0) column = element.name
    else inside--
    inside += element.num_children ?? 0
    if (element.type) names.push(`${column} ${element.type}`)
  }
  return names.sort().join(', ')
}

/** Of a scalar `[1]`: a list of one number is none. */
const isScalar = ({ shape }: Feature): boolean => shape.length === 1 && shape[0] === 1

/** Nothing is missing, and lists have their lengths. */
function checkValues(
  path: string,
  rows: readonly TableRow[],
  { features }: DatasetInfo,
  findings: Findings,
): void {
  for (const [name, feature] of tableFeatures(features)) {
    const isList = !isPicture(feature) && !isScalar(feature)
    for (const row of rows) {
      const value = row[name]
      const where = `${name} in row ${String(row['index'])}`
      if (value === null || value === undefined) findings.add('16.2', path, `${where} is missing`)
      else if (isList) checkList(path, where, feature.shape, value, findings)
    }
  }
}

/** Of several dimensions it is a list of lists. */
function checkList(
  path: string,
  where: string,
  [length, ...inner]: readonly number[],
  value: unknown,
  findings: Findings,
): void {
  const list = Array.from(value as ArrayLike<unknown>)
  findings.same('16.2', path, `length of ${where}`, length, list.length)
  if (list.includes(null)) findings.add('16.2', path, `${where} has a gap`)
  else if (inner.length > 0) {
    for (const each of list) checkList(path, where, inner, each, findings)
  }
}

/** The rows of a row group are the next episode. */
function checkNumbers(
  path: string,
  group: number,
  rows: readonly TableRow[],
  info: DatasetInfo,
  counts: RowCounts,
  findings: Findings,
): void {
  const episode = counts.episodes++
  for (const [frame, row] of rows.entries()) {
    const at = counts.rows++
    const number = (name: string): number => Number(row[name])
    const told = (name: string): string => `${name} of row ${at}`
    const of = `${told('episode_index')}, row group ${group}`
    findings.same('16.2', path, of, episode, number('episode_index'))
    findings.same('16.3', path, told('index'), at, number('index'))
    findings.same('16.3', path, told('frame_index'), frame, number('frame_index'))
    const seconds = Math.fround(frame / info.fps)
    findings.same('16.3', path, told('timestamp'), seconds, number('timestamp'))
    const task = number('task_index')
    if (!(task >= 0 && task < info.tasks))
      findings.add('16.5', path, `${told('task_index')}: ${task}`)
  }
}
