import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type AggregatorState,
  decide,
  emptyState,
  evolve,
  noChanges,
  projectionOf,
  restoreState,
} from '../../../src/actors/aggregator/logic.ts'
import { packValue, unpackValue } from '../../../src/protocol/codec.ts'
import type { Event } from '../../../src/protocol/events.ts'
import { limits } from '../../../src/protocol/limits.ts'
import {
  anyHistory,
  began,
  ended,
  fold,
  frame,
  numbered,
  record,
  START_TIME,
  sampled,
  step,
} from './histories.ts'

const foldEvents = (events: readonly Event[]) => fold(numbered(events))
const rowsOf = (events: readonly Event[]) => foldEvents(events).state.rows

/** A state that went to the disk and came back. */
const stored = (state: AggregatorState): AggregatorState =>
  restoreState(unpackValue(packValue(state).slice()) as AggregatorState)

describe('the row of an episode (L2)', () => {
  test('says what its end says, and where it stands in the log', () => {
    const start = { stage: 2, epsilon: 0.1, seed: 42 }
    const rows = rowsOf([
      { type: 'run_ended', reason: 'closed' },
      began(7, start),
      step(7, 0),
      frame(7, 0),
      step(7, 1, { terminated: true }),
      ended(7, start),
    ])
    expect(rows).toEqual([
      {
        ...{ episode: 7, agent: 'a', startTime: START_TIME, endTime: START_TIME + 5 },
        ...{ steps: 2, frames: 1, totalReward: 3, extrinsicReward: 2, intrinsicReward: 1 },
        ...{ stage: 2, epsilon: 0.1, seed: 42, terminated: true, truncated: false },
        ...{ reason: 'terminated', firstSeq: 2, lastSeq: 6 },
      },
    ])
  })

  test('says truncated when that is how it ended, and what is unknown as null', () => {
    const [row] = rowsOf([
      began(1),
      ended(1, { terminated: false, truncated: true, reason: 'limit' }),
    ])
    expect(row).toMatchObject({ terminated: false, truncated: true, reason: 'limit' })
    expect(row).toMatchObject({ stage: null, epsilon: null, seed: null })
  })

  test('is made of its steps when the next one begins before it ended', () => {
    const rows = rowsOf([
      began(1, { stage: 1, seed: 5 }),
      step(1, 0, { reward: 2, intrinsicReward: 1 }),
      frame(1, 0),
      step(1, 1, { reward: -0.5, intrinsicReward: 0, truncated: true }),
      began(2),
    ])
    expect(rows).toMatchObject([
      {
        ...{ episode: 1, steps: 2, frames: 1, reason: 'superseded', truncated: true },
        ...{ extrinsicReward: 1.5, intrinsicReward: 1, totalReward: 2.5, terminated: false },
        ...{ startTime: START_TIME, endTime: START_TIME + 4, firstSeq: 1, lastSeq: 5 },
        ...{ stage: 1, seed: 5 },
      },
    ])
  })

  test('two episodes never melt into one: a step of another id closes and begins', () => {
    const events = [began(1), step(1, 0), step(2, 0), step(2, 1), ended(2, { steps: 2 })]
    expect(rowsOf(events)).toMatchObject([
      { episode: 1, steps: 1, reason: 'superseded', firstSeq: 1, lastSeq: 3 },
      { episode: 2, steps: 2, reason: 'terminated', firstSeq: 3, lastSeq: 5 },
    ])
  })

  test('begins with its first step when its beginning was lost', () => {
    const [row] = rowsOf([step(3, 0), ended(3)])
    expect(row).toMatchObject({ episode: 3, firstSeq: 1, lastSeq: 2 })
  })

  test('is its end alone when all else was lost', () => {
    const [row] = rowsOf([ended(3)])
    expect(row).toMatchObject({ episode: 3, firstSeq: 1, lastSeq: 1, steps: 2 })
  })

  test('an end of another id than the open one closes both', () => {
    expect(rowsOf([began(1), step(1, 0), ended(2)])).toMatchObject([
      { episode: 1, reason: 'superseded', steps: 1 },
      { episode: 2, reason: 'terminated', firstSeq: 3 },
    ])
  })

  test('counts what the log holds when the run was interrupted, whatever its end says', () => {
    const interrupted = ended(1, { reason: 'interrupted', steps: 0, frames: 0, totalReward: 0 })
    const { state } = foldEvents([began(1), step(1, 0), frame(1, 0), interrupted])
    expect(state.rows).toMatchObject([
      { episode: 1, steps: 1, frames: 1, totalReward: 1.5, reason: 'interrupted' },
    ])
    // It is on record, and no measure of what the agent can do.
    expect(state).toMatchObject({ bestReturn: null, longestEpisode: null, totals: { episodes: 1 } })
    expect(Object.keys(state.series)).toEqual([])
  })

  test('is not made by an interruption of an episode that is not open', () => {
    expect(rowsOf([began(2), ended(1, { reason: 'interrupted' })])).toEqual([])
    expect(rowsOf([ended(1, { reason: 'interrupted' })])).toEqual([])
  })

  test('L14: agents do not touch each other`s episodes', () => {
    const b = { agent: 'b' }
    const events = [began(1), began(2, b), step(1, 0), step(2, 0, b), ended(2, b), ended(1)]
    expect(rowsOf(events)).toMatchObject([
      { episode: 2, agent: 'b', firstSeq: 2 },
      { episode: 1, agent: 'a', firstSeq: 1 },
    ])
  })
})

