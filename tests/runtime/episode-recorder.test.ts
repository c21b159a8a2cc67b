import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { crc32 } from '../../src/base/checksum.ts'
import { limits } from '../../src/protocol/limits.ts'
import type { StepInput } from '../../src/protocol/step-layout.ts'
import { stepEvents } from '../protocol/arbitraries.ts'
import { frameOf, only, played, typesOf } from './recorder-fixture.ts'
import { ringRun } from './ring-run.ts'

describe('L1: a recorder in the trainer`s thread', () => {
  test('tells of an episode from its beginning to its end, in order', () => {
    const { told } = played(recorder => {
      recorder.begin({ seed: 7, stage: 2, epsilon: 0.25, info: { map: 'x' } })
      recorder.step({ reward: 1, action: 2, qValues: [0.5, 1] })
      recorder.frame(frameOf(2, 2))
      recorder.step({
        reward: -2,
        intrinsicReward: 0.5,
        action: 0,
        qValues: [1, 2],
        terminated: true,
      })
      recorder.end({ info: 'done' })
    })
    const episode = { agent: 'a', episode: 1 }
    expect(told).toEqual([
      { type: 'episode_began', ...episode, seed: 7, stage: 2, epsilon: 0.25, info: { map: 'x' } },
      {
        ...{ type: 'step_taken', ...episode, step: 0, reward: 1, intrinsicReward: 0 },
        ...{ terminated: false, truncated: false, action: 2, qValues: [0.5, 1] },
      },
      {
        ...{ type: 'frame_captured', ...episode, camera: 'main', step: 0, index: 0, width: 2 },
        ...{ height: 2, format: 'rgb8', byteLength: 12, crc: crc32(new Uint8Array(12)) },
      },
      {
        ...{ type: 'step_taken', ...episode, step: 1, reward: -2, intrinsicReward: 0.5 },
        ...{ terminated: true, truncated: false, action: 0, qValues: [1, 2] },
      },
      {
        ...{ type: 'episode_ended', ...episode, steps: 2, frames: 1, totalReward: -0.5 },
        ...{ extrinsicReward: -1, intrinsicReward: 0.5, terminated: true, truncated: false },
        ...{ reason: 'terminated', startTime: expect.any(Number), info: 'done' },
        ...{ seed: 7, stage: 2, epsilon: 0.25 },
      },
    ])
  })

  test('brings every step over as it was given', () => {
    fc.assert(
      fc.property(fc.array(stepEvents, { maxLength: 8 }), steps => {
        const run = ringRun()
        for (const [i, step] of steps.entries()) {
          const recorder = run.recorder(`agent-${i}`)
          const { type: _, agent: __, episode: ___, step: ____, ...given } = step
          recorder.step(given)
        }
        const expected = steps.map((step, i) => ({
          ...{ ...step, agent: `agent-${i}`, episode: i + 1, step: 0 },
        }))
        expect(run.eventsOf('step_taken')).toEqual(expected)
        expect(run.problems).toEqual([])
      }),
    )
  })

  test('takes numbers from lists and typed arrays alike', () => {
    const { told } = played(recorder => {
      recorder.step({
        reward: 0,
        position: new Float32Array([0.5, 2]),
        action: new Uint8Array([3]),
      })
      recorder.step({ reward: 0, position: [0.5, 2], action: [3] })
    })
    const [first, second] = only(told, 'step_taken')
    expect(first).toMatchObject({ position: [0.5, 2], action: [3] })
    expect({ ...second, step: 0 }).toEqual(first)
  })

  test('learns a new layout for every combination of fields, and declares each once', () => {
    const run = ringRun()
    const recorder = run.recorder()
    for (let i = 0; i < 10; i++) {
      recorder.step({ reward: i })
      recorder.step({ reward: i, position: [1, 2] })
      recorder.step({ reward: i, position: [1, 2], meters: { energy: i } })
    }
    const events = run.events()
    expect(only(events, 'layout_declared').map(event => event.layout)).toEqual([1, 2, 3])
    expect(only(events, 'step_taken').map(event => event.step)).toEqual(
      Array.from({ length: 30 }, (_, i) => i),
    )
  })

  test('records NaN and infinite rewards as they are, and says so in the sums', () => {
    const { told, problems } = played(recorder => {
      recorder.step({ reward: Number.NaN })
      recorder.step({ reward: Infinity, intrinsicReward: -Infinity })
      recorder.end()
    })
    expect(only(told, 'step_taken').map(({ reward }) => reward)).toEqual([Number.NaN, Infinity])
    expect(only(told, 'episode_ended')).toMatchObject([
      { extrinsicReward: Number.NaN, intrinsicReward: -Infinity, totalReward: Number.NaN },
    ])
    expect(problems).toEqual([])
  })
})

