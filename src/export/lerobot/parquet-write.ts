// Parquet files made of row groups: each is encoded once, alone, and a file is put together of new
// ones and those of earlier files, whose bytes are copied as they are.
import { closeSync, openSync, readSync, writeFileSync } from 'node:fs'
import type { RowGroup, SchemaElement } from 'hyparquet'
import { ByteWriter, type ColumnSource, ParquetWriter } from 'hyparquet-writer'
import { assert } from '../../base/assert.ts'
import { MIB } from '../../base/bytes.ts'
import { damagedTable, MAGIC_BYTES, readFooter } from './parquet-read.ts'

const COPY_BYTES = 4 * MIB
const CREATED_BY = 'rollcast'

/** A row group: where its bytes are, and its entry in a footer, which counts from `start`. */
export type EncodedGroups = {
  readonly groups: readonly RowGroup[]
  /** Where in its source the first byte of the groups stands. */
  readonly start: number
  /** Bytes of all groups together. */
  readonly length: number
  readonly source: Uint8Array | string
}

/** Encodes the rows of `columns`, which are in the schema's order, as one row group. */
export function encodeRowGroup(
  schema: SchemaElement[],
  columns: readonly ColumnSource[],
): EncodedGroups {
  const writer = new ByteWriter()
  const table = new ParquetWriter({ writer, schema })
  const rowGroupSize = Math.max(1, columns[0]?.data.length ?? 0)
  // Without indexes of pages nothing outside the footer knows where in a file it is.
  const columnData = columns.map(column => ({ ...column, offsetIndex: false }))
  const waiting = table.write({ columnData, rowGroupSize })
  assert(waiting === undefined, 'writing to memory does not wait')
  const source = writer.getBytes()
  return {
    ...{ groups: table.row_groups, source },
    ...{ start: MAGIC_BYTES, length: source.byteLength - MAGIC_BYTES },
  }
}

/** All row groups of a file that `writeTable` made. */
export function groupsOfFile(path: string): EncodedGroups {
  const metadata = readFooter(path)
  const length = metadata.row_groups.reduce((sum, { total_compressed_size: bytes }) => {
    assert(bytes !== undefined, 'a row group says its size')
    return sum + Number(bytes)
  }, 0)
  return { groups: metadata.row_groups, start: MAGIC_BYTES, length, source: path }
}

/** Bytes of a column of a row group in the footer, about. */
const ENTRY_BYTES = 90

/** Bytes that row groups take in a file, their entries in the footer included, more or less. */
export function estimateBytes(schema: readonly SchemaElement[], encoded: EncodedGroups): number {
  const leaves = schema.filter(element => element.type).length
  return encoded.length + leaves * ENTRY_BYTES * encoded.groups.length
}

/** Writes a file of `pieces`, in their order, with `metadata` in its footer. */
export function writeTable(
  path: string,
  schema: SchemaElement[],
  metadata: Readonly<Record<string, string>>,
  pieces: readonly EncodedGroups[],
): void {
  const file = openSync(path, 'w')
  try {
    // The magic and the footer are the writer's, what stands between them is put there by us.
    const writer = new ByteWriter()
    const kvMetadata = Object.entries(metadata).map(([key, value]) => ({ key, value }))
    const table = new ParquetWriter({ writer, schema, kvMetadata, createdBy: CREATED_BY })
    writeFileSync(file, writer.getBytes())
    let position = MAGIC_BYTES
    for (const piece of pieces) {
      copyBytes(piece, file)
      for (const group of piece.groups) {
        table.row_groups.push(moveGroup(group, BigInt(position - piece.start)))
        table.num_rows += group.num_rows
      }
      position += piece.length
    }
    writer.offset = position
    table.finish()
    writeFileSync(file, writer.getBytes().subarray(MAGIC_BYTES))
  } finally {
    closeSync(file)
  }
}

function moveGroup(group: RowGroup, distance: bigint): RowGroup {
  const moved = (offset: bigint): bigint => offset + distance
  const columns = group.columns.map(({ file_offset, meta_data }) => {
    assert(meta_data, 'a column chunk is described in the footer')
    const { dictionary_page_offset: dictionary, data_page_offset: data, ...rest } = meta_data
    const places = dictionary === undefined ? {} : { dictionary_page_offset: moved(dictionary) }
    return {
      file_offset: moved(file_offset),
      meta_data: { ...rest, ...places, data_page_offset: moved(data) },
    }
  })
  return { ...group, columns }
}

function copyBytes(piece: EncodedGroups, to: number): void {
  const end = piece.start + piece.length
  if (typeof piece.source !== 'string') {
    writeFileSync(to, piece.source.subarray(piece.start, end))
    return
  }
  const from = openSync(piece.source, 'r')
  try {
    const buffer = new Uint8Array(Math.min(COPY_BYTES, piece.length))
    for (let at = piece.start; at < end; ) {
      const bytes = readSync(from, buffer, 0, Math.min(buffer.length, end - at), at)
      if (bytes === 0) throw damagedTable(piece.source, `${end} B of rows`, `its end at ${at}`)
      writeFileSync(to, buffer.subarray(0, bytes))
      at += bytes
    }
  } finally {
    closeSync(from)
  }
}
