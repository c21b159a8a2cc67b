// Insights that are given while a viewer is away: nothing but the hub holds them.
import { describe, expect, test } from 'vitest'
import { MIB } from '../../src/base/bytes.ts'
import { type FakeViewerSocket, settle } from './fake-viewer-socket.ts'
import { connect, hub, publish, stage } from './hub-fixture.ts'
import { insightOf, projectionOf, steppedOf, systemOf } from './stage.ts'

/** Everything up to there is shown. */
function reach(seq: number): void {
  stage.position = { epoch: 1, seq }
  publish(steppedOf(1, seq, seq))
}

function give(from: number, count: number, over: Parameters<typeof insightOf>[1] = {}): void {
  for (let at = from; at < from + count; at++) publish(insightOf(at, over))
}

/** A run in which somebody may have been at position 20, and has missed what comes then. */
function begin(): void {
  reach(10)
  hub.showProjection({ projection: projectionOf(10), changedMetrics: [] })
  give(1, 2)
  reach(20)
  reach(30)
}

const comeBack = (hello: Record<string, unknown> = {}): FakeViewerSocket =>
  connect({ resume: { epoch: 1, seq: 20 }, ...hello })
const continuation = (socket: FakeViewerSocket): string | undefined =>
  socket.of('connection_established')[0]?.continuation
const told = (socket: FakeViewerSocket): unknown[] => socket.of('insight').map(({ data }) => data)

describe('U2 a viewer that comes back', () => {
  test('is told the insights that it missed, in their order, and no others', async () => {
    begin()
    give(3, 2)
    reach(40)
    give(5, 1)
    const socket = comeBack()
    give(6, 1)
    await settle()
    expect(continuation(socket)).toBe('resume')
    expect(told(socket)).toEqual([3, 4, 5, 6])
  })

  test('is told a position behind them, so that a link that breaks before has not reached it', async () => {
    begin()
    give(3, 2)
    hub.showSystem(systemOf({ newest: { epoch: 1, seq: 30 } }))
    const socket = comeBack()
    await settle()
    const types = socket.messages.map(({ type }) => type)
    expect(types.indexOf('system')).toBeGreaterThan(types.lastIndexOf('insight'))
  })

  test('is told those about whom it follows, as they are said to its level', async () => {
    stage.agents = ['agent-0', 'agent-1']
    begin()
    give(3, 1, { agent: 'agent-0' })
    give(4, 1, { agent: 'agent-1' })
    publish(insightOf({ levels: { beginner: 'small', advanced: 0.1 } }))
    const other = comeBack({ agent: 'agent-1', level: 'beginner' })
    const both = comeBack({ agents: 'all' })
    await settle()
    expect(told(other)).toEqual([4, 'small'])
    expect(told(both)).toEqual([3, 4, 0.1])
  })

  test.each([
    ['more of them', 257, 10],
    ['larger ones', 5, MIB - 2048],
  ])('starts over when there were %s than are held', async (_what, count, bytes) => {
    begin()
    give(3, count - 1, { bytes })
    const before = comeBack()
    give(3 + count, 1, { bytes })
    const after = comeBack()
    // What it does not want cannot be missed.
    const without = comeBack({ channels: ['episodes', 'milestones'] })
    await settle()
    const outcomes = [before, after, without].map(continuation)
    expect(outcomes).toEqual(['resume', 'resync', 'resume'])
    expect(told(after)).toEqual([])
  })

  test('U1 costs nothing while nobody watches, and is not told those of what was void', async () => {
    begin()
    give(3, 2)
    expect(hub.counters.built).toBe(0)
    stage.position = { epoch: 1, seq: 25 }
    publish({ kind: 'restarted' })
    reach(26)
    const socket = comeBack()
    await settle()
    expect(continuation(socket)).toBe('resync')
    expect(told(socket)).toEqual([])
  })
})
