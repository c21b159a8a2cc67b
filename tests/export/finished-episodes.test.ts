// What is owed to the dataset, by the log alone.
import { describe, expect, test } from 'vitest'
import {
  accountOf,
  type FinishedState,
  noneFinished,
  settle,
  spoil,
  takeIn,
} from '../../src/export/finished-episodes.ts'
import { packValue, unpackValue } from '../../src/protocol/codec.ts'
import type { Envelope, Event } from '../../src/protocol/events.ts'

const foldOf = (events: readonly object[], state = noneFinished()): FinishedState => {
  for (const [at, event] of events.entries()) {
    takeIn(state, { seq: at + 1, epoch: 1, time: 1000 + at, event: event as Event } as Envelope)
  }
  return state
}

const ended = (episode: number, agent = 'a') => ({ type: 'episode_ended', agent, episode })
const counted = (episode: number, owed: number, agent = 'a') => {
  return { type: 'frames_counted', agent, camera: 'eye', episode, owed }
}
const committed = (episode: number, agent = 'a') => ({ type: 'video_committed', agent, episode })
const saved = (episode: number, agent = 'a') => ({ type: 'episode_saved', agent, episode })

const owed = ({ finished }: FinishedState): number[] => finished.map(({ episode }) => episode)

describe('X6 the episodes that a dataset is owed', () => {
  test('stand in the order of their ends, each with its agent’s one before', () => {
    const { finished } = foldOf([ended(2), ended(1, 'b'), ended(4), ended(3, 'b')])
    expect(finished).toEqual([
      { episode: 2, agent: 'a', seq: 1, time: 1000, previous: null },
      { episode: 1, agent: 'b', seq: 2, time: 1001, previous: null },
      { episode: 4, agent: 'a', seq: 3, time: 1002, previous: 2 },
      { episode: 3, agent: 'b', seq: 4, time: 1003, previous: 1 },
    ])
  })

  test('L19 come after the last one of their agent that was not discarded', () => {
    const discarded = { ...ended(2), discarded: true }
    const { finished } = foldOf([ended(1), discarded, discarded, ended(3), ended(4)])
    expect(finished.map(({ episode, previous }) => [episode, previous])).toEqual([
      [1, null],
      [2, 1],
      [3, 1],
      [4, 3],
    ])
  })

  test('have the accounts of all cameras, also those that were closed before the end', () => {
    const state = foldOf([committed(1), counted(1, 5), ended(1), committed(1), counted(1, 7)])
    expect(accountOf(state, { agent: 'a', episode: 1 })).toMatchObject({ owed: 12, videos: [1, 4] })
  })

  test('are not those of which the log says what became of them', () => {
    const refused = { type: 'episode_refused', agent: 'a', episode: 2 }
    const state = foldOf([ended(1), ended(2), counted(1, 3), ended(3), saved(1), refused])
    expect(owed(state)).toEqual([3])
    expect(state.accounts).toEqual([])
  })

  test('end once, however often that is told', () => {
    expect(owed(foldOf([ended(1), ended(1), ended(2)]))).toEqual([1, 2])
    expect(owed(foldOf([ended(1), saved(1), ended(1)]))).toEqual([])
  })

  test('leave nothing behind of an episode whose end was lost', () => {
    const state = foldOf([counted(1, 3), ended(2), counted(2, 3), counted(3, 1), ended(4)])
    expect(state.accounts.map(({ episode }) => episode)).toEqual([2])
    settle(state, 2)
    expect(state.accounts).toEqual([])
  })

  test('S6 X6 are refused where something of them cannot be looked at, and in their order', () => {
    const state = foldOf([ended(1), counted(1, 3)])
    const told = [ended(2), counted(3, 2), committed(4)]
    for (const [at, event] of told.entries()) {
      spoil(state, { seq: 3 + at, epoch: 1, time: 0, event: event as Event }, `lost ${at}`)
    }
    foldOf([ended(3), ended(4), ended(5)], state)
    const why = state.finished.map(finished => [
      finished.episode,
      finished.spoilt ?? accountOf(state, finished).spoilt,
    ])
    expect(why).toEqual([
      [1, undefined],
      [2, 'lost 0'],
      [3, 'lost 1'],
      [4, 'lost 2'],
      [5, undefined],
    ])
  })

  test('are the same after a snapshot', () => {
    const before = foldOf([ended(1), counted(1, 2)])
    const restored = unpackValue(packValue(before)) as FinishedState
    expect(restored).toEqual(before)
    expect(foldOf([committed(1), ended(2)], restored)).toEqual(
      foldOf([committed(1), ended(2)], foldOf([ended(1), counted(1, 2)])),
    )
  })
})
