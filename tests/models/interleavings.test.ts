// The path of an acknowledgement (ring, recorder, log, consumer and back) and the hand-over from
// replay to live, with every await in the hands of fast-check's scheduler: invariants 2, 3, 5, 7
// and 12 of spec/reliability.md.
import fc from 'fast-check'
import { describe, test } from 'vitest'
import type { LogReader } from '../../src/store/event-log.ts'
import { figure } from '../faults/figures.ts'
import {
  CAMPAIGN_MILLIS,
  command,
  commandLists,
  expectViolation,
  Invariants,
  repeat,
  times,
} from './campaign.ts'
import { type FollowerPlants, FollowerWorld } from './interleavings/follower-world.ts'
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
  test(
    'A3 P1 P4 nothing is acknowledged early, recorded twice or missed, whoever dies when',
    async () => {
      const invariants = new Invariants()
      const params = times(100, 2_500)
      await fc.assert(property(invariants), params)
      figure('M.acknowledgement', { runs: params.numRuns, ...invariants.figures })
    },
    CAMPAIGN_MILLIS,
  )

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

const following = [
  ...repeat(
    5,
    fc
      .integer({ min: 1, max: 6 })
      .map(count => command<FollowerWorld>(`append ${count}`, world => world.append(count))),
  ),
  ...repeat(
    4,
    fc
      .constantFrom(5, 12, 1_000)
      .map(millis => command<FollowerWorld>(`${millis} ms pass`, world => world.pass(millis))),
  ),
  ...repeat(
    3,
    fc
      .constantFrom('follower' as const, 'tail' as const)
      .map(to => command<FollowerWorld>(`announce to the ${to}`, world => world.announce(to))),
  ),
  fc.constant(command<FollowerWorld>('the follower is replaced', world => world.restart())),
]

const followingProperty = (invariants: Invariants, plants: FollowerPlants = {}) =>
  fc.asyncProperty(fc.scheduler(), commandLists(following, 20), async (scheduler, list) => {
    const world = new FollowerWorld(scheduler, invariants, plants)
    await world.start()
    await fc.scheduledModelRun(scheduler, () => ({ model: world, real: world }), list)
    await world.finish()
  })

describe('the hand-over from what is there to what comes, in any order of events', () => {
  test(
    'G3 A3 a follower and a tail see each event once, in order, when it is durable',
    async () => {
      const invariants = new Invariants()
      const params = times(100, 2_500)
      await fc.assert(followingProperty(invariants), params)
      figure('M.following', { runs: params.numRuns, ...invariants.figures })
    },
    CAMPAIGN_MILLIS,
  )

  test('notices invariant 3: a reader that hands on a batch again', () =>
    expectViolation(
      3,
      followingProperty(new Invariants(), {
        reader: reader => ({
          ...methodsOf(reader),
          *batches(range) {
            const all = [...reader.batches(range)]
            yield* all
            if (all.length > 1) yield all[0]!
          },
        }),
      }),
    ))

  test('notices invariant 12: a reader that keeps the newest event back', () =>
    expectViolation(
      12,
      followingProperty(new Invariants(), {
        reader: reader => {
          const durable = () => {
            const { epoch, seq } = reader.durable()
            return { epoch, seq: Math.max(0, seq - 1) }
          }
          return {
            ...methodsOf(reader),
            durable,
            batches: ({ fromSeq, toSeq = durable().seq }) =>
              reader.batches({ fromSeq, toSeq: Math.min(toSeq, durable().seq) }),
          }
        },
      }),
    ))
})

const methodsOf = (reader: LogReader): LogReader => ({
  durable: () => reader.durable(),
  isClosed: () => reader.isClosed(),
  batches: range => reader.batches(range),
  events: range => reader.events(range),
  frame: seq => reader.frame(seq),
  frameSummed: (seq, into) => reader.frameSummed(seq, into),
  hasFrame: seq => reader.hasFrame(seq),
  layouts: () => reader.layouts(),
  episodeRows: page => reader.episodeRows(page),
  episodeRow: episode => reader.episodeRow(episode),
  snapshot: name => reader.snapshot(name),
  position: producer => reader.position(producer),
  close: () => reader.close(),
})
