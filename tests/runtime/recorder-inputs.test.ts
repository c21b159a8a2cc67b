import { describe, expect, test } from 'vitest'
import { crc32 } from '../../src/base/checksum.ts'
import { limits } from '../../src/protocol/limits.ts'
import type { StepInput } from '../../src/protocol/step-layout.ts'
import { frameOf, only, played, typesOf } from './recorder-fixture.ts'
import { ringRun } from './ring-run.ts'

describe('B1: a step that cannot be recorded', () => {
  const refusals = (steps: readonly unknown[]) => {
    const result = played(recorder => {
      for (const step of steps) recorder.step(step as StepInput)
      recorder.end()
    })
    return { ...result, messages: result.problems.map(problem => problem.message) }
  }

  test('is refused with what was expected and found, and the rest goes on', () => {
    const good = { reward: 1, position: [1, 2], meters: { energy: 1, mood: 2 }, action: [1] }
    const bad: [unknown, string][] = [
      [{}, 'expected a reward (number), found undefined'],
      [{ reward: '1' }, 'expected a reward (number), found string'],
      [{ reward: 1, intrinsicReward: 'x' }, 'expected a number as intrinsicReward, found string'],
      [{ ...good, position: [1, 2, 3] }, 'expected 2 position, as before, found 3'],
      [{ ...good, action: [1, 2] }, 'expected 1 action, as before, found 2'],
      [undefined, 'agent a: expected a step object, found undefined'],
      [null, 'expected a step object, found null'],
      [7, 'expected a step object, found number'],
      [{ ...good, position: 5 }, 'expected position as a list of numbers, found number'],
      [{ reward: 1, position: ['x', 'y'] }, 'a list of string'],
      [{ reward: 1, logits: { length: 1.5 } }, 'expected logits as a list of numbers'],
      [{ reward: 1, logits: { length: -1 } }, 'expected logits as a list of numbers'],
      [{ reward: 1, logits: { length: Number.NaN } }, 'expected logits as a list of numbers'],
      [{ ...good, meters: { mood: 2, energy: 1 } }, 'expected meters energy, mood, as before'],
      [{ ...good, meters: { energy: 1 } }, 'expected meters energy, mood, as before'],
      [{ reward: 1, meters: 'full' }, 'expected meters as an object of numbers, found string'],
      [{ reward: 1, meters: { hp: '5' } }, 'expected meter hp as a number, found string'],
    ]
    for (const [step, message] of bad) {
      const { told, problems, messages } = refusals([good, step, good])
      expect(messages[0]).toContain(message)
      expect(problems).toMatchObject([{ code: 'BAD_STEP' }])
      expect(only(told, 'step_taken').map(taken => taken.step)).toEqual([0, 1])
      expect(only(told, 'input_refused')).toMatchObject([
        { agent: 'a', code: 'BAD_STEP', count: 1 },
      ])
      expect(only(told, 'episode_ended')).toMatchObject([{ steps: 2, extrinsicReward: 2 }])
    }
  })

  test('is not counted as a step when its numbers cannot be written', () => {
    const { told, problems } = refusals([
      { reward: 1, position: [1, 2] },
      { reward: 10, position: [1, 2n] },
      { reward: 1, position: [3, 4] },
    ])
    expect(only(told, 'step_taken').map(({ step, reward }) => [step, reward])).toEqual([
      [0, 1],
      [1, 1],
    ])
    expect(only(told, 'episode_ended')).toMatchObject([{ steps: 2, extrinsicReward: 2 }])
    expect(problems).toMatchObject([{ code: 'BAD_INPUT' }])
  })

  test('is one with too many numbers, or too much information', () => {
    const many = refusals([{ reward: 0, observation: { length: limits.stepValuesMax + 1, 0: 0 } }])
    expect(many.messages[0]).toContain(`at most ${limits.stepValuesMax} numbers`)
    const much = refusals([{ reward: 0, info: 'x'.repeat(limits.infoBytesMax) }])
    expect(much.messages[0]).toContain(`at most ${limits.infoBytesMax} B of information`)
    const cycle: Record<string, unknown> = {}
    cycle['self'] = cycle
    const endless = refusals([{ reward: 0, info: cycle }])
    expect(endless.messages[0]).toContain('expected information that does not hold itself')
    for (const { told } of [many, much, endless]) expect(only(told, 'step_taken')).toEqual([])
  })

  test('is one that the ring could never take', () => {
    const { problems } = played(
      recorder => {
        recorder.step({ reward: 0, observation: new Float64Array(100) })
        recorder.frame(frameOf(20, 20))
      },
      { capacityBytes: 2048 },
    )
    expect(problems.map(({ code }) => code)).toEqual(['BAD_INPUT', 'BAD_FRAME'])
  })
})

