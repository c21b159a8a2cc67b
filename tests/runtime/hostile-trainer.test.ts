import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MIB } from '../../src/base/bytes.ts'
import type { RollcastError } from '../../src/base/errors.ts'
import type { Event } from '../../src/protocol/events.ts'
import { frameOf, only, typesOf } from './recorder-fixture.ts'
import { ringRun } from './ring-run.ts'

describe('invariant 3: nothing that a trainer hands in can hurt it', () => {
  const garbage = fc.oneof(
    fc.anything({
      withBigInt: true,
      withDate: true,
      withTypedArray: true,
      withNullPrototype: true,
    }),
    fc.constantFrom(Symbol('s'), () => 1, Object.create(null), new Proxy({}, {})),
    fc.constant({
      get reward(): number {
        throw Object.create(null)
      },
    }),
  )
  const like = (model: Record<string, fc.Arbitrary<unknown>>) =>
    fc.oneof(
      garbage,
      fc.record(
        Object.fromEntries(
          Object.entries(model).map(([key, value]) => [
            key,
            fc.oneof({ weight: 3, arbitrary: value }, { weight: 1, arbitrary: garbage }),
          ]),
        ),
        { requiredKeys: [] },
      ),
    )
  const list = fc.constantFrom<unknown>([1, 2], new Float32Array(2), [1, 'x'], { length: 2 }, 'ab')
  const number = fc.double()
  const step = like({
    ...{
      reward: number,
      intrinsicReward: number,
      terminated: fc.boolean(),
      truncated: fc.boolean(),
    },
    ...{ position: list, action: fc.oneof(number, list), qValues: list, logits: list },
    ...{ meters: fc.constantFrom({ a: 1 }, { a: 'x' }, [1]), observation: list, info: garbage },
  })
  const frame = like({
    ...{
      width: fc.constantFrom(2, 3),
      height: fc.constant(2),
      camera: fc.constantFrom('main', 'b'),
    },
    data: fc.constantFrom(new Uint8Array(12), new Uint8Array(6), new ArrayBuffer(12)),
    format: fc.constantFrom('rgb8', 'rgba8', 'gray8'),
  })
  const calls = fc.array(
    fc.oneof(
      fc.tuple(fc.constant('begin'), like({ seed: number, stage: number, info: garbage })),
      { weight: 3, arbitrary: fc.tuple(fc.constant('step'), step) },
      fc.tuple(fc.constant('frame'), frame),
      fc.tuple(fc.constant('metrics'), like({ loss: number }), fc.oneof(garbage, number)),
      fc.tuple(fc.constant('insight'), fc.oneof(garbage, fc.string()), garbage),
      fc.tuple(fc.constant('end'), like({ reason: fc.string(), info: garbage })),
    ),
    { maxLength: 30, size: 'max' },
  )

  test('no call throws; what is refused is counted; the log takes and reads all that arrives', () => {
    fc.assert(
      fc.property(calls, fc.boolean(), (sequence, small) => {
        const run = ringRun({
          capacityBytes: small ? 2048 : MIB,
          ...(small ? { policy: { kind: 'drop-newest' } as const } : {}),
          onEpisode: episode => expect(episode.metadata.agent).toBe('a'),
        })
        const recorder = run.recorder() as unknown as Record<string, (...given: unknown[]) => void>
        const arrived: Event[] = []
        let ended = 0
        for (const [method, ...given] of sequence) {
          recorder[method]?.(...given)
          if (!small) arrived.push(...run.events())
        }
        recorder['interrupt']?.()
        run.ingress.end('closed')
        arrived.push(...run.events())
        const open = new Set<number>()
        for (const event of arrived) {
          if (event.type === 'episode_began') open.add(event.episode)
          if (event.type === 'episode_ended') {
            ended++
            expect(open.delete(event.episode)).toBe(true)
            const { steps, frames, totalReward, reason } = event
            expect([typeof steps, typeof frames, typeof totalReward, typeof reason]).toEqual([
              ...['number', 'number', 'number', 'string'],
            ])
          }
        }
        // Every episode that began has ended, once.
        expect(open.size).toBe(0)
        expect(only(arrived, 'episode_began').length).toBe(ended)
        const codes = new Set(only(arrived, 'input_refused').map(({ code }) => code))
        const told = new Set(run.problems.map((problem: RollcastError) => problem.code))
        told.delete('UNAVAILABLE')
        // In a full ring the note of a refusal may itself be part of a gap.
        if (small) expect(told).toEqual(new Set([...told, ...codes]))
        else expect(codes).toEqual(told)
      }),
      { numRuns: 500 },
    )
  })

  test('a recorder works on after anything', () => {
    fc.assert(
      fc.property(calls, sequence => {
        const run = ringRun()
        const recorder = run.recorder()
        for (const [method, ...given] of sequence) {
          ;(recorder as unknown as Record<string, (...g: unknown[]) => void>)[method]?.(...given)
        }
        run.events()
        recorder.begin({ seed: 1 })
        recorder.metrics({ loss: 1 }, 5)
        recorder.insight('k', 1)
        recorder.end({ reason: 'fine' })
        expect(typesOf(run.events()).slice(-4)).toEqual([
          ...['episode_began', 'metrics_sampled', 'insight_given', 'episode_ended'],
        ])
      }),
      { numRuns: 100 },
    )
  })

  test('calls after the end of the run are told once and do nothing', () => {
    const run = ringRun()
    const recorder = run.recorder()
    recorder.begin()
    recorder.interrupt()
    run.ingress.end('closed')
    run.events()
    recorder.begin()
    recorder.step({ reward: 1 })
    recorder.frame(frameOf(1, 1))
    recorder.metrics({ a: 1 }, 1)
    recorder.insight('k', 1)
    recorder.end()
    expect(run.events()).toEqual([])
    expect(run.problems.map(({ code }) => code)).toEqual(['CLOSED'])
  })
})
