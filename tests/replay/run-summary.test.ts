// U10: the figures of a run, from the aggregator's snapshot and the rows that came after it.
import { expect, test } from 'vitest'
import {
  type AggregatorState,
  aggregatorVersion,
  emptyState,
} from '../../src/actors/aggregator/logic.ts'
import { packValue } from '../../src/protocol/codec.ts'
import type { EpisodeRow } from '../../src/protocol/projection.ts'
import { summarise } from '../../src/replay/run-summary.ts'
import { openMemoryLog } from '../../src/store/memory-log.ts'
import { contribution, declarations } from '../store/records.ts'

const row = (episode: number, fields: Partial<EpisodeRow> = {}): EpisodeRow => ({
  ...{ episode, agent: 'a', startTime: 0, endTime: 0, steps: 10, frames: 0, totalReward: episode },
  ...{ extrinsicReward: 0, intrinsicReward: 0, stage: null, epsilon: null, seed: null },
  ...{ terminated: true, truncated: false, reason: 'terminated' },
  ...{ firstSeq: episode * 10, lastSeq: episode * 10 + 9 },
  ...fields,
})

const stateOf = (fields: Partial<AggregatorState>): AggregatorState => ({
  ...emptyState(),
  ...fields,
})

/** A log with these rows in its index and, if there is one, a snapshot up to `position`. */
async function logOf(rows: readonly EpisodeRow[], state?: AggregatorState, position = 0) {
  const log = await openMemoryLog()
  const { durable } = log.writer.append({
    ...contribution(declarations, 1),
    rows: rows.map(one => ({ episode: one.episode, bytes: packValue(one) })),
    ...(state && {
      snapshot: {
        ...{ name: 'aggregator', version: aggregatorVersion, position },
        bytes: packValue(state),
      },
    }),
  })
  await durable
  return log.reader()
}

const many = (count: number): EpisodeRow[] => Array.from({ length: count }, (_, i) => row(i + 1))

test('U10 a run is summed up from its snapshot and the episodes that ended after it', async () => {
  const totals = { ...emptyState().totals, episodes: 3, steps: 34 }
  const open = { a: { steps: 4 } } as unknown as AggregatorState['open']
  const state = stateOf({ name: 'a run', totals, bestReturn: 7, open })
  expect(summarise(await logOf(many(5), state, 39))).toEqual({
    ...{ title: 'a run', startedAt: expect.any(Number) },
    // Of the fourth episode four steps had been counted: its row has all of them.
    ...{ episodes: 5, steps: 50, bestReturn: 7 },
  })
})

test('U10 without a snapshot, or with one of another version, all rows are counted', async () => {
  const summary = summarise(await logOf(many(450)))
  expect(summary).toMatchObject({ title: null, episodes: 450, steps: 4_500, bestReturn: 450 })
  // More than are read for a list are not guessed at.
  expect(summarise(await logOf(many(10_300)))).toMatchObject({ episodes: null, steps: null })
})

test('what was interrupted, discarded or is not finite is no best return', async () => {
  const rows = [
    row(1, { totalReward: -3 }),
    row(2, { reason: 'interrupted' }),
    row(3, { released: 'discarded' }),
    row(4, { totalReward: Number.NaN }),
    row(5, { totalReward: Number.POSITIVE_INFINITY }),
  ]
  expect(summarise(await logOf(rows)).bestReturn).toBe(-3)
  const none = summarise(await logOf([]))
  expect(none).toMatchObject({ episodes: 0, steps: 0, bestReturn: null })
})
