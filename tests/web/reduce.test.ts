import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ServerMessage } from '../../src/protocol/server-messages.ts'
import { agentChoices } from '../../web/state/agent-choices.ts'
import { compareRoute } from '../../web/state/compare-route.ts'
import { EPISODE_ROWS_MAX, mergeRows } from '../../web/state/episode-rows.ts'
import { missingNote } from '../../web/state/missing.ts'
import { reduce } from '../../web/state/reduce.ts'
import { initialState, type ViewerState } from '../../web/state/viewer-state.ts'
import {
  episode,
  established,
  metrics,
  milestone,
  page,
  row,
  rows,
  series,
  serverError,
  update,
} from './messages.ts'

const stateAfter = (...messages: ServerMessage[]): ViewerState =>
  messages.reduce(reduce, initialState)
const listed = (state: ViewerState): number[] => state.rows.map(one => one.episode)

test('U5 the best episode is compared with the replayed one, or with the newest', () => {
  const none = stateAfter(established())
  expect(compareRoute(none)).toBeNull()
  const listing = stateAfter(established(), page(rows(50, 41)))
  expect(compareRoute(listing)).toEqual({ view: 'compare', left: 41, right: 50 })
  const best = reduce(listing, milestone(44, 0))
  expect(compareRoute(best)).toEqual({ view: 'compare', left: 44, right: 50 })
  const replaying = { ...best, replay: { phase: 'loading', episode: 47, request: 1 } } as const
  expect(compareRoute(replaying)).toEqual({ view: 'compare', left: 44, right: 47 })
  const shown = { ...best, route: { view: 'compare', left: 1, right: 2 } } as const
  expect(compareRoute(shown)).toEqual(shown.route)
})

describe('episode rows', () => {
  test('are latest first, each once, in whatever order and how often they come', () => {
    const batches = fc.array(fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 10 }))
    fc.assert(
      fc.property(batches, numbers => {
        const merged = numbers.reduce<ReturnType<typeof mergeRows>>(
          (held, batch) => mergeRows(held, batch.map(row)),
          [],
        )
        const expected = [...new Set(numbers.flat())].sort((a, b) => b - a)
        expect(merged.map(one => one.episode)).toEqual(expected)
      }),
    )
  })

  test('S22 keep the newest 10 000 and then offer no older ones', () => {
    const state = stateAfter(established(), page(rows(EPISODE_ROWS_MAX + 1000, 1), true))
    expect(state.rows).toHaveLength(10_000)
    expect(state.rows.at(-1)?.episode).toBe(1001)
    expect(state.more).toBe(false)
  })

  test('that are pushed do not change whether there are older ones', () => {
    const state = stateAfter(established(), page(rows(50, 41), true), page([row(51)], false))
    expect(listed(state)[0]).toBe(51)
    expect(state.more).toBe(true)
  })

  test('of the answer to the request for older ones settle that request', () => {
    const waiting = { ...stateAfter(established(), page(rows(50, 41), true)), olderRequest: 7 }
    const answered = reduce(waiting, page(rows(40, 36), false, 7))
    expect(answered.rows).toHaveLength(15)
    expect(answered).toMatchObject({ more: false, olderRequest: null })
    expect(reduce(waiting, page(rows(40, 36), false, 6)).olderRequest).toBe(7)
  })

  test('U13 that ended last are no page by number: older ones are asked for from the top', () => {
    // Of agents that play side by side one took long: its episode has a low number.
    const first = stateAfter(established(), page([...rows(50, 42), row(7)], true))
    expect(first.olderBefore).toBe(51)
    const waiting = { ...first, olderRequest: 7 }
    const answered = reduce(waiting, { ...page(rows(50, 31), true, 7), next: 31 })
    expect(answered.olderBefore).toBe(31)
    expect(reduce(answered, page([row(3)], true)).olderBefore).toBe(31)
    const joined = reduce(
      reduce(answered, established({ continuation: 'resume' })),
      page(rows(52, 45), true),
    )
    expect(joined.olderBefore).toBe(31)
  })

  test('held before a reconnect stay when the new page joins them', () => {
    const held = stateAfter(established(), page(rows(50, 41), true))
    const state = [established({ continuation: 'resume' }), page(rows(52, 45), true)].reduce(
      reduce,
      held,
    )
    expect(listed(state)).toEqual(rows(52, 41).map(one => one.episode))
  })

  test('held before a reconnect go when episodes between them and the new page are missing', () => {
    const held = stateAfter(established(), page(rows(50, 41), false))
    const state = [established({ continuation: 'resync' }), page(rows(90, 81), true)].reduce(
      reduce,
      held,
    )
    expect(listed(state)).toEqual(rows(90, 81).map(one => one.episode))
    expect(state.more).toBe(true)
  })
})

