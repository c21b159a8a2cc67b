import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RollcastError } from '../../src/base/errors.ts'
import type { Event } from '../../src/protocol/events.ts'
import { limits } from '../../src/protocol/limits.ts'
import { problemOf } from '../../src/runtime/ingress.ts'
import { ringRun } from './ring-run.ts'

const dropNewest = { kind: 'drop-newest' } as const
const insight = (data: unknown): Extract<Event, { type: 'insight_given' }> => ({
  ...{ type: 'insight_given', kind: 'k', data },
})

/** Writes until the ring is full; returns how many were taken. */
function fill(run: ReturnType<typeof ringRun>, bytes = 100): number {
  let taken = 0
  while (run.ingress.write(insight(new Uint8Array(bytes)))) taken++
  return taken
}

describe('the trainer`s end of the ring', () => {
  test('hands on events in order, each with the time when it was told', () => {
    const run = ringRun()
    const before = run.ingress.now()
    for (let i = 0; i < 50; i++) expect(run.ingress.write(insight(i))).toBe(true)
    const arrived = run.arrivals()
    expect(arrived.map(({ event }) => event)).toEqual(
      Array.from({ length: 50 }, (_, i) => insight(i)),
    )
    const times = arrived.map(({ time }) => time)
    expect(times).toEqual([...times].sort((a, b) => a - b))
    expect(times[0]! >= before && times.at(-1)! <= run.ingress.now()).toBe(true)
  })

  test('numbers episodes and layouts without a gap; a layout that was refused keeps its number', () => {
    const run = ringRun({ capacityBytes: 1024, policy: dropNewest, criticalBytesMax: 0 })
    const { ingress } = run
    expect([ingress.newEpisode(), ingress.newEpisode(), ingress.nextLayout]).toEqual([1, 2, 1])
    const layout = { kind: 'frame', agent: 'a', camera: 'c', width: 1, height: 1 } as const
    expect(ingress.declare({ ...layout, layout: 1, format: 'gray8' })).toBe(true)
    expect(ingress.nextLayout).toBe(2)
    fill(run)
    expect(ingress.declare({ ...layout, layout: 2, format: 'gray8' })).toBe(false)
    expect(ingress.nextLayout).toBe(2)
  })

  test('has no number for a layout past the limit', () => {
    expect(ringRun({ nextLayout: limits.layoutsMax }).ingress.nextLayout).toBe(limits.layoutsMax)
    expect(ringRun({ nextLayout: limits.layoutsMax + 1 }).ingress.nextLayout).toBe(-1)
  })
})

