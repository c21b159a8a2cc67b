import fc from 'fast-check'
import { expect, test } from 'vitest'
import { packValue } from '../../src/protocol/codec.ts'
import { parsePredicate } from '../../src/protocol/predicate/parse.ts'
import { rankAll } from '../../src/protocol/predicate/ranking.ts'
import type { EpisodeRow } from '../../src/protocol/projection.ts'
import { selectEpisodes } from '../../src/replay/select-episodes.ts'
import type { LogReader } from '../../src/store/event-log.ts'
import { openMemoryLog } from '../../src/store/memory-log.ts'
import { row } from '../protocol/predicate/rows.ts'

async function logOf(rows: readonly EpisodeRow[]): Promise<LogReader> {
  const log = await openMemoryLog()
  const { durable } = log.writer.append({
    ...{ producer: 'aggregator', position: 1, records: new Uint8Array(), count: 0 },
    rows: rows.map(given => ({ episode: given.episode, bytes: packValue(given) })),
  })
  await durable
  return log.reader()
}

const selected = (reader: LogReader, where: string): number[] =>
  selectEpisodes(reader, parsePredicate(where))

const walk: readonly EpisodeRow[] = [
  row({ episode: 1, agent: 'a', totalReward: 5, stage: 0 }),
  row({ episode: 2, agent: 'b', totalReward: Number.NaN, stage: 3 }),
  row({ episode: 4, agent: 'a', totalReward: 9, stage: 0 }),
  row({ episode: 5, agent: 'b', totalReward: 5, stage: 3 }),
  row({ episode: 9, agent: 'a', totalReward: -1, stage: 1 }),
]

test('X4 an expression selects finished episodes, in order; numbers without one are passed over', async () => {
  const reader = await logOf(walk)
  expect(selected(reader, 'all')).toEqual([1, 2, 4, 5, 9])
  expect(selected(reader, 'agent = a and return > 0')).toEqual([1, 4])
  expect(selected(await logOf([]), 'all')).toEqual([])
})

test('X4 places are those among all episodes of the run', async () => {
  const reader = await logOf(walk)
  expect(selected(reader, 'best(1)')).toEqual([4])
  expect(selected(reader, 'best(2)')).toEqual([1, 4])
  expect(selected(reader, 'best(3)')).toEqual([1, 4, 5])
  expect(selected(reader, 'worst(1)')).toEqual([2])
  expect(selected(reader, 'worst(2) and not worst(1)')).toEqual([9])
})

test("X4 a change is one since the same agent's episode before", async () => {
  expect(selected(await logOf(walk), 'stage changed')).toEqual([9])
})

test('L19 what was discarded takes no place, and is no episode before', async () => {
  const released = 'discarded'
  const reader = await logOf([
    ...walk,
    row({ episode: 10, agent: 'a', totalReward: 99, stage: 7, released }),
    row({ episode: 11, agent: 'a', totalReward: -99, stage: 1, released }),
    row({ episode: 12, agent: 'a', totalReward: 8, stage: 1, released: 'not_kept' }),
  ])
  expect(selected(reader, 'best(2)')).toEqual([4, 12])
  expect(selected(reader, 'worst(2)')).toEqual([2, 9])
  expect(selected(reader, 'stage changed')).toEqual([9, 10])
})

test('X4 a place counts those that are better, and earlier ones that are as good', () => {
  const value = fc.constantFrom(-1, 0, 1, 2, Number.NaN, Number.POSITIVE_INFINITY, -Infinity)
  fc.assert(
    fc.property(fc.array(value, { maxLength: 30 }), returns => {
      const placeOf = rankAll(Float64Array.from(returns))
      const worth = returns.map(each => (Number.isNaN(each) ? -Infinity : each))
      for (const [at, mine] of worth.entries()) {
        const count = (isBefore: (other: number) => boolean): number =>
          worth.filter((other, place) => isBefore(other) || (other === mine && place < at)).length
        expect(placeOf(at)).toEqual({
          better: count(other => other > mine),
          worse: count(other => other < mine),
        })
      }
    }),
  )
})
