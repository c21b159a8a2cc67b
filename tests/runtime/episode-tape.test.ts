import { describe, expect, test } from 'vitest'
import { encodeEvent, Layouts, readRecord, tagOf } from '../../src/protocol/codec.ts'
import type { EventOf } from '../../src/protocol/events.ts'
import { EpisodeTape } from '../../src/runtime/episode-tape.ts'
import { ended } from '../actors/aggregator/histories.ts'
import { step, stepLayout } from '../store/records.ts'

const layouts = new Layouts([stepLayout])

const stepWith = (index: number, info?: unknown): EventOf<'step_taken'> => ({
  ...(step(1, index) as EventOf<'step_taken'>),
  ...(info === undefined ? {} : { info }),
})

function addStep(tape: EpisodeTape, taken: EventOf<'step_taken'>, time = 5): void {
  const record = encodeEvent(taken, time, layouts)
  const { bodyOffset, bodyLength } = readRecord(record, 0)
  tape.addStep(record.subarray(bodyOffset, bodyOffset + bodyLength), tagOf('step_taken'))
}

function newTape(): EpisodeTape {
  const tape = new EpisodeTape()
  tape.addLayout(stepLayout)
  tape.start()
  return tape
}

describe('the tape of an episode (L3)', () => {
  test('gives the steps back with their times, and the metadata', () => {
    const tape = newTape()
    const steps = [stepWith(0), stepWith(1, { odd: 'abc' }), stepWith(2)]
    for (const [i, taken] of steps.entries()) addStep(tape, taken, 100 + i)
    const metadata = ended(1)
    expect(tape.finish(metadata, 200)).toEqual({
      ...{ episode: 1, agent: 'a', complete: true, startTime: metadata.startTime, endTime: 200 },
      ...{ metadata, steps: steps.map((taken, i) => ({ ...taken, time: 100 + i })) },
    })
  })

  test('grows with a long episode, and starts again with the next', () => {
    const tape = newTape()
    for (let i = 0; i < 3000; i++) addStep(tape, stepWith(i))
    expect(tape.finish(ended(1), 0).steps.length).toBe(3000)
    tape.start()
    addStep(tape, stepWith(0))
    expect(tape.finish(ended(2), 0)).toMatchObject({ complete: true, steps: [{ step: 0 }] })
  })

  test('holds at most 64 MiB, and says that it is not complete', () => {
    const tape = newTape()
    const large = stepWith(0, new Uint8Array(3 * 1024 * 1024))
    for (let i = 0; i < 30; i++) addStep(tape, large)
    const { complete, steps } = tape.finish(ended(1), 0)
    expect(complete).toBe(false)
    expect(steps.length).toBe(21)
  })

  test('says so too when a step was missed, until the next episode', () => {
    const tape = newTape()
    tape.miss()
    expect(tape.finish(ended(1), 0).complete).toBe(false)
    tape.start()
    expect(tape.finish(ended(2), 0).complete).toBe(true)
  })
})