describe('what is kept', () => {
  test('are the newest rows, within the limit; the changes name every one', () => {
    const count = limits.projectionEpisodes + 7
    const events = Array.from({ length: count }, (_, i) => ended(i + 1))
    const { state, changes } = foldEvents(events)
    expect(state.rows.length).toBe(limits.projectionEpisodes)
    expect(state.rows.at(-1)?.episode).toBe(count)
    expect(changes.rows.length).toBe(count)
    expect(state.totals.episodes).toBe(count)
  })

  test('are the newest milestones, within the limit', () => {
    const count = limits.projectionMilestones + 3
    const milestones = Array.from(
      { length: count },
      (_, i): Event => ({
        ...{
          type: 'milestone_reached',
          milestone: 'best_return',
          agent: 'a',
          episode: i,
          value: i,
        },
        previous: null,
      }),
    )
    const { state } = foldEvents(milestones)
    expect(state.milestones.length).toBe(limits.projectionMilestones)
    expect(state.milestones.at(-1)).toMatchObject({ episode: count - 1, seq: count })
  })

  test('are as many metric names as there may be; later names are passed over', () => {
    const events = Array.from({ length: limits.metricNamesMax + 5 }, (_, i) =>
      sampled(i, { [`m${i}`]: i, m0: i }),
    )
    const { state, changes } = foldEvents(events)
    expect(Object.keys(state.series).length).toBe(limits.metricNamesMax)
    expect(changes.metrics.size).toBe(limits.metricNamesMax)
    expect(state.series['m0']?.count).toBe(events.length)
  })

  test('are sums over the whole run, with what was lost and what was refused', () => {
    const { state } = foldEvents([
      { type: 'run_started', run: 'r', name: 'n', pid: 1, software: 's' },
      began(1),
      step(1, 0),
      frame(1, 0),
      ended(1),
      { type: 'gap_found', cause: 'ring_full', events: 4, bytes: 9 },
      { type: 'input_refused', agent: 'a', code: 'BAD_STEP', message: '', count: 3 },
    ])
    expect(projectionOf(state)).toMatchObject({
      ...{ run: 'r', name: 'n', seq: 7, epoch: 1, time: START_TIME + 6 },
      totals: {
        ...{ episodes: 1, steps: 1, frames: 1, events: 7 },
        ...{ lostEvents: 4, refusedInputs: 3 },
      },
    })
  })
})

describe('metrics', () => {
  test('of every episode: return and length against the number of episodes', () => {
    const { state } = foldEvents([ended(1, { totalReward: 5, steps: 9 }), ended(2)])
    const { metrics } = projectionOf(state)
    expect(metrics.map(({ name, points }) => [name, points])).toEqual([
      [
        'episode/return',
        [
          [1, 5],
          [2, 3],
        ],
      ],
      [
        'episode/length',
        [
          [1, 9],
          [2, 2],
        ],
      ],
    ])
  })

  test('that are NaN are counted and spoil nothing', () => {
    const { state, changes } = foldEvents([
      sampled(1, { loss: 2 }),
      sampled(2, { loss: Number.NaN }),
      sampled(3, { loss: 4 }),
    ])
    const [loss] = projectionOf(state).metrics
    expect(loss).toMatchObject({ count: 3, last: 4, mean: 3, min: 2, max: 4, movingAverage: 3 })
    expect(changes.metrics).toEqual(new Set(['loss']))
  })

  test('an episode whose return is NaN sets no record', () => {
    const { log, facts } = record([ended(1, { totalReward: Number.NaN, steps: 0 })])
    expect(facts).toEqual([])
    expect(fold(log).state.bestReturn).toBeNull()
  })
})