describe('another run', () => {
  test('starts from nothing', () => {
    const first = stateAfter(
      established(),
      page(rows(5, 1)),
      metrics([series('loss')]),
      milestone(1, 0),
    )
    const second = reduce(first, established({ run: 'run-2', name: 'two', agents: ['b'] }))
    expect(second).toMatchObject({ run: 'run-2', name: 'two', agents: ['b'], rows: [], series: {} })
    expect(second.milestones).toEqual([])
  })

  test('leaves a comparison of episodes, but not one that waits for its run', () => {
    const compare = { view: 'compare', left: 1, right: 2 } as const
    const waiting = reduce({ ...initialState, route: compare }, established())
    expect(waiting.route).toEqual(compare)
    expect(reduce(waiting, established({ continuation: 'resync' })).route).toEqual(compare)
    expect(reduce(waiting, established({ run: 'run-2' })).route).toEqual({ view: 'live' })
  })

  test('L14 keeps the followed agent, which can be left also where the run does not have it', () => {
    const first = { ...stateAfter(established()), followed: 'env-3' }
    const second = reduce(first, established({ run: 'x', agents: [] }))
    expect(agentChoices(second)).toEqual(['env-3'])
    const known = reduce(second, update({ agent: 'env-3' }))
    expect(agentChoices(known)).toEqual(['env-3'])
    expect(agentChoices({ ...known, followed: null })).toEqual([])
    expect(agentChoices({ agents: ['a', 'b'], followed: null })).toEqual(['a', 'b'])
  })
})

test('L9: the mode is that of the newest message', () => {
  const state = stateAfter(established({ mode: 'waiting' }))
  expect(state.mode).toBe('waiting')
  expect(reduce(state, { ...page([]), mode: 'checkpoint' }).mode).toBe('checkpoint')
})

test('a quick update of the metrics keeps the points of the last full one', () => {
  const full = stateAfter(metrics([series('loss', [[1, 2]]), series('kl', [[3, 4]])]))
  // What nobody recorded is not there, whatever every object has.
  for (const { series: held } of [initialState, full]) expect(held['constructor']).toBe(undefined)
  const quick = reduce(full, metrics([{ ...series('loss'), last: 9 }]))
  expect(quick.series['loss']).toMatchObject({ last: 9, points: [[1, 2]] })
  expect(quick.series['kl']?.points).toEqual([[3, 4]])
})

test('a milestone that comes twice is listed once, the newest first', () => {
  const state = stateAfter(milestone(1, 10), milestone(2, 20), milestone(1, 10))
  expect(state.milestones.map(one => one.episode)).toEqual([2, 1])
})

describe('the answer to a request for an episode', () => {
  const loading: ViewerState = {
    ...initialState,
    replay: { phase: 'loading', episode: 3, request: 9 },
  }

  test('opens the replay', () => {
    expect(reduce(loading, episode(3, 9)).replay).toMatchObject({ phase: 'ready', steps: 4 })
  })

  test('is ignored when another episode has been asked for since', () => {
    expect(reduce(loading, episode(2, 8)).replay).toBe(loading.replay)
  })

  test('may be an error, which is shown in its place', () => {
    expect(reduce(loading, serverError(9, 'it was pruned')).replay).toEqual({
      phase: 'failed',
      episode: 3,
      message: 'it was pruned',
    })
    expect(reduce(loading, serverError(8, 'old')).replay).toBe(loading.replay)
  })

  test('may break off in its frames, and why is shown beside how many there are', () => {
    const { replay } = [
      { ...episode(3, 9), thinned_by: 2, frames_following: 3 },
      serverError(9, 'the others were pruned'),
    ].reduce<ViewerState>(reduce, loading)
    expect(replay).toMatchObject({ phase: 'ready', problem: 'the others were pruned' })
    expect(replay?.phase === 'ready' && missingNote({ ...replay, framesReceived: 2 }, 1)).toBe(
      'every 2th step · frames 66 % · the others were pruned',
    )
  })
})

test('an error that answers nothing is shown as it is', () => {
  expect(stateAfter(serverError(null, 'the log stopped')).problem).toBe('the log stopped')
})
