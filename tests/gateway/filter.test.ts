// Filters of viewers: which finished episodes they are sent, and how little it costs to tell.
import { describe, expect, test } from 'vitest'
import { readFilter, Verdicts } from '../../src/gateway/filter.ts'
import type { EpisodesPage } from '../../src/protocol/thread-messages.ts'
import { type FakeViewerSocket, settle } from './fake-viewer-socket.ts'
import { advance, connect, hub, openHub, stage } from './hub-fixture.ts'
import { noHistory, rowOf, type TestStage } from './stage.ts'

const finish = (...args: Parameters<TestStage['finish']>): void =>
  hub.publish([stage.finish(...args)])

const wholes = (socket: FakeViewerSocket): number[] =>
  socket.of('episode').map(one => one.row.episode)
const played = (socket: FakeViewerSocket) =>
  socket.of('episode_end').map(end => [end.episode, end.skipped])

describe('L13 a filter', () => {
  test('L13 chooses among whole episodes, for each viewer its own, and can be changed at any time', async () => {
    const long = connect({ delivery: 'whole', where: 'length > 5' })
    const all = connect({ delivery: 'whole' })
    for (const [episode, steps] of [4, 9, 5, 6].entries()) finish(episode + 1, steps)
    await settle()
    expect(wholes(long)).toEqual([2, 4])
    expect(wholes(all)).toEqual([1, 2, 3, 4])
    // It starts with the newest that there is of what it wants now.
    long.say({ type: 'set', where: 'length = 5' })
    finish(5, 6)
    finish(6, 5)
    await settle()
    expect(wholes(long)).toEqual([2, 4, 3, 6])
    long.say({ type: 'set', where: null })
    finish(7, 8)
    await settle()
    expect(wholes(long)).toEqual([2, 4, 3, 6, 6, 7])
  })

  test('L13 chooses what is played, and only what is wanted counts as skipped', async () => {
    const hello = { delivery: 'paced', step_delay: 0.1, where: 'length >= 4' }
    const socket = connect(hello)
    finish(1, 2)
    finish(2, 4)
    for (const [at, steps] of [2, 4, 3, 4, 2].entries()) finish(at + 3, steps)
    await advance(1500)
    expect(played(socket)).toEqual([
      [2, 0],
      [6, 1],
    ])
    expect(new Set(socket.of('state_update').map(state => state.episode))).toEqual(new Set([2, 6]))
  })

  test('L13 may speak of stages, agents, and places by return', async () => {
    const stages = connect({ delivery: 'whole', where: 'stage changed' })
    const best = connect({ delivery: 'whole', where: 'best(2)' })
    const agent = connect({ delivery: 'whole', agents: 'all', where: 'agent = b' })
    finish(1, 3, 'agent-0', { better: 0, previous: rowOf(0, { stage: 1 }) })
    finish(2, 3, 'agent-0', { better: 5, previous: rowOf(1) })
    finish(3, 3, 'agent-0', { better: 1, previous: rowOf(2) })
    finish(4, 3, 'b')
    await settle()
    expect([wholes(stages), wholes(best), wholes(agent)]).toEqual([[1], [1, 3], [4]])
  })

  test('L13 that cannot be read is answered with its place, and the one before it stays', async () => {
    const socket = connect({ delivery: 'whole', where: 'length > 5' })
    const bad = connect({ delivery: 'whole', where: 'length >' })
    socket.say({ type: 'set', where: 'length > 5 and colour = red', max_fps: 5 })
    finish(1, 4)
    finish(2, 9)
    await settle()
    const error = { request: null, code: 'USAGE', at: 15, length: 6 }
    expect(socket.of('error')).toMatchObject([error])
    expect(socket.of('error')[0]?.message).toContain('column 16')
    expect(wholes(socket)).toEqual([2])
    // Said with the hello it leaves the viewer without one.
    expect(bad.of('error')).toMatchObject([{ code: 'USAGE', at: 8, length: 1 }])
    expect(wholes(bad)).toEqual([1, 2])
    for (let at = 0; at < 20; at++) socket.say({ type: 'set', where: '(' })
    expect(socket.closedWith).toBe(null)
  })

  test('L13 is held against an episode once, however many viewers have it, and however spelled', async () => {
    const spellings = ['length > 5 and not truncated', ' LENGTH>5 AND (not truncated)']
    const sockets = Array.from({ length: 50 }, (_, at) =>
      connect({ delivery: at % 3 === 0 ? 'paced' : 'whole', where: spellings[at % 2] }),
    )
    connect({ delivery: 'newest', where: 'length > 1' })
    for (let episode = 1; episode <= 4; episode++) finish(episode, 4 + episode)
    await advance(100)
    expect(hub.counters.judged).toBe(4)
    expect(sockets.filter(socket => wholes(socket).length === 3)).toHaveLength(33)
    for (const socket of sockets) socket.terminate()
    finish(5, 9)
    expect(hub.counters.judged).toBe(4)
  })
})

test('L13 P13 however many expressions a viewer tries, an episode keeps the verdicts of 256', () => {
  let judged = 0
  const verdicts = new Verdicts(() => judged++)
  const { subject } = stage.finish(1, 3)
  const means = (length: number): boolean =>
    verdicts.means(readFilter(`length > ${length}`), subject)
  for (let length = 0; length < 1000; length++) expect(means(length)).toBe(length < 3)
  expect(judged).toBe(1000)
  // Those of the last ones are remembered, the others are not.
  means(999)
  expect(judged).toBe(1000)
  for (let length = 0; length < 256; length++) means(length)
  expect(judged).toBe(1256)
})

describe('L13 a listing', () => {
  test('L13 hands its filter on, and says where to go on', async () => {
    const asked: EpisodesPage[] = []
    const episodes = async (page: EpisodesPage) => {
      asked.push(page)
      return { rows: [rowOf(40)], next: 17 }
    }
    openHub({ history: { ...noHistory, episodes } })
    const socket = connect()
    const listing = { type: 'list_episodes', request: 3, before: 50, after: 2, limit: 1 }
    socket.say({ ...listing, where: 'return > 1' })
    await settle()
    expect(asked).toMatchObject([{ before: 50, after: 2, limit: 1, where: { kind: 'compare' } }])
    const answer = socket.of('episodes').find(page => page.request === 3)
    expect(answer).toMatchObject({ more: true, next: 17, rows: [{ episode: 40 }] })
    socket.say({ ...listing, request: 4, where: 'return > red' })
    await settle()
    expect(socket.of('error')).toMatchObject([{ request: 4, code: 'USAGE', at: 9, length: 3 }])
    expect(asked).toHaveLength(1)
  })
})
