// The limit: one file, appended to by whole batches, each made durable by fdatasync.
import { closeSync, fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { assert } from '../../src/base/assert.ts'
import { crc32 } from '../../src/base/checksum.ts'
import type { Entries } from '../entries.ts'

/** Whole entries, at least `batchBytes` at a time. */
function batchesOf({ records, ends }: Entries, batchBytes: number): Uint8Array[] {
  const batches: Uint8Array[] = []
  let start = 0
  for (const end of ends) {
    if (end - start < batchBytes && end !== records.byteLength) continue
    batches.push(records.subarray(start, end))
    start = end
  }
  return batches
}

/** Appends in batches of `batchBytes` to a file in `dir` and reads it back; entries a second. */
export async function appendRaw(
  dir: string,
  entries: Entries,
  batchBytes: number,
): Promise<number> {
  const batches = batchesOf(entries, batchBytes)
  const path = join(dir, 'raw')
  const file = openSync(path, 'a')
  const startedAt = performance.now()
  for (const batch of batches) {
    const written = writeSync(file, batch)
    assert(written === batch.byteLength, `${written} of ${batch.byteLength} B were written`)
    fdatasyncSync(file)
  }
  const seconds = (performance.now() - startedAt) / 1000
  closeSync(file)
  assert(crc32(readFileSync(path)) === entries.crc, 'the file has the bytes that were written')
  return entries.count / seconds
}
