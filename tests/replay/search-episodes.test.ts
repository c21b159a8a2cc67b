// What viewers find in the index, beside what the command line selects in one go.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { packValue } from '../../src/protocol/codec.ts'
import { limits } from '../../src/protocol/limits.ts'
import { parsePredicate } from '../../src/protocol/predicate/parse.ts'
import type { EpisodeRow } from '../../src/protocol/projection.ts'
import { RunPlaces } from '../../src/replay/run-places.ts'
import { SEARCH_ROWS_MAX, searchEpisodes } from '../../src/replay/search-episodes.ts'
import { selectEpisodes } from '../../src/replay/select-episodes.ts'
import type { LogReader } from '../../src/store/event-log.ts'
import { type MemoryLog, openMemoryLog } from '../../src/store/memory-log.ts'
import { row } from '../protocol/predicate/rows.ts'

let position = 0

async function add(log: MemoryLog, rows: readonly EpisodeRow[]): Promise<void> {
  const { durable } = log.writer.append({
    ...{ producer: 'aggregator', position: ++position, records: new Uint8Array(), count: 0 },
    rows: rows.map(given => ({ episode: given.episode, bytes: packValue(given) })),
  })
  await durable
}

/** All that is found, page by page; each page is bounded. */
function findAll(reader: LogReader, places: RunPlaces, where: string, limit: number, after = 0) {
  const found: number[] = []
  let pages = 0
  for (let before: number | null = null; ; pages++) {
    const search = { before, after, limit, where: parsePredicate(where) }
    const { rows, next } = searchEpisodes(reader, search, places)
    expect(rows.length).toBeLessThanOrEqual(Math.min(limit, limits.episodePage))
    found.push(...rows.map(({ episode }) => episode))
    if (next === null) return { found, pages: pages + 1 }
    if (before !== null && rows.length > 0) expect(next).toBeLessThan(before)
    before = next
  }
}

const expressions = ['all', 'return > 0', 'stage changed', 'best(4)', 'worst(3) or agent = b']

describe('L13 a search of the whole run', () => {
  test('L13 L19 page by page finds what the command line selects, while episodes go on ending', async () => {
    const ending = fc.record({
      agent: fc.constantFrom('a', 'b', 'c'),
      totalReward: fc.constantFrom(-1, 0, 1, 2, Number.NaN),
      stage: fc.constantFrom(0, 1),
      released: fc.constantFrom('discarded' as const, 'not_kept' as const),
    })
    const limit = fc.constantFrom(1, 2, 7, 500)
    const run = fc.array(fc.tuple(ending, fc.nat(3)), { maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(run, run, limit, fc.nat(20), async (first, second, size, after) => {
        const log = await openMemoryLog()
        const places = new RunPlaces(log.reader())
        let number = 0
        // Numbers without an episode lie in between; some of them end later.
        const late: EpisodeRow[] = []
        for (const part of [first, second]) {
          const rows = part.map(([fields, gap]) => {
            number += 1 + gap
            if (gap > 0) late.push(row({ ...fields, episode: number - 1 }))
            return row({ ...fields, episode: number })
          })
          await add(log, rows)
          const reader = log.reader()
          for (const where of expressions) {
            const selected = selectEpisodes(reader, parsePredicate(where)).reverse()
            expect(findAll(reader, places, where, size).found).toEqual(selected)
            const newer = selected.filter(episode => episode > after)
            expect(findAll(reader, places, where, size, after).found).toEqual(newer)
          }
          await add(log, late.splice(0))
        }
      }),
      { numRuns: 20 },
    )
  })

  test('L13 looks at so many rows for one page, finds what is far away, and comes to the end', async () => {
    const log = await openMemoryLog()
    const count = 2 * SEARCH_ROWS_MAX + 5
    const rows = Array.from({ length: count }, (_, at) =>
      row({ episode: at + 1, steps: at === 3 ? 7 : 1, totalReward: at === 9 ? 5 : -at }),
    )
    await add(log, rows)
    const reader = log.reader()
    const places = new RunPlaces(reader)
    expect(findAll(reader, places, 'length = 7', 10)).toEqual({ found: [4], pages: 3 })
    // Before places are known the returns are read, so many for one page.
    expect(findAll(reader, places, 'best(2)', 10)).toEqual({ found: [10, 1], pages: 5 })
    expect(findAll(reader, places, 'best(2)', 10)).toEqual({ found: [10, 1], pages: 3 })
  })
})
