// The table of rows: `data/chunk-*/file-*.parquet`, a row group for each episode.
import type { SchemaElement } from 'hyparquet'
import type { ColumnSource } from 'hyparquet-writer'
import { assert } from '../../base/assert.ts'
import type { StoredColumn } from './columns.ts'
import { type Feature, type Features, featureWidth, type NumericType } from './features.ts'
import {
  type ColumnSchema,
  listColumn,
  type Physical,
  scalarColumn,
  structColumn,
  tableSchema,
  textType,
} from './parquet-schema.ts'
import { type EncodedGroups, encodeRowGroup } from './parquet-write.ts'

// By the older of the two annotations of parquet: hyparquet-writer 0.17 writes the newer one with a
// width of the wrong type, and Arrow refuses the file.
const integer = (bits: 8 | 16 | 32, signed: boolean): Physical => ({
  type: 'INT32',
  converted_type: `${signed ? 'INT' : 'UINT'}_${bits}`,
})

const physicalTypes: Readonly<Record<NumericType, Physical>> = {
  float32: { type: 'FLOAT' },
  float64: { type: 'DOUBLE' },
  int8: integer(8, true),
  int16: integer(16, true),
  int32: { type: 'INT32' },
  int64: { type: 'INT64' },
  uint8: integer(8, false),
  uint16: integer(16, false),
  uint32: integer(32, false),
  bool: { type: 'BOOLEAN' },
}

/** The features that are columns: all but videos. */
export const tableFeatures = (features: Features): [string, Feature][] =>
  Object.entries(features).filter(([, { dtype }]) => dtype !== 'video')

export const dataSchema = (features: Features): SchemaElement[] =>
  tableSchema(tableFeatures(features).map(([name, feature]) => columnOf(name, feature)))

function columnOf(name: string, feature: Feature): ColumnSchema {
  const { dtype } = feature
  assert(dtype !== 'video', 'videos are no columns')
  if (dtype === 'string') return scalarColumn(name, textType)
  if (dtype === 'image') {
    return structColumn(name, { bytes: { type: 'BYTE_ARRAY' }, path: textType })
  }
  const physical = physicalTypes[dtype]
  return featureWidth(feature) === 1 ? scalarColumn(name, physical) : listColumn(name, physical)
}

/** What generic Hugging Face tools read the columns' types from. */
export function dataMetadata(features: Features): Record<string, string> {
  const columns = tableFeatures(features).map(([name, feature]) => [name, huggingFace(feature)])
  return { huggingface: JSON.stringify({ info: { features: Object.fromEntries(columns) } }) }
}

function huggingFace(feature: Feature): unknown {
  if (feature.dtype === 'image') return { _type: 'Image' }
  const value = { dtype: feature.dtype, _type: 'Value' }
  const length = featureWidth(feature)
  return length === 1 ? value : { feature: value, length, _type: 'List' }
}

/** One episode as a row group. `columns` has what is stored for each feature. */
export function encodeEpisode(
  features: Features,
  schema: SchemaElement[],
  columns: ReadonlyMap<string, StoredColumn>,
): EncodedGroups {
  const sources = tableFeatures(features).map(([name, feature]): ColumnSource => {
    const stored = columns.get(name)
    assert(stored, `a column for ${name}`)
    const data = rowsOf(feature, stored)
    // Bounds of PNG files help nobody.
    if (feature.dtype === 'image') return { name, data, statistics: false }
    return stored.negativeZero ? { name, data, encoding: 'PLAIN' } : { name, data }
  })
  return encodeRowGroup(schema, sources)
}

function rowsOf(feature: Feature, { values, width }: StoredColumn): unknown[] {
  const flat = Array.from(values)
  if (feature.dtype === 'image') {
    return flat.map((bytes, at) => ({ bytes, path: `frame-${String(at).padStart(6, '0')}.png` }))
  }
  if (width === 1) return flat
  const rows: unknown[] = []
  for (let at = 0; at < flat.length; at += width) rows.push(flat.slice(at, at + width))
  return rows
}
