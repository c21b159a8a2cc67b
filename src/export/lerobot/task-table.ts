// `meta/tasks.parquet`: row i holds the text of task i. It is opened with pandas, which must be told
// that the text is the index of the table.
import { RollcastError } from '../../base/errors.ts'
import { readRows } from './parquet-read.ts'
import { scalarColumn, tableSchema, textType } from './parquet-schema.ts'
import { encodeRowGroup, writeTable } from './parquet-write.ts'

const column = (name: string, type: string, numpy: string): unknown => ({
  ...{ name, field_name: name, pandas_type: type, numpy_type: numpy, metadata: null },
})

const pandas = {
  index_columns: ['task'],
  column_indexes: [
    {
      ...{ name: null, field_name: null, pandas_type: 'unicode', numpy_type: 'object' },
      metadata: { encoding: 'UTF-8' },
    },
  ],
  columns: [column('task_index', 'int64', 'int64'), column('task', 'unicode', 'object')],
  creator: { library: 'rollcast', version: '1' },
  pandas_version: '2.2.3',
}

export function writeTasks(path: string, tasks: readonly string[]): void {
  const schema = tableSchema([
    scalarColumn('task_index', { type: 'INT64' }),
    scalarColumn('task', textType),
  ])
  const rows = encodeRowGroup(schema, [
    { name: 'task_index', data: tasks.map((_, at) => BigInt(at)) },
    { name: 'task', data: [...tasks] },
  ])
  writeTable(path, schema, { pandas: JSON.stringify(pandas) }, [rows])
}

/** The tasks in order. BAD_INPUT when row i does not hold task i. */
export async function readTasks(path: string): Promise<string[]> {
  const rows = await readRows(path)
  return rows.map(({ task_index: index, task }, at) => {
    if (index === BigInt(at) && typeof task === 'string') return task
    throw new RollcastError(
      'BAD_INPUT',
      `${path}, row ${at}: expected the text of task ${at}, found task ${String(index)}`,
    )
  })
}
