// Appends to a log of ours, and reads back what it holds: by count and checksum, for frames by the
// checksum of each.
import { assert } from '../src/base/assert.ts'
import { crc32 } from '../src/base/checksum.ts'
import type { Contribution } from '../src/store/event-log.ts'
import { type OpenOptions, openLog, openLogReader } from '../src/store/open-log.ts'
import { type Appended, appendAll } from './append-all.ts'
import {
  contributionsOf,
  frameDeclaration,
  frameRecord,
  type Material,
  newPixels,
} from './material.ts'

/** Frames a contribution: under the recorder's intake of 1 MiB. */
export const CONTRIBUTION_FRAMES = 8
/** Pictures that differ; more are these again. */
const PICTURES = 16

export async function appendSteps(
  dir: string,
  material: Material,
  options: OpenOptions = {},
): Promise<Appended> {
  const { writer } = await openLog(dir, options)
  const result = await appendAll(writer, contributionsOf(material))
  await writer.close()
  const reader = openLogReader(dir)
  let count = 0
  let crc = 0
  for (const batch of reader.batches({ fromSeq: 1 })) {
    count += batch.count
    crc = crc32(batch.records, crc)
  }
  await reader.close()
  assert(count === material.count, `the log has ${count} of ${material.count} events`)
  assert(crc === material.crc, 'the log has the bytes that were appended')
  return result
}

/** The pixels of `count` frames. */
export function picturesOf(count: number): Uint8Array[] {
  const pictures = Array.from({ length: PICTURES }, (_, i) => newPixels(i))
  return Array.from({ length: count }, (_, i) => pictures[i % PICTURES]!)
}

export async function appendFrames(dir: string, pixels: readonly Uint8Array[]): Promise<Appended> {
  const contributions = [...frameContributions(pixels)]
  const { writer } = await openLog(dir)
  const result = await appendAll(writer, contributions)
  await writer.close()
  const reader = openLogReader(dir)
  let found = 0
  for (const { seq, event } of reader.events({ fromSeq: 1 })) {
    if (event.type !== 'frame_captured') continue
    const bytes = reader.frame(seq)
    const sum = bytes && crc32(bytes)
    assert(sum === event.crc && sum === crc32(pixels[event.index]!), 'its pixels')
    found++
  }
  await reader.close()
  assert(found === pixels.length, `the log has ${found} of ${pixels.length} frames`)
  return result
}

function* frameContributions(pixels: readonly Uint8Array[]): Generator<Contribution> {
  yield { producer: 'bench', position: 1, records: frameDeclaration(), count: 1 }
  for (let from = 0; from < pixels.length; from += CONTRIBUTION_FRAMES) {
    const some = pixels.slice(from, from + CONTRIBUTION_FRAMES)
    yield {
      producer: 'bench',
      position: from + 2,
      records: Buffer.concat(some.map((each, i) => frameRecord(from + i, each))),
      count: some.length,
      frames: some.map((bytes, index) => ({ index, bytes })),
    }
  }
}
