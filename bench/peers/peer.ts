// What a peer of the log is: somebody else's way to keep entries in their order. Each is given the
// same groups, may have two of them on their way, and is read back in full.
import { assert } from '../../src/base/assert.ts'
import { crc32 } from '../../src/base/checksum.ts'
import { type Entries, groupsOf } from '../entries.ts'

export interface Peer {
  readonly name: string
  /** How it was set up, and what holds once it has taken a group; for the notes. */
  readonly setup: string
  /** Why it cannot take part here, if it cannot. */
  missing?(): string | undefined
  /** Appends in the empty directory `dir` and reads back; entries a second, to the last one taken. */
  append(dir: string, entries: Entries): Promise<number>
}

/** Hands in all groups, two on their way at most; resolves to seconds when the last was taken. */
export async function handIn(
  entries: Entries,
  take: (from: number, to: number) => Promise<unknown>,
): Promise<number> {
  let before: Promise<unknown> = Promise.resolve()
  const startedAt = performance.now()
  for (const [from, to] of groupsOf(entries)) {
    const taken = take(from, to)
    // Awaited one turn later; a failure must not count as unhandled until then.
    taken.catch(() => {})
    await before
    before = taken
  }
  await before
  return (performance.now() - startedAt) / 1000
}

/** Counts and sums what is read back. */
export class ReadBack {
  #count = 0
  #crc = 0

  add(entry: Uint8Array): void {
    this.#count++
    this.#crc = crc32(entry, this.#crc)
  }

  check(name: string, { count, crc }: Entries): void {
    assert(this.#count === count, `${name} has ${this.#count} of ${count} entries`)
    assert(this.#crc === crc, `${name} has the bytes that were appended`)
  }
}

/** The first entries, `count` at most: for a peer that takes a few thousand a second. */
export function firstOf(entries: Entries, count: number): Entries {
  if (entries.count <= count) return entries
  const records = entries.records.subarray(0, entries.ends[count - 1]!)
  const ends = entries.ends.subarray(0, count)
  return { records, ends, count, crc: crc32(records), group: entries.group }
}
