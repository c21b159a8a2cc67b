// Metrics for viewers that read slowly: the newest of each series, not all that there were.
import { beforeEach, describe, expect, test } from 'vitest'
import { type FakeViewerSocket, settle } from './fake-viewer-socket.ts'
import { advance, connect, hub, publish, stage } from './hub-fixture.ts'
import { frameOf, insightOf, projectionOf, seriesOf } from './stage.ts'

let seq = 10

/** The values of the series; those named have changed. */
function sample(values: Record<string, number>, changed: readonly string[] = Object.keys(values)) {
  const metrics = Object.entries(values).map(([name, last]) => ({ ...seriesOf(name), last }))
  hub.showProjection({ projection: projectionOf(++seq, { metrics }), changedMetrics: changed })
}

/** What it was told last of each series, and how often. */
function told(socket: FakeViewerSocket) {
  const messages = socket.of('metrics')
  const last = new Map(messages.flatMap(({ series }) => series.map(one => [one.name, one.last])))
  return { count: messages.length, last: Object.fromEntries(last) }
}

/** A viewer whose socket holds more than is new. */
async function fill(socket: FakeViewerSocket): Promise<void> {
  await settle()
  socket.reading = false
  publish(insightOf('x'.repeat(100_000)))
}

beforeEach(() => {
  seq = 10
  sample({ a: 0, b: 0, c: 0 }, [])
})

describe('U3 a viewer that reads slowly', () => {
  test('is told the newest of each series that has changed, once, when there is room', async () => {
    const [slow, quick] = [connect(), connect()]
    await fill(slow)
    const [before, heard] = [told(slow).count, told(quick).count]
    const { dropped } = hub.counters
    for (let at = 1; at <= 8; at++) {
      sample({ a: at, b: at, c: 0 }, [at % 2 === 0 ? 'a' : 'b'])
      await advance(100)
    }
    expect(told(slow).count).toBe(before)
    expect(told(quick).count - heard).toBeGreaterThanOrEqual(8)
    slow.reading = true
    slow.drain()
    await settle()
    expect(told(slow).count).toBe(before + 1)
    const { series, totals } = slow.of('metrics').at(-1)!
    expect(series.map(({ name, last }) => [name, last])).toEqual([
      ['a', 8],
      ['b', 8],
    ])
    expect(totals.events).toBe(seq)
    // Those that were due in between are counted, and from here on it is told as all are.
    expect(hub.counters.dropped - dropped).toBeGreaterThanOrEqual(7)
    sample({ a: 9, b: 8, c: 0 }, ['a'])
    await advance(1100)
    expect(told(slow).last).toEqual({ a: 9, b: 8, c: 0 })
    expect(told(slow).count - before - 1).toBe(2)
  })

  test('is told the points of what has changed when their second came while it had no room', async () => {
    const slow = connect()
    sample({ a: 1 })
    await advance(200)
    await fill(slow)
    for (let at = 2; at <= 10; at++) {
      sample({ a: at })
      await advance(100)
    }
    slow.reading = true
    slow.drain()
    await settle()
    expect(slow.of('metrics').at(-1)?.series).toMatchObject([
      {
        name: 'a',
        last: 10,
        points: [
          [0, 1],
          [1, Number.NaN],
        ],
      },
    ])
  })

  test('shares what is built with others that were slow in the same way', async () => {
    const slow = Array.from({ length: 5 }, () => connect())
    for (const socket of slow) await fill(socket)
    sample({ a: 1, b: 1 }, ['b'])
    await advance(100)
    sample({ a: 2, b: 1 }, ['a'])
    await advance(100)
    const { built } = hub.counters
    for (const socket of slow) socket.drain()
    await settle()
    expect(slow.map(socket => told(socket).last)).toEqual(slow.map(() => ({ a: 2, b: 1, c: 0 })))
    expect(hub.counters.built).toBe(built + 1)
  })

  test('sees frames and metrics in turns, though each would take all of its room', async () => {
    const slow = connect({ encoding: 'raw', max_fps: 240 })
    stage.agents = ['agent-0']
    await fill(slow)
    const [before, frames] = [told(slow).count, slow.frames.length]
    for (let at = 1; at <= 20; at++) {
      sample({ a: at })
      hub.showFrame(frameOf(at, 150_000))
      await advance(100)
      slow.drain()
      await settle()
    }
    expect(told(slow).count - before).toBeGreaterThanOrEqual(8)
    expect(slow.frames.length - frames).toBeGreaterThanOrEqual(8)
  })

  test('is told nothing late of what a new greeting says', async () => {
    const slow = connect()
    await fill(slow)
    sample({ a: 1 })
    await advance(100)
    stage.position = { epoch: 2, seq: 1 }
    publish({ kind: 'restarted' })
    slow.reading = true
    slow.drain()
    await advance(300)
    const types = slow.messages.map(({ type }) => type)
    const greeted = types.lastIndexOf('connection_established')
    expect(types.slice(greeted)).not.toContain('metrics')
  })

  test('that wants no metrics is owed none', async () => {
    const slow = connect({ channels: ['insights'] })
    await fill(slow)
    sample({ a: 1 })
    await advance(200)
    slow.reading = true
    slow.drain()
    await settle()
    expect(told(slow).count).toBe(0)
  })
})
