// What viewers are told of a run as a whole, also when they or the aggregator come back.
import { describe, expect, test } from 'vitest'
import { closeCodes } from '../../src/protocol/viewer-protocol.ts'
import { settle } from './fake-viewer-socket.ts'
import { advance, clock, connect, hub, publish, stage } from './hub-fixture.ts'
import { beganOf, milestoneOf, projectionOf, rowOf, seriesOf } from './stage.ts'

describe('metrics, rows and milestones', () => {
  test('summaries come at up to 10 Hz, points of changed series at most once a second', async () => {
    const socket = connect()
    const metrics = [seriesOf('loss'), seriesOf('entropy')]
    for (let i = 1; i <= 100; i++) {
      hub.showProjection({ projection: projectionOf(i, { metrics }), changedMetrics: ['loss'] })
      await advance(20)
    }
    await advance(1000)
    const updates = socket.of('metrics').filter(message => message.series.length > 0)
    const withPoints = updates.filter(message => message.series[0]?.points !== undefined)
    expect(withPoints.length).toBeGreaterThanOrEqual(2)
    expect(withPoints.length).toBeLessThanOrEqual(3)
    expect(updates.length - withPoints.length).toBeGreaterThanOrEqual(19)
    expect(updates.length - withPoints.length).toBeLessThanOrEqual(22)
    for (const update of updates) expect(update.series.map(one => one.name)).toEqual(['loss'])
    expect(socket.of('metrics').at(-1)?.totals.events).toBe(100)
  })

  test('every new row and milestone comes once', async () => {
    const socket = connect()
    const episodes = Array.from({ length: 30 }, (_, i) => rowOf(i + 1))
    for (let held = 0; held <= 30; held += 5) {
      const projection = projectionOf(held * 10 + 9, {
        episodes: episodes.slice(Math.max(0, held - 10), held),
        milestones: held === 0 ? [] : [milestoneOf(held, held * 10)],
      })
      hub.showProjection({ projection, changedMetrics: [] })
    }
    await settle()
    const rows = socket.of('episodes').flatMap(message => message.rows.map(row => row.episode))
    expect(rows).toEqual(episodes.map(row => row.episode))
    expect(socket.of('milestone').map(one => one.episode)).toEqual([5, 10, 15, 20, 25, 30])
  })
})

describe('an aggregator that starts again', () => {
  test('folds once more what was shown: viewers never see less than before', async () => {
    const socket = connect()
    for (const seq of [40, 30, 50]) {
      hub.showProjection({ projection: projectionOf(seq), changedMetrics: [] })
      await advance(200)
    }
    expect(socket.of('metrics').map(({ totals }) => totals.events)).toEqual([40, 50])
  })
})

describe('coming back', () => {
  const show = (upTo: number): void => {
    const episodes = Array.from({ length: upTo }, (_, i) => rowOf(i + 1)).slice(-500)
    const projection = projectionOf(upTo * 10 + 9, {
      episodes,
      milestones: [milestoneOf(upTo, upTo * 10)],
    })
    hub.showProjection({ projection, changedMetrics: [] })
  }

  test('U2 a viewer resumes where it was, with the rows and milestones that it missed', async () => {
    show(1)
    for (let i = 2; i <= 100; i++) show(i)
    const socket = connect({ resume: { epoch: 1, seq: 305 } })
    await settle()
    expect(socket.of('connection_established')[0]?.continuation).toBe('resume')
    const rows = socket.of('episodes').flatMap(message => message.rows.map(row => row.episode))
    for (let episode = 30; episode <= 100; episode++) expect(rows).toContain(episode)
    expect(socket.of('milestone').map(one => one.episode)).toEqual([100])
  })

  test.each([
    ['another epoch', { epoch: 2, seq: 50 }],
    ['a place that was never shown', { epoch: 1, seq: 1_000_000 }],
    ['a place before everything that is remembered', { epoch: 1, seq: 20 }],
    ['U2 another run, whose numbers happen to fit', { epoch: 1, seq: 3_900, run: 'another' }],
  ])('%s is answered with resync', async (_name, resume) => {
    for (let i = 1; i <= 400; i++) show(i)
    const socket = connect({ resume })
    await settle()
    expect(socket.of('connection_established')[0]?.continuation).toBe('resync')
    expect(socket.of('episodes')[0]?.rows).toHaveLength(50)
  })

  test('when the feed starts over, viewers are told to start over', async () => {
    const socket = connect()
    stage.position = { epoch: 2, seq: 1 }
    publish({ kind: 'restarted' }, beganOf(1))
    await settle()
    expect(socket.of('connection_established').map(one => one.continuation)).toEqual([
      'fresh',
      'resync',
    ])
    expect(socket.of('connection_established')[1]?.position).toEqual({ epoch: 2, seq: 1 })
    expect(socket.messages.at(-1)?.type).toBe('episode_start')
  })
})

describe('stopping', () => {
  test('viewers are told, and one that does not answer is waited for 250 ms', async () => {
    const polite = connect()
    const stuck = connect()
    await settle()
    stuck.reading = false
    const stopped = hub.stop()
    expect([polite.closedWith, stuck.closedWith]).toEqual([
      closeCodes.goingAway,
      closeCodes.goingAway,
    ])
    polite.terminate()
    await advance(250)
    await stopped
    expect(stuck.terminated).toBe(true)
    expect(clock.pending).toBe(0)
  })
})
