// Channels beside a list, under every policy; ports with credits whose messages are delayed by
// fast-check's scheduler: invariants 12 and 13 of spec/reliability.md.
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { figure } from '../faults/figures.ts'
import {
  action,
  actionLists,
  CAMPAIGN_MILLIS,
  command,
  commandLists,
  expectViolation,
  Invariants,
  repeat,
  times,
} from './campaign.ts'
import { type PortSetup, PortWorld } from './channel/port-world.ts'
import { BYTES_MAX, ChannelWorld, policies } from './channel/world.ts'

const offer = fc
  .tuple(fc.nat(5), fc.nat(BYTES_MAX + 2))
  .map(([key, bytes]) =>
    action<ChannelWorld>(`offer ${bytes} B of ${key}`, world => world.offer(key, bytes)),
  )
const channelActions = [
  ...repeat(8, offer),
  ...repeat(5, fc.constant(action<ChannelWorld>('take', world => world.take()))),
  ...repeat(
    2,
    fc.nat(6).map(ms => action<ChannelWorld>(`${ms} ms pass`, world => world.advance(ms))),
  ),
  fc
    .constantFrom('keep' as const, 'discard' as const)
    .map(held => action<ChannelWorld>(`close, ${held}`, world => world.close(held))),
]

const channelProperty = (
  invariants: Invariants,
  plant?: ConstructorParameters<typeof ChannelWorld>[2],
  kinds = policies,
) =>
  fc.property(fc.constantFrom(...kinds), actionLists(channelActions, 60), (policy, list) => {
    const world = new ChannelWorld(policy, invariants, plant)
    fc.modelRun(() => ({ model: world, real: world }), list)
    world.finish()
  })

describe('a channel as a model', () => {
  test(
    'C1 C2 answers, counts and hands out what a list says, under every policy',
    () => {
      const invariants = new Invariants()
      const params = times(200, 20_000)
      fc.assert(channelProperty(invariants), params)
      figure('M.channel', { runs: params.numRuns, ...invariants.figures })
    },
    CAMPAIGN_MILLIS,
  )

  test('notices invariant 12: a channel that loses what it took in', () =>
    expectViolation(
      12,
      channelProperty(
        new Invariants(),
        channel => {
          const take = channel.take.bind(channel)
          let takes = 0
          channel.take = () => {
            if (++takes % 7 === 0) take()
            return take()
          }
          return channel
        },
        policies.filter(({ kind }) => kind === 'block'),
      ),
    ))

  test('notices invariant 13: a channel that drops its newest', () =>
    expectViolation(
      13,
      channelProperty(
        new Invariants(),
        channel => {
          const offer = channel.offer.bind(channel)
          channel.offer = item => (channel.depth > 2 ? 'accepted' : offer(item))
          return channel
        },
        policies.filter(({ kind }) => kind === 'drop-oldest'),
      ),
    ))
})

const portCommands = [
  ...repeat(
    5,
    fc
      .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 60 }))
      .map(([count, bytes]) =>
        command<PortWorld>(`offer ${count} of ${bytes} B`, world => world.offer(count, bytes)),
      ),
  ),
  ...repeat(3, fc.constant(command<PortWorld>('time passes', world => world.pass()))),
  ...repeat(
    3,
    fc
      .double({ min: 0, max: 1, noNaN: true })
      .map(share => command<PortWorld>(`handle ${share}`, world => world.acknowledge(share))),
  ),
  fc.constant(command<PortWorld>('the receiver is replaced', world => world.connect())),
]

const setups: fc.Arbitrary<PortSetup> = fc.record({
  policy: fc.constantFrom(
    { kind: 'block' } as const,
    { kind: 'drop-oldest' } as const,
    { kind: 'spill', spillCountMax: 5, spillBytesMax: 500 } as const,
  ),
  redeliver: fc.boolean(),
  acknowledge: fc.constantFrom('auto' as const, 'manual' as const),
})

const portProperty = (invariants: Invariants, plant?: PortSetup['plant']) =>
  fc.asyncProperty(
    fc.scheduler(),
    setups,
    commandLists(portCommands, 30),
    async (scheduler, setup, list) => {
      const world = new PortWorld(scheduler, { ...setup, ...(plant ? { plant } : {}) }, invariants)
      await fc.scheduledModelRun(scheduler, () => ({ model: world, real: world }), list)
      await world.finish()
    },
  )

describe('a port as a model', () => {
  test(
    'C3 C4 keeps order, window and books, whenever its messages arrive and whoever dies',
    async () => {
      const invariants = new Invariants()
      const params = times(200, 3_000)
      await fc.assert(portProperty(invariants), params)
      figure('M.ports', { runs: params.numRuns, ...invariants.figures })
    },
    CAMPAIGN_MILLIS,
  )

  test('notices invariant 12: a port that loses a message', () =>
    expectViolation(
      12,
      portProperty(new Invariants(), (post, ordinal) => {
        if (ordinal % 3 > 0) post()
      }),
    ))

  test('notices invariant 13: a port in which messages overtake', () => {
    let late: (() => void) | undefined
    return expectViolation(
      13,
      portProperty(new Invariants(), (post, ordinal) => {
        if (ordinal % 2 === 1) late = post
        else {
          post()
          late?.()
          late = undefined
        }
      }),
    )
  })
})