describe('L2: the end of an episode', () => {
  test('says terminated, truncated, or neither, as the steps did; terminated weighs more', () => {
    const reasonOf = (...steps: Partial<StepInput>[]): string | undefined => {
      const { told } = played(recorder => {
        for (const step of steps) recorder.step({ reward: 0, ...step })
        recorder.end()
      })
      return only(told, 'episode_ended')[0]?.reason
    }
    expect(reasonOf({ terminated: true }, {})).toBe('terminated')
    expect(reasonOf({ truncated: true })).toBe('truncated')
    expect(reasonOf({ truncated: true, terminated: true })).toBe('terminated')
    expect(reasonOf({})).toBe('ended')
  })

  test('says what the trainer calls it', () => {
    const { told } = played(recorder => {
      recorder.step({ reward: 0, truncated: true })
      recorder.end({ reason: 'starved' })
    })
    expect(only(told, 'episode_ended')).toMatchObject([{ reason: 'starved', truncated: true }])
  })

  test('comes from the next beginning when it was never told: superseded', () => {
    const { told } = played(recorder => {
      recorder.begin({ seed: 1 })
      recorder.step({ reward: 1 })
      recorder.begin({ seed: 2 })
      recorder.end()
    })
    expect(typesOf(told)).toEqual([
      ...['episode_began', 'step_taken', 'episode_ended', 'episode_began', 'episode_ended'],
    ])
    expect(only(told, 'episode_ended')).toMatchObject([
      { episode: 1, reason: 'superseded', steps: 1, seed: 1 },
      { episode: 2, reason: 'ended', steps: 0, seed: 2 },
    ])
  })

  test('comes from the run`s end when it was never told: interrupted, once', () => {
    const { told } = played(recorder => {
      recorder.step({ reward: 1 })
      recorder.interrupt()
      recorder.interrupt()
    })
    expect(only(told, 'episode_ended')).toMatchObject([{ reason: 'interrupted', steps: 1 }])
  })

  test('L19 discard() ends it for good: the next one begins anew', () => {
    const { told, problems } = played(recorder => {
      recorder.begin({ seed: 1 })
      recorder.step({ reward: 1, terminated: true })
      recorder.discard()
      recorder.step({ reward: 2 })
      recorder.end({ reason: 'discarded' })
      recorder.discard()
    })
    const ends = only(told, 'episode_ended')
    expect(ends).toMatchObject([
      { episode: 1, reason: 'discarded', discarded: true, steps: 1, terminated: true },
      { episode: 2, reason: 'discarded', steps: 1 },
    ])
    expect(ends[1]).not.toHaveProperty('discarded')
    expect(problems.map(({ message }) => message)).toEqual([
      'agent a: discard() without an open episode; it had ended before',
    ])
  })

  test('without an episode is refused, and so is a second one', () => {
    const { told, problems } = played(recorder => {
      recorder.end()
      recorder.begin()
      recorder.end()
      recorder.end()
    })
    expect(typesOf(told)).toEqual(['input_refused', 'episode_began', 'episode_ended'])
    expect(problems).toMatchObject([{ code: 'BAD_INPUT' }])
    expect(problems[0]?.message).toContain('end() without an open episode')
  })

  test('cannot be dropped by a full ring', () => {
    const policy = { kind: 'drop-newest' } as const
    const { told, problems } = played(
      recorder => {
        recorder.begin()
        for (let i = 0; i < 1000; i++) recorder.step({ reward: 1 })
        recorder.end()
      },
      { capacityBytes: 4096, policy },
    )
    const taken = only(told, 'step_taken').length
    expect(taken).toBeLessThan(100)
    expect(only(told, 'gap_found')).toMatchObject([{ events: 1000 - taken }])
    expect(told.at(-1)).toMatchObject({ type: 'episode_ended', steps: 1000, totalReward: 1000 })
    expect(problems.map(({ code }) => code)).toEqual(['UNAVAILABLE'])
  })

  test('gets onto record whatever is told of it', () => {
    const cycle: Record<string, unknown> = {}
    cycle['self'] = cycle
    const odd: unknown[] = [
      ...[null, 5, 'text', { reason: 5 }, { reason: 'x'.repeat(10_000) }, { reason: null }],
      ...[
        { info: cycle },
        { info: Symbol('x') },
        { info: new Uint8Array(limits.infoBytesMax + 1) },
      ],
    ]
    for (const outcome of odd) {
      const { told, problems } = played(recorder => {
        recorder.step({ reward: 1, terminated: true })
        recorder.end(outcome as never)
      })
      expect(only(told, 'episode_ended')).toMatchObject([{ steps: 1, reason: 'terminated' }])
      expect(only(told, 'input_refused').length).toBe(1)
      expect(problems).toMatchObject([{ code: 'BAD_INPUT' }])
    }
  })
})

