// Reading parquet files: the footer alone, or rows as objects.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { type FileMetaData, parquetMetadata, parquetReadObjects } from 'hyparquet'
import { describeError, RollcastError } from '../../base/errors.ts'

/** `PAR1`, at both ends of a file. */
export const MAGIC_BYTES = 4

/** The footer of a parquet file. BAD_INPUT when it is none, or cut off. */
export function readFooter(path: string): FileMetaData {
  return withFile(path, (file, byteLength) => {
    const head = readBytes(file, 0, Math.min(MAGIC_BYTES, byteLength))
    const tail = new DataView(readBytes(file, Math.max(0, byteLength - 8), byteLength))
    const magic = new TextDecoder().decode(head)
    if (byteLength < 12 || magic !== 'PAR1') throw damagedTable(path, 'PAR1 at its start', magic)
    const footerBytes = Math.min(byteLength, tail.getUint32(0, true) + 8)
    try {
      return parquetMetadata(readBytes(file, byteLength - footerBytes, byteLength))
    } catch (error) {
      throw damagedTable(path, 'a footer and PAR1 at its end', describeError(error))
    }
  })
}

/** A row as an object: 64-bit integers are bigints, lists are arrays. */
export type TableRow = Readonly<Record<string, unknown>>

/** Rows `from` up to `to` (default: all) of a file. BAD_INPUT when they cannot be read. */
export async function readRows(
  path: string,
  range: { from?: number; to?: number; columns?: string[]; metadata?: FileMetaData } = {},
): Promise<TableRow[]> {
  const metadata = range.metadata ?? readFooter(path)
  const descriptor = openSync(path, 'r')
  try {
    const { size: byteLength } = fstatSync(descriptor)
    const slice = (start: number, end = byteLength): ArrayBuffer =>
      readBytes(descriptor, start, end)
    const file = { byteLength, slice }
    const { from: rowStart = 0, to: rowEnd = Number(metadata.num_rows) } = range
    const columns = range.columns ? { columns: range.columns } : {}
    // Bytes stay bytes; texts are known by their type.
    const rows = { file, metadata, rowStart, rowEnd, utf8: false, ...columns }
    return await parquetReadObjects(rows)
  } catch (error) {
    throw damagedTable(path, 'rows that can be read', describeError(error))
  } finally {
    closeSync(descriptor)
  }
}

function withFile<T>(path: string, use: (file: number, byteLength: number) => T): T {
  const file = openSync(path, 'r')
  try {
    return use(file, fstatSync(file).size)
  } finally {
    closeSync(file)
  }
}

function readBytes(file: number, start: number, end: number): ArrayBuffer {
  const bytes = new Uint8Array(Math.max(0, end - start))
  for (let at = 0; at < bytes.length; ) {
    const read = readSync(file, bytes, at, bytes.length - at, start + at)
    if (read === 0) return bytes.buffer.slice(0, at)
    at += read
  }
  return bytes.buffer
}

export const damagedTable = (path: string, expected: string, found: string): RollcastError =>
  new RollcastError('BAD_INPUT', `${path}: expected ${expected}, found ${found}`)
