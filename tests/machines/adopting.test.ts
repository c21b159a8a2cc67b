// Children that a supervisor is given while it runs.
import { expect, test } from 'vitest'
import { restartLimits } from '../../src/machines/restart-intensity.ts'
import { startGroup } from './supervised-group.ts'

const wrist = { name: 'wrist', killable: true, replaceable: true, essential: false } as const

test('P11: a child that is adopted starts when all others run, and stops before them', () => {
  const { supervisor, log, states, adopt } = startGroup()
  log.length = 0
  adopt(wrist)
  expect(log).toEqual(['0 startChild wrist'])
  expect(states()).toEqual(['running', 'running', 'running', 'running'])
  expect(supervisor.getSnapshot().value).toEqual({ supervising: 'running' })
  log.length = 0
  supervisor.send({ type: 'stop' })
  const order = ['wrist', 'broadcaster', 'encoder', 'recorder']
  expect(log).toEqual(order.map(child => `0 askToStop ${child}`))
  expect(supervisor.getSnapshot().value).toBe('stopped')
})

test('a child that is adopted while the group starts waits for those before it', () => {
  const { supervisor, log, states, adopt } = startGroup({ silent: true })
  adopt(wrist)
  for (const child of ['recorder', 'encoder', 'broadcaster']) {
    expect(states()[3]).toBe('idle')
    supervisor.send({ type: 'ready', child })
  }
  expect(log.at(-1)).toBe('0 startChild wrist')
  expect(supervisor.getSnapshot().value).toEqual({ supervising: 'starting' })
  supervisor.send({ type: 'ready', child: 'wrist' })
  expect(supervisor.getSnapshot().value).toEqual({ supervising: 'running' })
})

test('a child that is adopted waits for its restarts as the group does', () => {
  const { clock, log, die, adopt } = startGroup({
    limits: { ...restartLimits, backOffMillisMin: 700 },
  })
  adopt(wrist)
  log.length = 0
  for (const pause of [100, 1000]) {
    die('wrist')
    clock.advance(pause)
  }
  expect(log).toEqual(['0 startChild wrist', '800 startChild wrist'])
})

test('a group that goes down adopts nobody', () => {
  const { supervisor, log, states, adopt } = startGroup({ deaf: ['broadcaster'] })
  supervisor.send({ type: 'stop' })
  log.length = 0
  adopt(wrist)
  expect(log).toEqual([])
  expect(states()).toHaveLength(3)
})

test('adopting a name that is there is a programming error', () => {
  const { supervisor, adopt } = startGroup()
  const errors: unknown[] = []
  supervisor.subscribe({ error: error => errors.push(error) })
  adopt({ ...wrist, name: 'encoder' })
  expect(errors).toMatchObject([{ message: expect.stringContaining('encoder is a child already') }])
})