describe('the beginning of an episode', () => {
  test('is made by the first step or frame when it was not told', () => {
    const { told } = played(recorder => {
      recorder.step({ reward: 0 })
      recorder.end()
      recorder.frame(frameOf(1, 1))
    })
    expect(typesOf(told)).toEqual([
      ...['episode_began', 'step_taken', 'episode_ended', 'episode_began', 'frame_captured'],
    ])
  })

  test('gets onto record whatever is told of it, and the next one too', () => {
    const odd: unknown[] = [
      ...[null, 5, { seed: '7' }, { seed: null }, { stage: 'hard' }, { epsilon: 1n }],
      { info: Symbol('x') },
    ]
    for (const start of odd) {
      const { told, problems } = played(recorder => {
        recorder.begin(start as never)
        recorder.step({ reward: 1 })
        recorder.begin({ seed: 3 })
        recorder.end()
      })
      expect(only(told, 'episode_began')).toEqual([
        { type: 'episode_began', agent: 'a', episode: 1 },
        { type: 'episode_began', agent: 'a', episode: 2, seed: 3 },
      ])
      expect(only(told, 'episode_ended').map(({ episode }) => episode)).toEqual([1, 2])
      expect(only(told, 'input_refused').length).toBe(1)
      expect(problems.length).toBe(1)
    }
  })

  test('cannot be made to say something else', () => {
    const forged = { type: 'run_ended', agent: 'x', episode: 99, seed: 1 }
    const { told } = played(recorder => recorder.begin(forged as never))
    expect(told).toEqual([{ type: 'episode_began', agent: 'a', episode: 1, seed: 1 }])
  })

  test('gives episodes numbers that are unique in the run', () => {
    const run = ringRun()
    const [a, b] = [run.recorder('a'), run.recorder('b')]
    expect([a.episode, b.episode]).toEqual([0, 0])
    a.begin()
    b.begin()
    a.begin()
    expect([a.episode, b.episode]).toEqual([3, 2])
    a.end()
    expect(a.episode).toBe(0)
  })
})
