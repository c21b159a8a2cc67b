// The path of an acknowledgement (ring, recorder, log, consumer and back) and the hand-over from
// replay to live, with every await in the hands of fast-check's scheduler: invariants 2, 3, 5, 7
// and 12 of spec/reliability.md.
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { figure } from '../faults/figures.ts'
import { command, commandLists, expectViolation, Invariants, repeat, times } from './campaign.ts'
import { type RecorderPlants, RecorderWorld } from './interleavings/recorder-world.ts'

const commands = [
  ...repeat(
    6,
    fc
      .integer({ min: 1, max: 8 })
      .map(count =>
        command<RecorderWorld>(`the trainer writes ${count}`, world => world.write(count)),
      ),
  ),
  ...repeat(
    5,
    fc
      .constantFrom(2, 12, 40)
      .map(millis => command<RecorderWorld>(`${millis} ms pass`, world => world.pass(millis))),
  ),
  fc.constant(command<RecorderWorld>('the recorder dies', world => world.killRecorder())),
  fc.constant(command<RecorderWorld>('the consumer dies', world => world.killConsumer())),
]

const property = (invariants: Invariants, plants: RecorderPlants = {}) =>
  fc.asyncProperty(fc.scheduler(), commandLists(commands, 20), async (scheduler, list) => {
    const world = new RecorderWorld(scheduler, invariants, plants)
    await fc.scheduledModelRun(scheduler, () => ({ model: world, real: world }), list)
    await world.finish()
  })

describe('the path of an acknowledgement, in any order of events', () => {
  test('A3 P1 P4 nothing is acknowledged early, recorded twice or missed, whoever dies when', async () => {
    const invariants = new Invariants()
    const params = times(100, 2_500)
    await fc.assert(property(invariants), params)
    figure('M.acknowledgement', { runs: params.numRuns, ...invariants.figures })
  })

  test('notices invariant 2: a disk that answers before it has written', () =>
    expectViolation(
      2,
      property(new Invariants(), {
        disk: commit => {
          let late: (() => unknown) | undefined
          return async (epoch, writes) => {
            late?.()
            late = () => commit(epoch, writes)
            return true
          }
        },
      }),
    ))

  test('notices invariant 5: a consumer that believes the log while its facts are on their way', () =>
    expectViolation(5, property(new Invariants(), { credulous: true })))
})
