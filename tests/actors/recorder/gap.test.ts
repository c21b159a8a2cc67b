// D5, P3: what is told of events that came while the disk was full.
import { expect, test } from 'vitest'
import { emptyState, evolve, noChanges } from '../../../src/actors/aggregator/logic.ts'
import { Gap } from '../../../src/actors/recorder/gap.ts'
import type { Intake } from '../../../src/actors/recorder/logic.ts'
import { Losses } from '../../../src/actors/recorder/losses.ts'
import { decodeRecord, Layouts, readRecord } from '../../../src/protocol/codec.ts'
import type { Event } from '../../../src/protocol/events.ts'
import {
  declarations,
  episodeBegan,
  episodeEnded,
  frame,
  frameLayout,
  recordsOf,
  step,
  stepLayout,
} from '../../store/records.ts'

const layouts = new Layouts([stepLayout, frameLayout])

const intakeOf = (events: readonly Event[]): Intake => ({
  records: recordsOf(events),
  count: events.length,
  frames: [{ index: 0, bytes: new Uint8Array(100) }],
  newestFrames: [],
  isAwaited: false,
})

function gapOf(...losses: readonly (readonly Event[])[]): Gap {
  const gap = new Gap()
  for (const events of losses) gap.add(intakeOf(events), layouts)
  return gap
}

/** What the aggregator makes of a log of these events. */
function fold(events: readonly Event[]) {
  const state = emptyState()
  const changes = noChanges()
  for (const [i, event] of events.entries()) {
    evolve(state, { seq: i + 1, epoch: 1, time: 1_000 + i, event }, changes)
  }
  return { state, changes }
}

const told = (gap: Gap, known: Parameters<Gap['records']>[0]): Event[] =>
  gap
    .records(known, layouts, 5_000)
    .map(record => decodeRecord(record, readRecord(record, 0), layouts).event)

test('D5 what was lost is one event that says how much, pixels counted', () => {
  const events = [step(1, 1), step(1, 2), step(1, 3)]
  const known = { layouts: [stepLayout, frameLayout], openEpisodes: [] }
  const bytes = recordsOf(events).byteLength + 2 * 100
  expect(told(gapOf(events.slice(0, 1), events.slice(1)), known)).toEqual([
    { type: 'gap_found', cause: 'disk_full', events: 3, bytes },
  ])
})

test('D5 where nothing was lost nothing is told', () => {
  expect(told(new Gap(), { layouts: [], openEpisodes: [{ episode: 1, agent: 'a' }] })).toEqual([])
})

test('D5 a gap that the next recorder takes over tells the same', () => {
  const gap = gapOf([...declarations, episodeBegan(1), step(1, 0)])
  const known = { layouts: [stepLayout], openEpisodes: [{ episode: 7, agent: 'agent-0' }] }
  const state = gap.state(layouts)
  expect(told(new Gap(structuredClone(state)), known)).toEqual(told(gap, known))
  expect(state.layouts).toEqual([stepLayout, frameLayout])
})

test('D5 a declaration that was lost is no other layout than the one that was read from it', () => {
  const read = new Layouts()
  const records = recordsOf([{ type: 'layout_declared', ...stepLayout }])
  decodeRecord(records, readRecord(records, 0), read)
  const gap = new Gap()
  gap.add({ records, count: 1, frames: [], newestFrames: [], isAwaited: false }, read)
  const known = { layouts: [stepLayout, frameLayout], openEpisodes: [] }
  expect(told(gap, known)).toMatchObject([{ type: 'gap_found', events: 1 }])
})

test('D5 layouts that were declared meanwhile are declared again: later steps need them', () => {
  const events = told(gapOf(declarations), { layouts: [stepLayout], openEpisodes: [] })
  expect(events.slice(1)).toEqual([{ type: 'layout_declared', ...frameLayout }])
})

test('D5 an episode that ended unseen is interrupted; one that goes on is not', () => {
  const known = { layouts: [stepLayout, frameLayout] }
  const open = (...losses: Event[][]): string[] =>
    told(gapOf(...losses), { ...known, openEpisodes: [{ episode: 7, agent: 'agent-0' }] })
      .slice(1)
      .map(event => `${event.type} ${(event as { episode?: number }).episode}`)
  expect(open([step(7, 1)])).toEqual([])
  expect(open([episodeEnded(7)])).toEqual(['episode_ended 7'])
  const next = ['episode_ended 7', 'episode_began 8']
  expect(open([episodeEnded(7)], [episodeBegan(8)])).toEqual(next)
  expect(open([episodeBegan(8), step(8, 0)])).toEqual(next)
  expect(open([episodeBegan(8), step(8, 0), episodeEnded(8)])).toEqual(['episode_ended 7'])
})

test('D5 L19 an episode that began unseen begins with the gap, so that all of its frames are found', () => {
  const known = { layouts: [stepLayout, frameLayout], openEpisodes: [] }
  const gap = gapOf([episodeBegan(8), step(8, 0)])
  const { state, changes } = fold([...told(gap, known), frame(8, 1), episodeEnded(8)])
  expect(state.open).toEqual({})
  expect(changes.rows).toMatchObject([{ episode: 8, firstSeq: 2, lastSeq: 4 }])
})

test('D5 what could not be told is told with what was lost since: the newest of each agent counts', () => {
  const losses = new Losses(new Layouts(layouts.all()))
  losses.add(intakeOf([episodeEnded(7), episodeBegan(8)]))
  const taken = losses.takeGap()
  expect(losses.isTold).toBe(true)
  losses.add(intakeOf([episodeEnded(8)]))
  const state = losses.giveBack(taken)
  expect(losses.isTold).toBe(false)
  const once = gapOf([episodeEnded(7), episodeBegan(8)], [episodeEnded(8)])
  expect(state).toEqual(once.state(layouts))
  const unmentioned = new Losses(new Layouts(layouts.all()))
  unmentioned.add(intakeOf([step(8, 1)]))
  expect(unmentioned.giveBack(gapOf([episodeBegan(8)])).open).toEqual([['agent-0', 8]])
})