describe('a full ring (invariant 3)', () => {
  test('is a gap that says how much was lost, told as soon as there is room, in its place', () => {
    const run = ringRun({ capacityBytes: 1024, policy: dropNewest })
    // So small that where none of these fits, no gap event does.
    const taken = fill(run, 0)
    for (let i = 0; i < 9; i++) expect(run.ingress.write(insight(new Uint8Array()))).toBe(false)
    expect(run.events().length).toBe(taken)
    expect(run.ingress.write(insight('after'))).toBe(true)
    const [gap, after, ...rest] = run.events()
    // One that found the ring full, and nine more.
    expect(gap).toMatchObject({ type: 'gap_found', cause: 'ring_full', events: 10 })
    expect((gap as { bytes: number }).bytes).toBeGreaterThan(10 * 8)
    expect([after, rest]).toEqual([insight('after'), []])
    expect(run.problems).toMatchObject([{ code: 'UNAVAILABLE', temporary: true }])
    expect(run.problems[0]?.message).toContain('10 events')
    run.ingress.write(insight('no gap any more'))
    expect(run.events().length).toBe(1)
  })

  test('is told to the program at once, then every ten seconds, and at the end', () => {
    let now = 0
    const time = { origin: 0, monotonic: () => now }
    const run = ringRun({ capacityBytes: 1024, policy: dropNewest, time })
    const gap = (): string[] => {
      fill(run, 0)
      run.events()
      run.ingress.write(insight('after'))
      return run.problems.splice(0).map(({ message }) => message.replace(/ \(.*/, ''))
    }
    expect(gap()).toEqual(['1 event'])
    now = 9_999
    expect([gap(), gap()]).toEqual([[], []])
    now = 10_000
    expect(gap()).toEqual(['3 events'])
    expect(gap()).toEqual([])
    run.ingress.end('closed')
    expect(run.problems.map(({ message }) => message)).toEqual([expect.stringMatching(/^1 event /)])
  })

  test('loses nothing without a count: taken and lost are all that was told', () => {
    const sizes = fc.array(fc.tuple(fc.nat(120), fc.boolean()), { maxLength: 200, size: 'max' })
    fc.assert(
      fc.property(sizes, told => {
        const run = ringRun({ capacityBytes: 1024, policy: dropNewest })
        const arrived: Event[] = []
        for (const [bytes, drain] of told) {
          run.ingress.write(insight(new Uint8Array(bytes)))
          if (drain) arrived.push(...run.events())
        }
        arrived.push(...run.events())
        run.ingress.end('closed')
        arrived.push(...run.events())
        const lost = arrived.reduce((n, e) => n + (e.type === 'gap_found' ? e.events : 0), 0)
        const seen = arrived.filter(event => event.type === 'insight_given').length
        expect(seen + lost).toBe(told.length)
        expect(arrived.at(-1)).toMatchObject({ type: 'run_ended' })
      }),
    )
  })

  test('spills to the heap first, up to its bound, in order', () => {
    const policy = { kind: 'spill', spillCountMax: 5, spillBytesMax: 10_000 } as const
    const run = ringRun({ capacityBytes: 1024, policy })
    const taken = fill(run, 40)
    expect(run.inlet.counters).toMatchObject({ spilled: 5, dropped: 1 })
    expect(run.events().length).toBe(taken)
    run.ingress.write(insight('after'))
    expect(run.events()).toMatchObject([{ type: 'gap_found', events: 1 }, { data: 'after' }])
  })

  test('L2: takes what is critical, with the gap before it in its true place', () => {
    const run = ringRun({ capacityBytes: 1024, policy: dropNewest })
    const taken = fill(run)
    run.ingress.end('exit')
    const arrived = run.events()
    expect(arrived.length).toBe(taken + 2)
    expect(arrived.slice(taken)).toEqual([
      { type: 'gap_found', cause: 'ring_full', events: 1, bytes: expect.any(Number) },
      { type: 'run_ended', reason: 'exit' },
    ])
  })
})

describe('a refusal', () => {
  const bad = (message: string): RollcastError => new RollcastError('BAD_STEP', message)

  test('is an event the first time, every thousandth time, and at the end: none is uncounted', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3500 }), count => {
        const run = ringRun()
        for (let i = 0; i < count; i++) run.ingress.refuse('a', bad(`step ${i}`))
        run.ingress.end('closed')
        const refused = run.eventsOf('input_refused')
        expect(refused.reduce((sum, event) => sum + event.count, 0)).toBe(count)
        expect(refused.length).toBeLessThanOrEqual(2 + Math.ceil(count / 1000))
        expect(refused[0]).toEqual({
          ...{ type: 'input_refused', agent: 'a', code: 'BAD_STEP', message: 'step 0', count: 1 },
        })
        expect(refused.at(-1)?.message).toBe(`step ${count - 1}`)
        expect(run.problems.length).toBe(1)
      }),
      { numRuns: 20 },
    )
  })

  test('is counted for each agent and code apart', () => {
    const run = ringRun()
    run.ingress.refuse('a', bad('x'))
    run.ingress.refuse('b', bad('x'))
    run.ingress.refuse('a', new RollcastError('BAD_FRAME', 'y'))
    expect(run.eventsOf('input_refused').map(({ agent, code }) => [agent, code])).toEqual([
      ['a', 'BAD_STEP'],
      ['b', 'BAD_STEP'],
      ['a', 'BAD_FRAME'],
    ])
    expect(run.problems.length).toBe(3)
  })

  test('that finds no room is told later', () => {
    const run = ringRun({ capacityBytes: 1024, policy: dropNewest })
    fill(run, 0)
    run.ingress.refuse('a', bad('x'))
    run.events()
    run.ingress.end('closed')
    expect(run.eventsOf('input_refused')).toMatchObject([{ count: 1 }])
  })
})

describe('after the end', () => {
  test('nothing is taken, and nothing throws', () => {
    const run = ringRun()
    run.ingress.end('closed')
    expect(run.events()).toEqual([{ type: 'run_ended', reason: 'closed' }])
    expect(run.ingress.closed).toBe(true)
    expect(run.ingress.write(insight(1))).toBe(false)
    expect(run.ingress.claim(8)).toBe(-1)
    run.ingress.refuse('a', new RollcastError('BAD_STEP', 'late'))
    expect(run.ingress.late).toBe(false)
    run.ingress.tellLate()
    run.ingress.tellLate()
    expect(run.ingress.late).toBe(true)
    expect(run.events()).toEqual([])
    expect(run.problems.map(problem => problem.code)).toEqual(['BAD_STEP', 'CLOSED'])
  })
})

describe('a program that cannot bear its own problems', () => {
  test('does not hear an exception of its handler: it is a warning', async () => {
    const warned = new Promise<Error>(resolve => process.once('warning', resolve))
    const run = ringRun({
      onProblem: () => {
        throw Object.create(null)
      },
    })
    expect(() => run.ingress.refuse('a', new RollcastError('BAD_STEP', 'x'))).not.toThrow()
    expect((await warned).message).toBe('onProblem threw: something that cannot be described')
  })

  test('gets whatever was thrown as a RollcastError with its cause', () => {
    const known = new RollcastError('BAD_STEP', 'x')
    expect(problemOf(known, 'a step')).toBe(known)
    const cause = new TypeError('no')
    expect(problemOf(cause, 'a step')).toMatchObject({ code: 'BAD_INPUT', cause })
    expect(problemOf(cause, 'a step').message).toBe('a step could not be recorded: TypeError: no')
  })
})
