// The keep rule beside a naive model that remembers every episode and asks for each of them anew
// after every end.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  judge,
  type KeepState,
  type Release,
  restoreKeep,
  setRule,
} from '../../../src/actors/aggregator/keep.ts'
import { restoreState } from '../../../src/actors/aggregator/logic.ts'
import { packValue, unpackValue } from '../../../src/protocol/codec.ts'
import type { Event } from '../../../src/protocol/events.ts'
import { matches } from '../../../src/protocol/predicate/evaluate.ts'
import { parsePredicate } from '../../../src/protocol/predicate/parse.ts'
import type { EpisodeRow } from '../../../src/protocol/projection.ts'
import { row } from '../../protocol/predicate/rows.ts'
import { began, ended, fold, frame, numbered, record } from './histories.ts'

const started = (keep?: string): Event => ({
  ...{ type: 'run_started', run: 'r', name: 'n', pid: 1, software: 's' },
  ...(keep === undefined ? {} : { keep }),
})

const released = (events: readonly Event[]) =>
  record(events).releases.map(({ episode, reason }) => [episode, reason])

const returns = (...values: number[]): Event[] =>
  values.flatMap((totalReward, i) => [began(i + 1), ended(i + 1, { totalReward })])

/** Which episodes `rule` gives up at each end, by looking at all of them. */
function naive(rule: string, rows: readonly EpisodeRow[]): (readonly [number, string])[][] {
  const predicate = parsePredicate(rule)
  const value = ({ totalReward }: EpisodeRow): number =>
    Number.isNaN(totalReward) ? Number.NEGATIVE_INFINITY : totalReward
  const gone = new Set<number>()
  return rows.map((newest, end) => {
    const seen = rows.slice(0, end + 1)
    const lost: (readonly [number, string])[] = []
    for (const [at, episode] of seen.entries()) {
      if (gone.has(episode.episode)) continue
      const before = (other: EpisodeRow, i: number): boolean =>
        i < at && value(other) === value(episode)
      const count = (isAhead: (other: EpisodeRow) => boolean): number =>
        seen.filter((other, i) => isAhead(other) || before(other, i)).length
      const meant = matches(predicate, {
        row: episode,
        previous: seen.slice(0, at).findLast(({ agent }) => agent === episode.agent),
        better: count(other => value(other) > value(episode)),
        worse: count(other => value(other) < value(episode)),
      })
      if (meant) continue
      gone.add(episode.episode)
      lost.push([episode.episode, episode === newest ? 'not_kept' : 'overtaken'])
    }
    return lost
  })
}

const rules = fc.oneof(
  fc.constantFrom(
    ...['best(3)', 'worst(2)', 'terminated', 'every(3)', 'all', 'stage changed'],
    ...['best(1) or worst(1)', 'not best(2)', 'best(4) and not best(2)', 'not worst(1)'],
    ...['best(2) and terminated', 'best(5) and (best(2) or stage changed)', 'best(3) and worst(3)'],
  ),
)

const someRows = fc
  .array(
    fc.record({
      totalReward: fc.oneof(fc.integer({ min: -4, max: 4 }), fc.constantFrom(Number.NaN, Infinity)),
      agent: fc.constantFrom('a', 'b', 'constructor'),
      terminated: fc.boolean(),
      stage: fc.nat(2),
    }),
    { maxLength: 60 },
  )
  .map(drawn => drawn.map((fields, i) => row({ episode: i + 1, ...fields })))

const told = (given: readonly Release[]) =>
  given.map(({ row: { episode }, reason }) => [episode, reason] as const)

