// Which files hold what: for any sizes of episodes, files stay in order, within their limits and few,
// and a byte is copied a few times only.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nextPlace } from '../../../src/export/lerobot/layout.ts'
import {
  emptiedPlaces,
  type FilePlan,
  type FileRules,
  type Part,
  partOf,
  planFiles,
  type Size,
} from '../../../src/export/lerobot/rollover.ts'

const LIMIT = 1000

const rules = (chunkFiles = 1000): FileRules => ({
  fits: ({ bytes }) => bytes < LIMIT,
  cost: size => size.bytes,
  chunkFiles,
})

const unitOf = (bytes: number): Size => ({ episodes: 1, frames: 2, bytes })

/** Adds batches of episodes of these sizes; gives the files, and the bytes that were written. */
function addAll(batches: readonly (readonly number[])[], by = rules()) {
  let parts: readonly Part[] = []
  let written = 0
  for (const batch of batches) {
    const { kept, files } = planFiles(parts, batch.map(unitOf), by)
    for (const file of files) written += file.bytes
    parts = [...kept, ...files.map(({ parts: _, units: __, ...part }) => part)]
  }
  return { parts, written }
}

const sizes = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 8 })
const batches = fc.array(sizes, { minLength: 1, maxLength: 60 })

/** Adds episodes of these sizes, one by one and each apart; gives the same, and the most files. */
function leaveAll(batch: readonly number[], by: FileRules, isTidied: (at: number) => boolean) {
  let parts: readonly Part[] = []
  let [written, most] = [0, 0]
  const go = ({ kept, files }: FilePlan<Size>): void => {
    for (const file of files) written += file.bytes
    parts = [...kept, ...files.map(({ parts: _, units: __, ...part }) => part)]
    most = Math.max(most, parts.length)
  }
  for (const [at, bytes] of batch.entries()) {
    go(planFiles(parts, [unitOf(bytes)], by, { joining: 'later' }))
    if (isTidied(at)) go(planFiles(parts, [], by))
  }
  return { parts, written, most }
}

/** Files hold all episodes, one behind the other, at places one behind the other. */
function expectInOrder(parts: readonly Part[], episodes: number, chunkFiles = 1000): void {
  let [first, place] = [0, nextPlace(undefined, chunkFiles)]
  for (const part of parts) {
    expect(part.first).toBe(first)
    expect(part.place).toEqual(place)
    expect(part.bytes < LIMIT || part.episodes === 1).toBe(true)
    first += part.episodes
    place = nextPlace(place, chunkFiles)
  }
  expect(first).toBe(episodes)
}

describe('for any batches of any sizes', () => {
  test('every episode is in one file, in order, and no file is too large', () => {
    fc.assert(
      fc.property(batches, all => {
        const { parts } = addAll(all, rules(3))
        expectInOrder(parts, all.flat().length, 3)
        for (const [at] of all.flat().entries()) {
          const part = partOf(parts, at)
          expect(at >= part.first && at < part.first + part.episodes).toBe(true)
        }
      }),
    )
  })

  test('joining at the end leaves no two files that would fit into one', () => {
    fc.assert(
      fc.property(batches, all => {
        const { parts } = addAll(all)
        const { kept, files } = planFiles(parts, [], rules(), { joining: 'all' })
        const after = [...kept, ...files]
        expectInOrder(after, all.flat().length)
        expect(emptiedPlaces(parts, after)).toHaveLength(parts.length - after.length)
        const [last, before] = [after.at(-1)!, after.at(-2)]
        expect(!before || before.bytes + last.bytes >= LIMIT).toBe(true)
      }),
    )
  })
})

test('thousands of short episodes, a commit each, make few files and few copies', () => {
  const limit = 100_000_000
  const by: FileRules = { ...rules(), fits: ({ bytes }) => bytes < limit }
  const all = Array.from({ length: 5000 }, () => [5000])
  const { parts, written } = addAll(all, by)
  const bytes = 5000 * 5000
  expect(parts.length).toBeLessThanOrEqual(Math.log2(5000) + 1)
  // Writing the file again for every episode would be 2500 times its bytes.
  expect(written / bytes).toBeLessThan(20)
})

describe('what is left to be joined later', () => {
  const large: FileRules = { ...rules(), fits: () => true }

  test('is joined as it would have been at once, when nothing new comes', () => {
    fc.assert(
      fc.property(batches, all => {
        const { parts } = leaveAll(all.flat(), rules(3), () => true)
        expect(parts).toEqual(
          addAll(
            all.flat().map(bytes => [bytes]),
            rules(3),
          ).parts,
        )
        expect(planFiles(parts, [], rules(3)).files).toEqual([])
        expectInOrder(parts, all.flat().length, 3)
      }),
    )
  })

  test('stands in order whenever it is joined', () => {
    fc.assert(
      fc.property(batches, fc.array(fc.boolean()), (all, tidied) => {
        const { parts } = leaveAll(all.flat(), rules(3), at => tidied[at] ?? false)
        expectInOrder(parts, all.flat().length, 3)
      }),
    )
  })

  test('is little even when there is never time for it', () => {
    const all = Array.from({ length: 5000 }, () => 5000)
    const { most, written } = leaveAll(all, large, () => false)
    expect(most).toBeLessThanOrEqual(Math.log2(5000) + 1 + 8)
    expect(written / (5000 * 5000)).toBeLessThan(20)
  })

  test('costs nothing while one waits, also after an opening', () => {
    const { parts } = leaveAll([10, 10, 10, 10, 10, 10, 10], large, () => false)
    expect(parts).toHaveLength(7)
    expect(leaveAll(Array(9).fill(10), large, () => false).parts).toHaveLength(1)
  })
})

test('episodes that get shorter and shorter make few files too', () => {
  const { parts } = addAll(
    Array.from({ length: 100 }, (_, at) => [100 - at]),
    { ...rules(), fits: () => true },
  )
  expect(parts.length).toBeLessThan(10)
})

test('a file is full when the next episode would reach the limit, not before', () => {
  const [full, over] = [[[600, 399]], [[600, 400]]].map(all =>
    addAll(all).parts.map(({ bytes }) => bytes),
  )
  expect(full).toEqual([999])
  expect(over).toEqual([600, 400])
})

test('an episode that is larger than a file has one of its own', () => {
  const { parts } = addAll([[10], [5000], [10]])
  expect(parts.map(({ bytes }) => bytes)).toEqual([10, 5000, 10])
})

test('after 1000 files of a directory the next one begins', () => {
  const place = { chunk: 0, file: 998 }
  expect(nextPlace(place, 1000)).toEqual({ chunk: 0, file: 999 })
  expect(nextPlace({ chunk: 0, file: 999 }, 1000)).toEqual({ chunk: 1, file: 0 })
  const { parts } = addAll(Array.from({ length: 1002 }, () => [LIMIT]))
  expect(parts.slice(-3).map(part => part.place)).toEqual([
    { chunk: 0, file: 999 },
    { chunk: 1, file: 0 },
    { chunk: 1, file: 1 },
  ])
})