describe('a frame', () => {
  test('comes with its pixels, numbered in each episode and camera', () => {
    const run = ringRun()
    const recorder = run.recorder()
    recorder.frame(frameOf(2, 1, 1))
    recorder.frame({ ...frameOf(2, 1, 2), camera: 'wrist' })
    recorder.step({ reward: 0 })
    recorder.step({ reward: 0 })
    recorder.frame({ width: 2, height: 1, data: new Uint8ClampedArray(6).fill(3) })
    recorder.begin()
    recorder.frame(frameOf(2, 1, 4))
    const frames = run.eventsOf('frame_captured')
    expect(frames.map(({ camera, step, index }) => [camera, step, index])).toEqual([
      ['main', 0, 0],
      ['wrist', 0, 0],
      ['main', 1, 1],
      ['main', 0, 0],
    ])
    expect(run.frames.map(pixels => pixels[5])).toEqual([1, 2, 3, 4])
    expect(frames.map(({ crc }) => crc)).toEqual(run.frames.map(pixels => crc32(pixels)))
  })

  test('takes gray and RGBA too', () => {
    const { told } = played(recorder => {
      recorder.frame({ width: 3, height: 2, data: new Uint8Array(6), format: 'gray8', camera: 'g' })
      recorder.frame({
        width: 3,
        height: 2,
        data: new Uint8Array(24),
        format: 'rgba8',
        camera: 'c',
      })
    })
    expect(
      only(told, 'frame_captured').map(({ format, byteLength }) => [format, byteLength]),
    ).toEqual([
      ['gray8', 6],
      ['rgba8', 24],
    ])
  })

  test('that cannot be recorded is refused with what was expected and found', () => {
    const bad: [unknown, string][] = [
      [null, 'agent a: expected a frame object, found null'],
      [undefined, 'expected a frame object, found undefined'],
      [{ ...frameOf(2, 2), data: new Uint8Array(11) }, 'expected 12 B of rgb8 pixels, found 11 B'],
      [{ ...frameOf(2, 2), width: 0 }, 'expected 1 to 65535 pixels a side, found 0x2'],
      [{ ...frameOf(2, 2), width: 1.5 }, 'pixels a side'],
      [{ ...frameOf(2, 2), width: '2' }, 'pixels a side'],
      [{ ...frameOf(2, 2), format: 'yuv' }, 'expected one of rgb8, rgba8, gray8, found yuv'],
      [
        { ...frameOf(2, 2), data: new Array(12).fill(0) },
        'the pixels as a Uint8Array, found Array',
      ],
      [{ ...frameOf(2, 2), data: undefined }, 'the pixels as a Uint8Array, found undefined'],
      [{ ...frameOf(2, 2), camera: 5 }, 'a camera`s name'],
      [{ ...frameOf(2, 2), camera: '' }, 'a camera`s name'],
    ]
    for (const [frame, message] of bad) {
      const { told, problems } = played(recorder => recorder.frame(frame as never))
      expect(problems[0]?.message).toContain(message)
      expect(typesOf(told)).toEqual(['input_refused'])
    }
  })

  test('V2: of another size or format than the camera`s first is refused, and the camera goes on', () => {
    const first = frameOf(2, 2)
    const others = [
      frameOf(3, 2),
      frameOf(2, 3),
      { ...first, format: 'gray8', data: new Uint8Array(4) },
    ]
    for (const other of others) {
      const { told, problems } = played(recorder => {
        recorder.frame(first)
        recorder.frame(other as never)
        recorder.frame(first)
      })
      expect(problems).toMatchObject([{ code: 'BAD_FRAME' }])
      expect(problems[0]?.message).toContain('2x2 rgb8 as its first frame')
      expect(only(told, 'frame_captured').map(({ index }) => index)).toEqual([0, 1])
    }
  })

  test('whose pixels are of another kind than bytes is refused also later: nothing else is copied', () => {
    const bytes = new Uint8Array(12).fill(1)
    const kinds = [
      bytes.buffer,
      new Float32Array(3),
      new DataView(bytes.buffer),
      { byteLength: 12 },
    ]
    for (const data of kinds) {
      const run = ringRun()
      const recorder = run.recorder()
      recorder.frame({ width: 2, height: 2, data: bytes })
      recorder.frame({ width: 2, height: 2, data: data as Uint8Array })
      expect(run.eventsOf('frame_captured').length).toBe(1)
      expect(run.problems).toMatchObject([{ code: 'BAD_FRAME' }])
    }
  })
})

describe('metrics', () => {
  test('are recorded under their canonical names, the entropy positive', () => {
    const { told } = played(recorder => {
      recorder.metrics({ 'losses/value_loss': 2, 'train/entropy_loss': -0.5, own: Number.NaN }, 100)
    })
    expect(told).toEqual([
      {
        ...{ type: 'metrics_sampled', globalStep: 100, agent: 'a' },
        values: { 'train/value_loss': 2, 'train/entropy': 0.5, own: Number.NaN },
      },
    ])
  })

  test('that are no numbers are refused alone', () => {
    const values = { good: 1, bad: '2', 'train/entropy_loss': 'high', big: 3n } as never
    const { told, problems } = played(recorder => recorder.metrics(values, 1))
    expect(only(told, 'metrics_sampled')).toMatchObject([{ values: { good: 1 } }])
    expect(problems[0]?.message).toContain('expected metric bad as a number, found string')
  })

  test('without a global step, or without values, are refused', () => {
    for (const step of [undefined, '5', Number.NaN, Infinity, null]) {
      const { told, problems } = played(recorder => recorder.metrics({ a: 1 }, step as never))
      expect(typesOf(told)).toEqual(['input_refused'])
      expect(problems[0]?.message).toContain('a finite number as globalStep')
    }
    const { told, problems } = played(r => r.metrics(null as never, 1))
    expect(typesOf(told)).toEqual(['input_refused'])
    expect(problems[0]?.message).toContain('expected metrics as an object')
  })
})

describe('an insight', () => {
  test('is anything that can be encoded', () => {
    const data = { grid: new Float32Array([1, 2]), at: new Date(5), big: 1n, nothing: undefined }
    const { told } = played(recorder => recorder.insight('attention', data))
    expect(told).toEqual([{ type: 'insight_given', kind: 'attention', data, agent: 'a' }])
  })

  test('is refused when it cannot be, is too large, or has no kind', () => {
    const calls: [unknown, unknown][] = [
      ['k', Symbol('x')],
      ['k', 'x'.repeat(limits.infoBytesMax)],
      [5, 1],
    ]
    for (const [kind, data] of calls) {
      const { told } = played(recorder => recorder.insight(kind as string, data))
      expect(typesOf(told)).toEqual(['input_refused'])
    }
  })
})
