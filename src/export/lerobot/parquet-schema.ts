// Schemas of parquet tables as LeRobot writes them: every field optional, lists with three levels.
import type { SchemaElement } from 'hyparquet'

/** One leaf of a schema, before it has a name. */
export type Physical = Omit<SchemaElement, 'name' | 'repetition_type' | 'num_children'>

export const textType: Physical = {
  type: 'BYTE_ARRAY',
  converted_type: 'UTF8',
  logical_type: { type: 'STRING' },
}

/** One column: its name and the elements of the schema that it takes. */
export interface ColumnSchema {
  readonly name: string
  readonly elements: readonly SchemaElement[]
}

export const scalarColumn = (name: string, physical: Physical): ColumnSchema => ({
  name,
  elements: [{ ...physical, name, repetition_type: 'OPTIONAL' }],
})

/** A column of lists, `depth` deep. */
export function listColumn(name: string, physical: Physical, depth = 1): ColumnSchema {
  const inner =
    depth === 1 ? scalarColumn('element', physical) : listColumn('element', physical, depth - 1)
  const list: SchemaElement = {
    ...{ name, repetition_type: 'OPTIONAL', num_children: 1 },
    ...{ converted_type: 'LIST', logical_type: { type: 'LIST' } },
  }
  const repeated: SchemaElement = { name: 'list', repetition_type: 'REPEATED', num_children: 1 }
  return { name, elements: [list, repeated, ...inner.elements] }
}

export function structColumn(
  name: string,
  fields: Readonly<Record<string, Physical>>,
): ColumnSchema {
  const members = Object.entries(fields).map(([field, type]) => scalarColumn(field, type))
  const group: SchemaElement = {
    ...{ name, repetition_type: 'OPTIONAL', num_children: members.length },
  }
  return { name, elements: [group, ...members.flatMap(member => member.elements)] }
}

export const tableSchema = (columns: readonly ColumnSchema[]): SchemaElement[] => [
  { name: 'schema', num_children: columns.length },
  ...columns.flatMap(column => column.elements),
]