describe('L19 a keep rule', () => {
  test('gives up what a model gives up that sees all episodes, also across restarts', () => {
    fc.assert(
      fc.property(rules, someRows, fc.nat(5), (rule, rows, every) => {
        let keep: KeepState = setRule(undefined, rule)!
        const found = rows.map((ended, i) => {
          const given = told(judge(keep, ended))
          if (i % (every + 1) === 0) {
            keep = restoreKeep(unpackValue(packValue(keep)) as KeepState)
          }
          return [...given].sort(([a], [b]) => a - b)
        })
        expect(found).toEqual(naive(rule, rows))
      }),
    )
  })

  test('holds no more rows than the ranks that it asks for, and one for each agent', () => {
    const keep = setRule(undefined, 'best(3) or worst(2)')!
    for (let i = 1; i <= 2_000; i++) {
      judge(keep, row({ episode: i, totalReward: Math.sin(i) }))
      expect(Object.keys(keep.contenders).length).toBeLessThanOrEqual(5)
    }
    expect(Object.keys(keep.previous)).toEqual(['env-3'])
  })

  test('best(n) keeps what is best so far, and gives up who is overtaken', () => {
    expect(released([started('best(2)'), ...returns(5, 1, 3, 3, 9)])).toEqual([
      ...[
        [2, 'overtaken'],
        [4, 'not_kept'],
        [3, 'overtaken'],
      ],
    ])
  })

  test('says in which events all of an episode stands', () => {
    const events = [started('truncated'), began(1), frame(1, 0), frame(1, 1), ended(1)]
    expect(record(events).releases).toContainEqual({
      ...{ type: 'episode_released', agent: 'a', episode: 1, reason: 'not_kept' },
      ...{ fromSeq: 2, toSeq: 5, frames: 1 },
    })
  })

  test('without one everything stays', () => {
    expect(released([started(), ...returns(5, 1, 3)])).toEqual([])
  })

  test('that is another one knows nothing of what was kept before; the same one goes on', () => {
    const events = returns(9, 8, 1, 2)
    const [before, after] = [events.slice(0, 4), events.slice(4)]
    const run = (second?: string) =>
      released([started('best(2)'), ...before, started(second), ...after])
    expect(run('best(2)')).toEqual([
      [3, 'not_kept'],
      [4, 'not_kept'],
    ])
    expect(run('best(1)')).toEqual([[3, 'overtaken']])
    expect(run()).toEqual([])
  })

  test('of a later version that cannot be read keeps everything', () => {
    expect(released([started('surprise > 3'), ...returns(5, 1, 3)])).toEqual([])
  })

  test('interrupted and superseded episodes are judged by what the steps say', () => {
    const events = [started('terminated'), began(1), began(2), ended(2, { reason: 'interrupted' })]
    expect(released(events)).toEqual([
      [1, 'not_kept'],
      [2, 'not_kept'],
    ])
  })
})

describe('a discarded episode', () => {
  const discarded = (episode: number, totalReward = 3) =>
    ended(episode, { totalReward, reason: 'discarded', discarded: true })

  test('is given up without any rule, and also when the rule means it', () => {
    expect(released([began(1), discarded(1)])).toEqual([[1, 'discarded']])
    expect(released([started('all'), began(1), discarded(1)])).toEqual([[1, 'discarded']])
  })

  test('counts for no milestone, series or rank', () => {
    const { log, facts, releases } = record([
      ...[started('best(1)'), began(1), discarded(1, 99), began(2), ended(2)],
    ])
    expect(releases.map(({ episode }) => episode)).toEqual([1])
    expect(facts.map(({ episode }) => episode)).toEqual([2, 2])
    const { state } = fold(log)
    expect(state).toMatchObject({ bestReturn: 3, totals: { episodes: 2 } })
    expect(state.series['episode/return']?.count).toBe(1)
  })

  test('a reason that a trainer calls `discarded` is a word like any other', () => {
    expect(released([began(1), ended(1, { reason: 'discarded' })])).toEqual([])
  })
})

test('L18 a released episode is marked in its row by the fact alone, live and in a replay', () => {
  const { log } = record([started('best(1)'), ...returns(1, 2)])
  const { state } = fold(log)
  expect(state.rows.map(({ episode, released: why }) => [episode, why])).toEqual([
    ...[
      [1, 'overtaken'],
      [2, undefined],
    ],
  ])
  const silent = log.filter(({ event }) => event.type !== 'episode_released')
  expect(fold(silent).state.rows.every(held => held.released === undefined)).toBe(true)
})

test('A2 a snapshot of a state with a rule and the tail of the log give the whole state', () => {
  const { log } = record([started('best(2) or stage changed'), ...returns(1, 5, 2, 7, 3, 9)])
  const whole = packValue(fold(log).state)
  for (let at = 0; at <= log.length; at++) {
    const { state } = fold(log.slice(0, at))
    const again = restoreState(unpackValue(packValue(state)) as typeof state)
    expect(packValue(fold(log.slice(at), again).state)).toEqual(whole)
  }
})

test('a log without a rule folds to the state that it always did', () => {
  expect(fold(numbered([started(), ...returns(1)])).state).not.toHaveProperty('keep')
})