describe('milestones', () => {
  const kinds = (events: readonly Event[]) =>
    record(events).facts.map(({ milestone, value, previous }) => [milestone, value, previous])

  test('are decided once, when a record is beaten and not when it is met', () => {
    const events = [
      ended(1, { totalReward: 1, steps: 5 }),
      ended(2, { totalReward: 1, steps: 5 }),
      ended(3, { totalReward: 0, steps: 6 }),
      ended(4, { totalReward: 2, steps: 6 }),
    ]
    expect(kinds(events)).toEqual([
      ['best_return', 1, null],
      ['longest_episode', 5, null],
      ['longest_episode', 6, 5],
      ['best_return', 2, 1],
    ])
  })

  test('a first return below zero is a record too', () => {
    expect(kinds([ended(1, { totalReward: -7, steps: 0 })])).toEqual([['best_return', -7, null]])
  })

  test('of an interrupted episode do not exist', () => {
    expect(kinds([ended(1, { totalReward: 9, steps: 9, reason: 'interrupted' })])).toEqual([])
  })

  test('tell of a stage that no agent is in, once, and not of the first stage', () => {
    const b = { agent: 'b' }
    const events = [
      began(1, { stage: 1 }),
      began(2, { ...b, stage: 1 }),
      began(3, { stage: 2 }),
      began(4, { ...b, stage: 2 }),
      began(5),
      began(6, { stage: 2 }),
    ]
    expect(kinds(events)).toEqual([['stage_transition', 2, 1]])
  })

  test('come into the projection by their own event, with its place', () => {
    const { log } = record([ended(1, { totalReward: 1, steps: 0 })])
    expect(fold(log).state.milestones).toEqual([
      {
        ...{ milestone: 'best_return', agent: 'a', episode: 1, value: 1, previous: null },
        ...{ time: START_TIME + 2, seq: 2 },
      },
    ])
  })

  test('are never decided by a replay: folding the log makes as many as the log holds', () => {
    fc.assert(
      fc.property(anyHistory, events => {
        const { log, facts } = record(events)
        expect(fold(log).state.milestones.length).toBe(facts.length)
      }),
    )
  })

  test('are not caused by facts', () => {
    const { log } = record([ended(1)])
    const state = emptyState()
    for (const envelope of log) {
      if (envelope.event.type === 'milestone_reached') expect(decide(state, envelope)).toEqual([])
      evolve(state, envelope, noChanges())
    }
  })
})

describe('the fold (invariant 1, L18)', () => {
  test('A2 of a snapshot and the tail is that of the whole log, byte for byte', () => {
    fc.assert(
      fc.property(anyHistory, fc.nat(), (events, place) => {
        const { log } = record(events)
        const cut = place % (log.length + 1)
        const whole = fold(log)
        const head = fold(log.slice(0, cut))
        const tail = fold(log.slice(cut), stored(head.state))
        expect(packValue(tail.state)).toEqual(packValue(whole.state))
        expect([...head.changes.rows, ...tail.changes.rows]).toEqual(whole.changes.rows)
        expect(projectionOf(tail.state)).toEqual(projectionOf(whole.state))
      }),
      { numRuns: 200 },
    )
  })

  test('makes one row for every episode that it counts, in order of the log', () => {
    fc.assert(
      fc.property(anyHistory, events => {
        const { state, changes } = foldEvents(events)
        expect(changes.rows.length).toBe(state.totals.episodes)
        const lastSeqs = changes.rows.map(row => row.lastSeq)
        expect(lastSeqs).toEqual([...lastSeqs].sort((a, b) => a - b))
        for (const row of changes.rows) expect(row.firstSeq).toBeLessThanOrEqual(row.lastSeq)
        expect(state.totals.events).toBe(events.length)
        const count = (type: Event['type']) => events.filter(event => event.type === type).length
        expect(state.totals.steps).toBe(count('step_taken'))
        expect(state.totals.frames).toBe(count('frame_captured'))
      }),
    )
  })

  test('a projection does not change when the fold goes on', () => {
    fc.assert(
      fc.property(anyHistory, anyHistory, (before, after) => {
        const { state } = foldEvents(before)
        const projection = projectionOf(state)
        const bytes = packValue(projection)
        for (const envelope of numbered(after)) evolve(state, envelope, noChanges())
        expect(packValue(projection)).toEqual(bytes)
      }),
      { numRuns: 50 },
    )
  })

  test('takes agents and metrics named like properties of every object', () => {
    for (const name of ['__proto__', 'constructor', 'hasOwnProperty', 'toString']) {
      const agent = { agent: name }
      const values = Object.fromEntries([[name, 4]])
      const { state } = foldEvents([
        began(1, { ...agent, stage: 1 }),
        step(1, 0, agent),
        sampled(1, values),
        ended(1, agent),
      ])
      expect(state.rows).toMatchObject([{ agent: name, firstSeq: 1, lastSeq: 4 }])
      expect(projectionOf(state).metrics[0]).toMatchObject({ name, count: 1, last: 4 })
      expect(projectionOf(stored(state)).episodes).toEqual(projectionOf(state).episodes)
    }
    expect(Object.keys(Object.prototype)).toEqual([])
  })
})
